"""
What events have missed is found and mended: part of the runner ``idr``.
"""

import contextlib
import logging

import idr_departure
import idr_frontends
import idr_ids
import idr_joins
import idr_keys
import idr_lock
import idr_mine
import idr_reconcile
import idr_releases
import idr_sight
from runner_errors import failed

__virtualname__ = "idr"

log = logging.getLogger(__name__)

# Seconds to wait for one that is at it already, such as the master's own.
PATIENCE = 120


def __virtual__():
    return __virtualname__


def reconcile(environment=None, test=False):
    """
    Compare accepted keys, mine, front end, ledger, cloud and maps of an environment, and mend what differs: servers
    that wait join, servers that are gone leave. The master does so by itself every five minutes. It stands back while
    an upgrade or the like works on the environment.

    :param environment: only this one; all that have an accepted key without
    :param test: only say what would be done
    :returns: by minion id ``{"key", "cloud", "answers", "mine", "front end", "found"}``, on a terminal as a table; with
        what could not be seen or mended ``{"hosts": that, "errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run idr.reconcile idr-local
        salt-run idr.reconcile idr-local test=True
    """
    rows, errors = {}, []
    for name in [environment] if environment else _environments():
        try:
            with idr_lock.holding(idr_releases.folder(__opts__), f"{name}.reconcile", PATIENCE):
                more, wrong = _reconcile(name, test)
        except (OSError, ValueError) as exc:
            errors.append(str(exc))
            continue
        rows |= more
        errors += wrong
    for error in errors:
        log.error("reconcile: %s", error)
    if errors:
        return {"hosts": rows, **failed(__context__, *errors)}
    return {"outputter": "idr_table", "data": rows}


def _environments():
    names = set()
    for host in idr_keys.listed(__opts__)["accepted"]:
        try:
            names.add(idr_ids.parse(host)["environment"])
        except ValueError:
            continue
    return sorted(names)


def _reconcile(environment, test):
    sight = idr_sight.Sight(__opts__, environment)
    folder = idr_releases.folder(__opts__)
    if test:
        facts, errors = sight.facts()
        return {one["id"]: idr_reconcile.row(one, idr_reconcile.plan(one), {}) for one in facts}, errors
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(idr_lock.holding(folder, environment, 0, shared=True, what="idr.reconcile"))
        except ValueError as exc:
            facts, errors = sight.facts()
            return _rows([(one, idr_reconcile.plan(one)) for one in facts], {}), [*errors, f"stands back: {exc}"]
        return _mend(environment, sight)


def _mend(environment, sight):
    with idr_joins.Ledger(idr_releases.folder(__opts__), environment) as ledger:
        lost = ledger.recover()
    facts, errors = sight.facts()
    silent = [one["id"] for one in facts if ("publish" in dict(idr_reconcile.plan(one)))]
    frontends = idr_frontends.Frontends(__opts__, environment)
    if silent:
        errors += filter(None, frontends.each(silent, "mine.update")[1].values())
        facts, _ = sight.facts()
    plans = [(one, idr_reconcile.plan(one, published=True)) for one in facts]
    done: dict = {}
    for one, found in plans:
        for action, why in found:
            if action != "report":
                log.warning("reconcile %s: %s: %s", one["id"], action, why)
    _forget(plans, done)
    _change(environment, plans, done, errors)
    _join(environment, plans, done)
    if lost:
        log.warning("reconcile: joins that had died go on: %s", ", ".join(lost))
    return _rows(plans, done), errors


def _of(plans, action):
    return [one["id"] for one, found in plans if action in dict(found)]


def _forget(plans, done):
    for host in _of(plans, "forget"):
        idr_departure.forget(__opts__, host)
        with idr_joins.Ledger(idr_releases.folder(__opts__), idr_ids.parse(host)["environment"]) as ledger:
            if host in ledger.records:
                ledger.leave(host, "left")
        done["forget"] = "done"
    for host in _of(plans, "withdraw"):
        idr_mine.withdraw(__opts__, host)
        done["withdraw"] = "done"


def _change(environment, plans, done, errors):
    gone = _of(plans, "forget")
    if not (gone or _of(plans, "change") or _of(plans, "withdraw")):
        return
    # Made anew: who was forgotten is no host any more.
    frontends = idr_frontends.Frontends(__opts__, environment)
    try:
        with frontends.changing():
            wrong = [error for error in frontends.change().values() if error]
    except ValueError as exc:
        wrong = [str(exc)]
    silent = {one["id"] for one, _ in plans if not one["answers"]}
    unheard = frontends.introduce(but=silent).values() if gone or _of(plans, "change") else ()
    errors += [*wrong, *filter(None, unheard)]
    done["change"] = "failed" if wrong else "done"


def _join(environment, plans, done):
    hosts = _of(plans, "join")
    with idr_joins.Ledger(idr_releases.folder(__opts__), environment) as ledger:
        for host in hosts:
            ledger.request(host)
    __salt__["join.dispatch"](environment)
    if hosts:
        done["join"] = "asked for"


def _rows(plans, done):
    return {one["id"]: idr_reconcile.row(one, found, done) for one, found in plans}
