"""
Where each environment stands, and the end of one: part of the runner ``release``.
"""

import idr_cloud
import idr_departure
import idr_keys
import idr_lock
import idr_maps
import idr_move
import idr_pillar
import idr_release_log
import idr_releases
from runner_errors import failed
from salt.exceptions import CommandExecutionError

__virtualname__ = "release"

# Lines of the log that are shown.
_SHOWN = 20


def __virtual__():
    return __virtualname__


def status(environment=None):
    """
    Where environments stand, and where the public addresses lead.

    :param environment: only this one; all that the log knows without
    :returns: ``{"serving": {"environment", "address", "since"} or None, "environments": {name: {"state", "since",
        "set", "from", "addresses": [what leads to its proxy]}}, "log": the last 20 lines}``, with ``"errors": [...]``
        and ``retcode`` 1 where a cloud does not say; times are UTC

    CLI Example:

    .. code-block:: bash

        salt-run release.status
    """
    try:
        lines = idr_release_log.read(__opts__)
    except OSError as exc:
        return failed(__context__, str(exc))
    known = {name: one for name, one in idr_release_log.stands(lines).items() if environment in (None, name)}
    errors = []
    for name, one in known.items():
        if one["state"] == "retired":
            continue
        try:
            found = idr_move.Mover(__opts__, name).addresses()
            one["addresses"] = [address for address, at in found.items() if at["environment"] == name]
        except ValueError as exc:
            errors.append(f"{name}: {exc}")
    last = idr_release_log.serving(lines)
    now = {key: last[key] for key in ("environment", "address")} | {"since": last["at"]} if last else None
    shown = [line for line in lines if environment in (None, line["environment"])][-_SHOWN:]
    told = {"serving": now, "environments": known, "log": shown}
    return {**told, **failed(__context__, *errors)} if errors else told


def retire(environment, confirm=None, volumes=False):
    """
    Destroy the hosts of an environment, their keys, and if asked their volumes. Refused while it is the site. There is
    no ``release.rollback`` to it afterwards.

    :param environment: its name
    :param confirm: its name once more
    :param volumes: destroy its volumes as well; they stay otherwise, for a host of the same name
    :returns: ``{"destroyed": [host, ...], "volumes": {"destroyed": [...], "left": [...]}}``; or ``{"errors": [...],
        "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run release.retire idr-prod confirm=idr-prod
    """
    try:
        if confirm != environment:
            raise ValueError(f"confirm: expected the name of what is destroyed, confirm={environment}")
        with (
            idr_lock.holding(idr_releases.folder(__opts__), "release", 0, what=f"release.retire {environment}"),
            idr_lock.holding(idr_releases.folder(__opts__), environment, 30, what=f"release.retire {environment}"),
        ):
            _refuse_serving(environment)
            return _retired(environment, volumes)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, str(exc))


def _refuse_serving(environment):
    lines = idr_release_log.read(__opts__)
    last, mover = idr_release_log.serving(lines), idr_move.Mover(__opts__, environment)
    known = idr_release_log.stands(lines).get(environment)
    found = mover.addresses()
    serves = [address for address, at in found.items() if at["environment"] == environment]
    # Its own address, which it got in exchange, is of no visitor.
    public = [last["address"]] if last else serves if not known else []
    if set(public) & set(serves) or (last and last["environment"] == environment):
        raise ValueError(f"{environment}: is the public site ({', '.join(serves)}): promote another one first")


def _retired(environment, volumes):
    cloud = idr_cloud.Cloud(__opts__)
    servers, wrong = cloud.servers()
    silent = "; ".join(filter(None, wrong.values()))
    if silent:
        raise ValueError(silent)
    hosts = idr_keys.of_environment(servers, environment)
    idr_release_log.append(__opts__, environment, "retiring", hosts=hosts)
    for host in hosts:
        cloud.destroy(host)
        # Also keys that were denied, as those of a host whose creation was cut short and that was made anew.
        idr_departure.forget(__opts__, host)
    told = _volumes(environment, volumes)
    idr_release_log.append(__opts__, environment, "retired", volumes=told)
    return {"destroyed": hosts, "volumes": told}


def _volumes(environment, destroy):
    driver = idr_move.Mover(__opts__, environment).driver
    root = idr_pillar.root(__opts__).parent
    own = {
        f"{host}-{name}" for host in idr_maps.hosts(root, environment) for name in idr_maps.volumes(root, host) or ()
    }
    there = sorted(own & set(driver.call("list_volumes")))
    if not destroy:
        return {"destroyed": [], "left": there}
    for name in there:
        driver.call("delete_volume", name=name)
    return {"destroyed": there, "left": []}
