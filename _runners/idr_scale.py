"""
More read-only servers, or fewer: part of the runner ``idr``.
"""

import time

import idr_cloud
import idr_ids
import idr_joins
import idr_keys
import idr_lock
import idr_maps
import idr_pillar
import idr_releases
import idr_scale
import omero_wait
from runner_errors import failed

__virtualname__ = "idr"


def __virtual__():
    return __virtualname__


def scale(environment, omeroreadonly, test=False, timeout=3600):
    """
    Have another number of read-only servers. New ones are made with the profile that the maps use for this role and
    join by themselves, as any other; those that are too many leave (``idr.leave``) and are destroyed.

    :param environment: name of the environment
    :param omeroreadonly: how many there shall be, 1 or more
    :param test: only show the plan
    :param timeout: seconds until all new ones serve
    :returns: ``{"plan": {"join": [...], "leave": [...]}, "serving": [...], "left": [...], "notes": [...]}``, notes
        being what the maps do not say; with ``"errors": [...]`` and ``retcode`` 1 where something failed

    CLI Example:

    .. code-block:: bash

        salt-run idr.scale idr-local omeroreadonly=4 test=True
        salt-run idr.scale idr-local omeroreadonly=4
    """
    try:
        plan, notes, profile = _plan(environment, omeroreadonly)
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    told = {"plan": plan, "serving": [], "left": [], "notes": notes}
    if test or not (plan["join"] or plan["leave"]):
        return told
    _show(
        f"{environment}: to be made: {', '.join(plan['join']) or 'none'}; to go: {', '.join(plan['leave']) or 'none'}"
    )
    errors = _make(environment, plan["join"], profile, timeout, told) if plan["join"] else []
    for server in plan["leave"]:
        answer = __salt__["idr.leave"](server, destroy=True)
        errors += answer.get("errors", [])
        if answer.get("retcode"):
            break
        told["left"].append(server)
    return {**told, **failed(__context__, *errors)} if errors else told


def _plan(environment, wanted):
    root = idr_pillar.root(__opts__).parent
    mapped = [host for host in idr_maps.hosts(root, environment) if idr_ids.parse(host)["role"] == idr_keys.READER]
    existing = idr_keys.readers(__opts__, environment)
    plan = idr_scale.plan(environment, idr_keys.READER, existing, mapped, wanted)
    _check_ports(environment, plan["join"])
    notes = idr_scale.unmapped(mapped, existing, plan["join"], plan["leave"])
    return plan, notes, idr_maps.profile(root, environment, idr_keys.READER)


def _check_ports(environment, hosts):
    """Each server has a port of its own on the proxies."""
    for proxy in idr_keys.having(__opts__, environment, "proxy"):
        own = idr_pillar.compiler(__opts__, proxy).compile_pillar()["haproxy"]["per_server"]
        room = own["last_port"] - own["first_port"]
        beyond = [host for host in hosts if (idr_ids.parse(host)["number"] or 0) > room]
        if beyond:
            raise ValueError(
                f"{', '.join(beyond)}: expected numbers up to {room}: pillar haproxy:per_server of {proxy}"
            )


def _make(environment, hosts, profile, timeout, told):
    began = time.time()
    wrong = idr_cloud.Cloud(__opts__).make(profile, hosts)
    made = [host for host in hosts if not wrong[host]]
    states: dict = {}

    def settled():
        with idr_joins.Ledger(idr_releases.folder(__opts__), environment) as ledger:
            states.update({host: _since(ledger.records.get(host), began) for host in made})
        # One that failed is tried again by itself: the time ends it.
        return all(one["state"] == "serving" for one in states.values()), None

    omero_wait.until(settled, timeout)
    told["serving"] = [host for host in made if states[host]["state"] == "serving"]
    left = [host for host in made if host not in told["serving"]]
    late = [
        f"{host}: {states[host]['state']}: {states[host]['error'] or f'not serving within {timeout} s'}"
        for host in left
    ]
    return [*(f"{host}: {error}" for host, error in wrong.items() if error), *late]


def _since(record, began):
    """A record of another host that had the same name before does not count."""
    return record if record and record["requested"] >= began else {"state": "made", "error": None}


def _show(line):
    event = globals().get("__jid_event__")
    if event:
        event.fire_event({"message": line}, "progress")


def scale_out(environment):
    """
    One read-only server more, up to the limit that the master's option ``idr_scale_out`` has for the environment.
    For the reactor, when an alert asks for it; off where the option is missing: docs/read-only-servers.md.

    :returns: as :func:`scale`; ``{"plan": None, "notes": [why]}`` when the limit is reached or a server is on its way;
        or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run idr.scale_out idr-local
    """
    limit = ((__opts__.get("idr_scale_out") or {}).get(environment) or {}).get("most")
    if not isinstance(limit, int):
        return failed(__context__, f"idr_scale_out:{environment}:most: expected a number in the master's configuration")
    folder = idr_releases.folder(__opts__)
    try:
        with idr_lock.holding(folder, f"{environment}.scale-out", 0):
            existing = idr_keys.readers(__opts__, environment)
            with idr_joins.Ledger(folder, environment) as ledger:
                coming = [host for host in existing if ledger.records.get(host, {}).get("state") != "serving"]
            if coming or len(existing) >= limit:
                why = f"on its way: {', '.join(coming)}" if coming else f"the limit is {limit}"
                return {"plan": None, "notes": [why]}
            return scale(environment, len(existing) + 1)
    except ValueError as exc:
        return {"plan": None, "notes": [str(exc)]}
