"""
One read-only server at a time: out of the front end, something done to it, proved healthy, and back.
"""

import contextlib

import idr_ids
import idr_site
import idr_upgrade
import omero_wait
from idr_turn import Turn, in_turn
from runner_errors import failed
from salt.exceptions import CommandExecutionError

__virtualname__ = "rolling"

BOOT_ID = "/proc/sys/kernel/random/boot_id"
REQUIRED = "/run/reboot-required"
# Seconds for a small answer of a host, and for a host to be back after its reboot.
ANSWER, BACK = 30, 900


def __virtual__():
    return __virtualname__


def run(server, function="state.apply", arg=None, kwarg=None, version=None, limit=2400, alone=False):
    """
    Take one read-only server out of all proxies, call a function on it, prove it healthy, and let it serve again.

    Out means that it gets no new visitors; those that it has may finish within pillar ``haproxy:drain:timeout`` of the
    proxy. Healthy means that it answers, is read-only, and its OMERO.web answers through the host's own nginx. When
    something fails, the server stays out and the others go on.

    :param server: minion id of a read-only server
    :param function: execution function; ``state.apply`` waits for one that runs
    :param arg: list, ``kwarg`` map of its arguments
    :param version: of OMERO.server that it must run afterwards; None for any
    :param limit: seconds for the function
    :param alone: also when no other server is up
    :returns: ``{"server": str, "done": function, "cut": {proxy: {backend: visitors that had to go}}, "seen":
        seconds}``, the time until the proxies saw it up; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run rolling.run idr-local-omeroreadonly-1 service.restart arg='[omero-server]'
    """
    try:
        turn = Turn(__opts__, server, "rolling.run")

        def act():
            named = dict(kwarg or {})
            if function == "state.apply":
                turn.minions.settle(server)
                named = {"queue": True, **named}
            turn.minions.call(server, function, *(arg or []), **named, limit=limit)

        return {**turn.take(act, version, alone), "done": function}
    except (CommandExecutionError, ValueError) as exc:
        return failed(__context__, str(exc))


def each(environment, function="state.apply", arg=None, kwarg=None, limit=2400):
    """
    :func:`run` for all read-only servers of an environment in turn; ends with the first that fails.

    :returns: ``{server: what run returned}``; with one that failed ``{"errors": [...], "done": [...], "left": [...],
        "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run rolling.each idr-local service.restart arg='[omero-web]'
    """
    return _each(environment, lambda server, alone: run(server, function, arg, kwarg, limit=limit, alone=alone))


def reboot(server, required=False, alone=False):
    """
    Reboot one read-only server as :func:`run` does anything else: without visitors, and proved afterwards.

    :param server: minion id of a read-only server
    :param required: only if its packages ask for it (``/run/reboot-required``, as Debian's and Ubuntu's kernels do)
    :param alone: also when no other server is up
    :returns: as :func:`run`; ``{"server": str, "done": None}`` for one that need not
    :raises: as :func:`run`

    CLI Example:

    .. code-block:: bash

        salt-run rolling.reboot idr-local-omeroreadonly-1
    """
    try:
        turn = Turn(__opts__, server, "rolling.reboot")
        if required and not turn.minions.call(server, "file.file_exists", REQUIRED, limit=ANSWER):
            return {"server": server, "done": None}
        return {**turn.take(lambda: _reboot(turn.minions, server), alone=alone), "done": "system.reboot"}
    except (CommandExecutionError, ValueError) as exc:
        return failed(__context__, str(exc))


def reboots(environment, required=False):
    """
    :func:`reboot` for all read-only servers of an environment in turn; ends with the first that fails.

    :returns: as :func:`each`

    CLI Example:

    .. code-block:: bash

        salt-run rolling.reboots idr-local required=True
    """
    return _each(environment, lambda server, alone: reboot(server, required, alone))


def _each(environment, one):
    try:
        servers = idr_upgrade.hosts(idr_site.managed(__opts__, environment), idr_ids.parse)["readers"]
    except ValueError as exc:
        return failed(__context__, str(exc))
    answers, ended = in_turn(servers, lambda server: one(server, len(servers) == 1))
    if not ended:
        return answers
    return {**failed(__context__, *ended["errors"]), "done": ended["done"], "left": ended["left"]}


def _reboot(minions, server):
    before = minions.call(server, "file.read", BOOT_ID, limit=ANSWER)
    # The minion may be gone before it has answered: the other boot tells.
    with contextlib.suppress(CommandExecutionError):
        minions.call(server, "system.reboot", limit=ANSWER)

    def back():
        try:
            return minions.call(server, "file.read", BOOT_ID, limit=ANSWER) != before, None
        except CommandExecutionError as exc:
            return False, exc

    done, why = omero_wait.until(back, BACK, interval=3)
    if not done:
        raise CommandExecutionError(f"{server}: not rebooted within {BACK} s{f': {why}' if why else ''}")
