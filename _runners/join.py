"""
What a host's arrival sets off: what the reactor calls, and what ``orch.join`` puts in order.

A read-only server is made to serve and then shown to the front end; any other host is brought up to date.
"""

import contextlib
import functools
import logging
import os
import time

import idr_events
import idr_ids
import idr_joins
import idr_keys
import idr_lock
import idr_releases
import idr_spawn
import salt.client
import salt.utils.jid
from idr_arrival import Arrival
from idr_frontends import Frontends, wrong
from runner_errors import failed

__virtualname__ = "join"

log = logging.getLogger(__name__)

TIMEOUT = 60
# Those who start together are joined together: seconds to wait for more of them, and longer where others are at work.
GATHER, GATHER_MORE = 0.5, 3
# So many batches at a time in an environment; seconds to wait until there is room for another.
BATCHES, ROOM = 3, 900
# Seconds until a host is tried again that had to stand back.
STAND_BACK = 30

# Each in a job of its own: what one loads, only the next one's process sees.
STEPS = (
    ("saltutil.sync_all", {"refresh": True}),
    ("saltutil.refresh_pillar", {"wait": True, "timeout": 30}),
    ("mine.update", {}),
)


def __virtual__():
    return __virtualname__


def started(minion_id):
    """
    Take note that a minion has started: a read-only server joins, any other host gets its modules, pillar and mine.

    Any minion may send an event that looks like another's start. So nothing is believed but the id, and nothing is done
    that would not be harmless at any other time.

    :param minion_id: id of the event, which must parse and whose key must be accepted
    :returns: ``{"id": str, "joined": bool, "comment": str}``; a read-only server joins later, see ``idr.joins``

    CLI Example:

    .. code-block:: bash

        salt-run join.started idr-local-proxy
    """
    refusal = _refusal(minion_id)
    if refusal:
        log.warning("Start event dropped: %s", refusal)
        return {"id": minion_id, "joined": False, "comment": refusal}
    host = idr_ids.parse(minion_id)
    if host["role"] == idr_keys.READER:
        return _requested(minion_id, host["environment"])
    with salt.client.get_local_client(mopts=__opts__) as client:
        missed = [function for function, kwargs in STEPS if not _answers(client, minion_id, function, kwargs)]
    if missed:
        log.error("%s did not answer within %s s: %s", minion_id, TIMEOUT, ", ".join(missed))
        return {"id": minion_id, "joined": False, "comment": f"no answer within {TIMEOUT} s: {', '.join(missed)}"}
    return {"id": minion_id, "joined": True, "comment": "modules, pillar and mine are up to date"}


def _refusal(minion_id):
    try:
        idr_ids.parse(minion_id)
    except ValueError as exc:
        return str(exc)
    accepted = idr_keys.listed(__opts__)["accepted"]
    return "" if minion_id in accepted else f"minion id {minion_id!r}: its key is not accepted"


def _answers(client, minion_id, function, kwargs):
    returned = client.cmd(minion_id, function, kwarg=kwargs, tgt_type="list", timeout=TIMEOUT, full_return=True)
    return returned.get(minion_id, {}).get("retcode") == 0


def _requested(host, environment):
    with idr_joins.Ledger(idr_releases.folder(__opts__), environment) as ledger:
        answer = ledger.request(host)
    if answer == "requested":
        _told(environment, host, "requested")
    dispatch(environment)
    return {"id": host, "joined": False, "comment": f"join: {answer}"}


def dispatch(environment):
    """
    Start ``orch.join`` for all who wait for it, in a process of its own. Does nothing while another is about to.

    :returns: ids of those who were taken

    CLI Example:

    .. code-block:: bash

        salt-run join.dispatch idr-local
    """
    taken = []
    folder = idr_releases.folder(__opts__)
    # Who records himself while another has the lock is seen by that one when it has given it back.
    while _waiting(folder, environment):
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(idr_lock.holding(folder, f"{environment}.dispatch", 0))
            except ValueError:
                break
            try:
                taken += _dispatched(folder, environment)
            except (OSError, ValueError) as exc:
                log.error("join %s: %s", environment, exc)
                break
    return taken


def _waiting(folder, environment):
    with idr_joins.Ledger(folder, environment) as ledger:
        return ledger.due()


def _dispatched(folder, environment):
    time.sleep(GATHER)
    limit, at_work = time.monotonic() + ROOM, _at_work(folder, environment)
    if at_work:
        time.sleep(GATHER_MORE)
    while at_work >= BATCHES:
        if time.monotonic() > limit:
            raise ValueError(f"{environment}: {BATCHES} joins are at work for more than {ROOM} s")
        time.sleep(1)
        at_work = _at_work(folder, environment)
    batch = f"{salt.utils.jid.gen_jid(__opts__)}-{os.getpid()}"
    with idr_joins.Ledger(folder, environment) as ledger:
        hosts = ledger.claim(batch)
    if hosts:
        log.info("orch.join %s: %s", batch, ", ".join(hosts))
        try:
            idr_spawn.orchestrate(__opts__, "orch.join", {"environment": environment, "batch": batch})
        except (OSError, ValueError) as exc:
            _postpone(environment, hosts, str(exc))
            raise
    return hosts


def _postpone(environment, hosts, why):
    with idr_joins.Ledger(idr_releases.folder(__opts__), environment) as ledger:
        for host in hosts:
            ledger.postpone(host, why, STAND_BACK)


