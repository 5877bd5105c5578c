"""
An environment as it was at a time: what ``orch.restore`` puts in order; part of the runner ``backup``.
"""

import concurrent.futures
import datetime

import idr_backups
import idr_lock
import idr_releases
import idr_site
import idr_upgrade
import omero_wait
from idr_site import Site
from runner_errors import failed
from salt.exceptions import CommandExecutionError

__virtualname__ = "backup"

# A restored cluster may be larger than its backup says by what came after it.
ROOM = 1.1
# Seconds for what only looks, to stop and start a server, for a restore with its recovery, for states, to be healthy.
LOOK, STOP, RESTORE, APPLY, HEALTHY, BACKUP = 180, 600, 30 * 3600, 6 * 3600, 300, 24 * 3600
# To wait for a join to be done.
PATIENCE = 30
UNIT = "omero-server"
SEEN = ("up", "drained", "maintenance")


def __virtual__():
    return __virtualname__


def plan(environment, target):
    """
    What a restore to a time has to do, and whether it can be done. Changes nothing.

    :param environment: name of the environment
    :param target: time with its zone, such as ``2026-01-31 12:00:00+00:00``
    :returns: ``{"environment", "target": the time as PostgreSQL has it, "label": of the backup that it begins with,
        "database", "servers": [host, ...], "maintenance": whether the site shows its page already}``; or ``{"errors":
        [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run backup.plan idr-local '2026-01-31 12:00:00+00:00'
    """
    try:
        when = idr_backups.moment(target, datetime.datetime.now(datetime.UTC))
        site = Site(__opts__, environment)
        call, database = site.minions.call, site.hosts["database"]
        found = call(idr_site.only(__opts__, environment, "management"), "pgbackrest.info", limit=LOOK)
        if found["running"]:
            raise ValueError("a backup is being made: expected none; wait for it")
        backup = idr_backups.chosen(found["backups"], when)
        free, needed = call(database, "pgbackrest.space"), int(backup["size"] * ROOM)
        if free < needed:
            raise ValueError(
                f"{database}: expected {needed} bytes free beside the present cluster, found {free}; "
                f"kept of restores before: {', '.join(call(database, 'pgbackrest.kept')) or 'nothing'}"
            )
        # None may be on its way with the database of before.
        _each(site.servers, lambda host: call(host, "test.ping"))
        # A cluster that does not answer may be why it is restored.
        if not call(database, "pgbackrest.answers"):
            call(database, "pgbackrest.seal", limit=LOOK)
        shown = [call(proxy, "frontend.maintenance") for proxy in site.hosts["proxies"]]
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, f"{exc}. Nothing was stopped.")
    return {
        "environment": environment,
        "target": idr_backups.written(when),
        "label": backup["label"],
        "database": database,
        "servers": site.servers,
        "maintenance": all(shown),
    }


