"""
The public address moves from one environment to another, and back: part of the runner ``release``.
"""

import idr_lock
import idr_minions
import idr_move
import idr_proof
import idr_release_log
import idr_releases
from runner_errors import failed, options
from salt.exceptions import CommandExecutionError

__virtualname__ = "release"

# Seconds for the replay of the busiest pages, and how many of them a second.
REPLAY, RATE = 900, 20


def __virtual__():
    return __virtualname__


def promote(environment, warm=500, **kwargs):
    """
    Make an environment the public site: proved first, its cache warmed with the pages that visitors of the present one
    ask for most, then the address moves in one step. The one before goes on as it is, for ``release.rollback``.

    :param environment: name of one that was prepared
    :param warm: how many of the busiest pages are asked for beforehand; 0 for none
    :param from: the environment that is the site now; by default the one that was promoted last, or, before the first,
        the one that this one was prepared from
    :returns: ``{"environment": str, "replaces": str, "address": str, "warmed": as frontend.replay returns it}``; or
        ``{"errors": [...], "retcode": 1}``: nothing was moved then

    CLI Example:

    .. code-block:: bash

        salt-run release.promote idr-next
    """
    try:
        given = options("release.promote", kwargs, optional=("from",))
        if isinstance(warm, bool) or not isinstance(warm, int) or warm < 0:
            raise ValueError(f"warm: expected a number of pages, 0 or more, found {warm!r}")
        with _moving(f"release.promote {environment}"):
            return _promote(environment, warm, given.get("from"))
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, f"{exc}. The site is where it was.")


def _moving(what):
    return idr_lock.holding(idr_releases.folder(__opts__), "release", 0, what=what)


def _promote(environment, warm, given):
    lines = idr_release_log.read(__opts__)
    known = idr_release_log.stands(lines).get(environment, {"state": None, "from": None})
    if known["state"] not in ("prepared", "moving", "stood down"):
        raise ValueError(
            f"{environment}: expected one that is prepared, found {known['state'] or 'nothing known of it'}"
        )
    last = idr_release_log.serving(lines)
    old = given or (last["environment"] if last else known["from"])
    if old in (None, environment):
        raise ValueError(f"from: expected the environment that is the site now, found {old}")
    mover = idr_move.Mover(__opts__, environment)
    interrupted = _interrupted(lines, environment, mover)
    if interrupted:
        more = {"back": True} if interrupted.get("back") else {}
        return _moved(environment, interrupted["replaces"], interrupted["address"], None, **more)
    address = mover.address(old)
    idr_proof.Proof(__opts__, environment).require()
    warmed = _warm(old, environment, warm) if warm else None
    _move(mover, address, old, environment)
    return _moved(environment, old, address, warmed)


def _interrupted(lines, environment, mover):
    """A move that was done and not written down any more."""
    own = [line for line in lines if line["environment"] == environment]
    if not own or own[-1]["step"] != "moving":
        return None
    return own[-1] if mover.addresses().get(own[-1]["address"], {}).get("environment") == environment else None


def _warm(old, new, limit):
    """The cache itself came with the clone; what visitors asked for since then is asked for. Nothing depends on it."""
    minions = idr_minions.Minions(__opts__)
    try:
        paths = minions.call(idr_proof.Proof(__opts__, old).proxies[0], "frontend.busiest", limit, limit=120)
        told = {
            proxy: minions.call(proxy, "frontend.replay", paths, RATE, REPLAY, limit=REPLAY + 60)
            for proxy in idr_proof.Proof(__opts__, new).proxies
        }
    except (CommandExecutionError, ValueError) as exc:
        told = {"error": str(exc)}
    idr_release_log.append(__opts__, new, "warmed", told=told)
    return told


def _move(mover, address, old, new, **more):
    idr_release_log.append(__opts__, new, "moving", address=address, replaces=old, **more)
    try:
        mover.move(address, old, new)
    except CommandExecutionError as exc:
        idr_release_log.append(__opts__, new, "unmoved", error=str(exc))
        raise


def _moved(environment, old, address, warmed, **more):
    idr_release_log.append(__opts__, environment, "moved", address=address, replaces=old, **more)
    return {"environment": environment, "replaces": old, "address": address, "warmed": warmed}


def rollback(force=False):
    """
    Make the environment that was the site before the present one the site again.

    :param force: without a look at whether it is well
    :returns: as :func:`promote`; or ``{"errors": [...], "retcode": 1}``: nothing was moved then

    CLI Example:

    .. code-block:: bash

        salt-run release.rollback
    """
    try:
        with _moving("release.rollback"):
            return _rollback(force)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, f"{exc}. The site is where it was.")


def _rollback(force):
    lines = idr_release_log.read(__opts__)
    last, old = idr_release_log.serving(lines), idr_release_log.back(lines)
    if not last or not old:
        raise ValueError("expected an environment that was the site before the present one, found none in the log")
    state = idr_release_log.stands(lines)[old]["state"]
    if state in ("retiring", "retired"):
        raise ValueError(f"{old}: expected it to be there still, but it is {state}")
    new, mover = last["environment"], idr_move.Mover(__opts__, old)
    if not force:
        idr_proof.Proof(__opts__, old).require()
    address = last["address"]
    if mover.addresses().get(address, {}).get("environment") != old:
        _move(mover, address, new, old, back=True)
    return _moved(old, new, address, None, back=True)