def _at_work(folder, environment):
    with idr_joins.Ledger(folder, environment) as ledger:
        return len(ledger.batches())


def begin(environment, batch):
    """
    First step of ``orch.join``: note that it is at work. While another orchestration works on the environment it stands
    back, and its hosts are tried again later.

    :param batch: name under which :func:`dispatch` claimed the hosts
    :returns: ``{"hosts": [...]}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run join.begin idr-local 20261128101500000000-42
    """
    folder = idr_releases.folder(__opts__)
    what = f"orch.join {batch}"
    try:
        with idr_joins.Ledger(folder, environment) as ledger:
            hosts = ledger.of_batch(batch, "joining")
        idr_lock.take(folder, idr_joins.lock_of(environment, batch), what)
        try:
            idr_lock.take(folder, environment, what, shared=True)
        except ValueError as exc:
            _postpone(environment, hosts, str(exc))
            raise
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {"hosts": hosts}


def apply(environment, batch):
    """
    Second step: apply the states of all hosts of a batch at the same time, and have the other hosts know them
    meanwhile. One that serves already, as after a reboot, is only proved.

    :returns: ``{"ready": [...], "failed": {host: why}}``; with any that failed and none that is ready ``errors`` and
        ``retcode`` 1 as well

    CLI Example:

    .. code-block:: bash

        salt-run join.apply idr-local 20261128101500000000-42
    """
    try:
        arrival = Arrival(__opts__, environment, functools.partial(_mark, environment))
        with idr_joins.Ledger(idr_releases.folder(__opts__), environment) as ledger:
            hosts = ledger.of_batch(batch, "joining")
        failures = arrival.make(hosts, lambda: _waits(environment) or _serve(environment))
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    told = {"ready": [host for host in hosts if host not in failures], "failed": failures}
    if failures and not told["ready"]:
        return {**told, **failed(__context__, *(f"{host}: {why}" for host, why in failures.items()))}
    return told


def serve(environment, batch):
    """
    Third step: one change of the proxies for all who are ready, of whichever batch, and a look whether they serve.
    While others are on their way it waits for them, for a limited time.

    :returns: ``{"serving": [...]}``; or, where a proxy does not take it, ``{"serving": [...], "errors": [...],
        "retcode": 1}``. Those who are ready then stay so, and ``idr.reconcile`` tries again

    CLI Example:

    .. code-block:: bash

        salt-run join.serve idr-local 20261128101500000000-42
    """
    try:
        while _waits(environment):
            time.sleep(1)
        serving, errors = _serve(environment)
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {"serving": serving, **(failed(__context__, *errors) if errors else {})}


def _waits(environment):
    with idr_joins.Ledger(idr_releases.folder(__opts__), environment) as ledger:
        return ledger.waits()


def _serve(environment):
    """Those who now serve, and what went wrong."""
    idr_ids.check_environment(environment)
    frontends = Frontends(__opts__, environment)
    with frontends.changing():
        with idr_joins.Ledger(idr_releases.folder(__opts__), environment) as ledger:
            ready = {host: one for host, one in ledger.records.items() if one["state"] == "ready"}
            hosts = list(ready)
        if not hosts:
            return [], []
        if not frontends.proxies:
            raise ValueError(f"{environment}: expected a proxy with an accepted key, found none")
        statuses, errors = frontends.show(hosts, any("states" in one["seconds"] for one in ready.values()))
        serving = []
        for host in hosts:
            seen = {said.get(host, "not known") for said in statuses.values()}
            if "up" in seen:
                serving.append(host)
                _mark(environment, host, "serving")
            else:
                _mark(environment, host, "ready", wrong(errors) or f"the front end says {', '.join(sorted(seen))}")
    return serving, [error for error in errors.values() if error]


def end(environment, batch):
    """
    Last step, also when others failed: who asked again meanwhile, and does not serve, is tried again.

    :returns: ``{"serving": [...], "again": [...]}``; with any host that failed ``errors`` and ``retcode`` 1 as well

    CLI Example:

    .. code-block:: bash

        salt-run join.end idr-local 20261128101500000000-42
    """
    folder = idr_releases.folder(__opts__)
    try:
        with idr_joins.Ledger(folder, environment) as ledger:
            serving = ledger.of_batch(batch, "serving")
            left = ledger.of_batch(batch, "failed", *idr_joins.AT_WORK)
            errors = [f"{host}: {ledger.records[host]['error']}" for host in left]
            again = ledger.ended(batch)
        for host in again:
            _told(environment, host, "requested")
        idr_lock.give(folder, environment)
        idr_lock.give(folder, idr_joins.lock_of(environment, batch))
        dispatch(environment)
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    told = {"serving": serving, "again": again}
    return {**told, **failed(__context__, *errors)} if errors else told


def _mark(environment, host, state, error=None, states=None):
    with idr_joins.Ledger(idr_releases.folder(__opts__), environment) as ledger:
        record = ledger.mark(host, state, error, states)
    if record:
        _told(environment, host, state, record["seconds"].get(state, 0.0), error)


def _told(environment, host, state, seconds=0.0, error=None):
    data = {"id": host, "environment": environment, "seconds": seconds, "error": error}
    (log.error if error else log.info)("join %s: %s after %s s%s", host, state, seconds, f": {error}" if error else "")
    idr_events.fire(__opts__, f"idr/join/{host}/{state}", data)