def closed(environment, on):
    """
    Show the maintenance page to all visitors, or the site again.

    :param on: True or False
    :returns: ``{"maintenance": bool}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run backup.closed idr-local on=False
    """
    try:
        site = Site(__opts__, environment)
        for proxy in site.hosts["proxies"]:
            site.minions.call(proxy, "frontend.maintenance", on=on)
    except (CommandExecutionError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {"maintenance": on}


def stopped(environment):
    """
    Stop OMERO.server on all hosts, the read-only ones first.

    :returns: ``{"stopped": [host, ...]}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run backup.stopped idr-local
    """
    try:
        site = Site(__opts__, environment)
        _each(site.hosts["readers"], lambda host: _stop(site, host))
        _stop(site, site.hosts["readwrite"])
    except (CommandExecutionError, ValueError) as exc:
        return failed(__context__, f"{exc}. The database was not touched.")
    return {"stopped": site.servers}


def _stop(site, host):
    site.minions.call(host, "service.stop", UNIT, limit=STOP)
    if site.minions.call(host, "service.status", UNIT):
        raise CommandExecutionError(f"{host}: {UNIT} could not be stopped")


def database(environment, label, target):
    """
    Restore the database to a time, and prove that it has a schema that the read-write server's release can work with.
    Whatever fails, the cluster of before is put back.

    :param label: of the backup to begin with
    :param target: as :func:`plan` returns it
    :returns: ``{"target": str, "kept": folder of the files of before, "schema": {"version", "patch"}}``; or
        ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run backup.database idr-local 20260131-030000F '2026-01-31 12:00:00+00'
    """
    try:
        site = Site(__opts__, environment)
        call, host = site.minions.call, site.hosts["database"]
        found = call(host, "pgbackrest.restore", label, target, limit=RESTORE)
        try:
            # Roles may have had other passwords then.
            call(host, "state.apply", "postgresql", queue=True, limit=APPLY)
            schema = call(site.hosts["readwrite"], "omero.db_version")
            if not schema:
                raise CommandExecutionError("the restored database has no schema of OMERO")
        except CommandExecutionError as exc:
            call(host, "pgbackrest.put_back", found["kept"], limit=APPLY)
            raise CommandExecutionError(f"{exc}. The cluster of before is back.") from exc
    except (CommandExecutionError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {**found, "schema": schema}


def served(environment):
    """
    Start OMERO's servers on the database as it is now, the read-write one first, and prove each. Where the schema is
    older than the release, the read-write server's states patch it.

    :returns: ``{"serving": [host, ...]}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run backup.served idr-local
    """
    try:
        site = Site(__opts__, environment)
        wrong = site.minions.call(site.hosts["database"], "pgbackrest.answers")
        if wrong:
            raise CommandExecutionError(f"{site.hosts['database']}: {wrong}. No server was started")
        _begin(site)
        _each(site.hosts["readers"], lambda host: _serve(site, host))
        _healthy("the front end", lambda: _unseen(site))
    except (CommandExecutionError, ValueError) as exc:
        return failed(__context__, f"{exc}. The site stays in maintenance.")
    return {"serving": site.servers}


def _begin(site):
    host, call = site.hosts["readwrite"], site.minions.call
    if call(host, "omero.db_version") == call(host, "omero.release_db_version"):
        call(host, "service.start", UNIT, limit=STOP)
    else:
        call(host, "state.apply", queue=True, limit=APPLY)
    _healthy(host, lambda: idr_upgrade.unproved(site.looked(host), None, read_only=False))


def _serve(site, host):
    site.minions.call(host, "service.start", UNIT, limit=STOP)
    _healthy(host, lambda: site.minions.unwell(host))


def _unseen(site):
    """Read-only servers that the proxies still take for down; one that an operator has taken out is none."""
    status = site.proxies()["status"]
    return ", ".join(
        f"{host} is {status[host]}" for host in site.hosts["readers"] if status.get(host, "up") not in SEEN
    )


def _healthy(host, look):
    def proved():
        try:
            wrong = look()
        except CommandExecutionError as exc:
            wrong = str(exc)
        return not wrong, wrong

    done, wrong = omero_wait.until(proved, HEALTHY, interval=3)
    if not done:
        raise CommandExecutionError(f"{host}: not healthy within {HEALTHY} s: {wrong}")


def anew(environment):
    """
    A full backup of a restored database: the first of its new timeline. Others may work on the environment meanwhile.

    :returns: its label; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run backup.anew idr-local
    """
    folder = idr_releases.folder(__opts__)
    try:
        site = Site(__opts__, environment)
        call, host = site.minions.call, idr_site.only(__opts__, environment, "management")
        _taken(call, site.hosts["database"], host)
        idr_lock.give(folder, environment)
        with idr_lock.holding(folder, environment, PATIENCE, shared=True, what="orch.restore"):
            backup = call(host, "pgbackrest.backup", "full", limit=BACKUP)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, f"{exc}. The database is restored; salt-run backup.create {environment} is left.")
    return {"label": backup["label"]}


def _taken(call, database, management):
    """The repository takes the restored cluster, where that is another one than the last: its volume had been lost."""
    cluster = call(database, "pgbackrest.cluster")
    call(database, "mine.update")
    if call(management, "pgbackrest.info")["cluster"] != {key: cluster[key] for key in ("system", "version")}:
        call(management, "pgbackrest.stanza_upgrade", limit=LOOK)


def _each(hosts, act):
    """All at once; the first error, when all are done."""
    if hosts:
        with concurrent.futures.ThreadPoolExecutor(len(hosts)) as pool:
            list(pool.map(act, hosts))
