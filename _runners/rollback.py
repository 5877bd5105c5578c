"""
Back to the release before: what ``orch.rollback`` puts in order.
"""

import datetime

import idr_pillar
import idr_releases
import idr_rollback
import idr_sql
import idr_upgrade
import omero_database
from idr_site import Site
from runner_errors import failed
from salt.exceptions import CommandExecutionError

__virtualname__ = "rollback"

SERVER = "/opt/omero/server/OMERO.server"
# Seconds to stop a server, to prepare a database, and to restore one.
STOP, PREPARE, RESTORE = 600, 900, 6 * 3600
CLOSED = "The way to the read-write server stays closed, the read-only servers go on. Mend it and run this again."


def __virtual__():
    return __virtualname__


def plan(environment):
    """
    What a rollback has to do. Changes nothing.

    :param environment: name of the environment
    :returns: as ``upgrade.plan``, and ``from`` and ``to``, the releases; ``moved``, whether the database has to go back
        as well, and ``again``, the read-only servers that are then restarted once more; or ``{"errors": [...],
        "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run rollback.plan idr-local
    """
    try:
        site = Site(__opts__, environment)
        wanted, record = _where(site)
        sights, front = site.sights(), site.proxies()
        own = sights[site.hosts["readwrite"]]["error"]
        if own:
            raise CommandExecutionError(own)
        moved = bool(record.get("databases")) or _moved(site, record["to"]["version"])
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    left = idr_upgrade.steps(site.hosts, record["to"], sights, front["status"], front["closed"])
    if moved:
        left["readers"] = _all(site, left["readers"], record)
    return {
        **idr_upgrade.plan(site.hosts, record["to"]["version"], sights, front, left),
        "from": record["from"],
        "to": record["to"],
        "moved": moved,
        "again": site.hosts["readers"] if moved else [],
        "needed": bool(moved or left["readwrite"] or left["readers"]) or not idr_releases.same(wanted, record["to"]),
    }


def _where(site):
    """The release that pillar gives now, and the record that holds or that a rollback would make."""
    wanted = site.wanted()
    record = idr_releases.read(idr_releases.folder(__opts__), site.environment)
    if record and idr_releases.same(wanted, record["to"]):
        return wanted, record
    releases = site.minions.call(site.hosts["readwrite"], "omero.releases")
    return wanted, {"from": wanted, "to": idr_rollback.target(wanted, releases)}


def record(environment):
    """
    Note on the master that an environment goes back: from now on its pillar gives the release before, until pillar
    itself asks for another one than that which is left.

    :returns: the record; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run rollback.record idr-local
    """
    try:
        site = Site(__opts__, environment)
        _, found = _where(site)
        if "since" not in found:
            found["since"] = _now().isoformat(timespec="seconds")
            idr_releases.write(idr_releases.folder(__opts__), environment, found)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, f"{exc}. Nothing was changed.")
    return found


def databases(environment):
    """
    Restore the dump of before the upgrade twice beside the database in use: one for the read-only servers as they go
    back one by one, one that takes the place of the present one when all have. The read-write server is stopped.

    :returns: ``{"databases": names, "dump": path, "of": its time}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run rollback.databases idr-local
    """
    try:
        site = Site(__opts__, environment)
        found = _where(site)[1]
        if (found.get("databases") or {}).get("stage") in ("used", "left"):
            return {"databases": found["databases"]}
        return _restored(site, found)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, f"{exc}. The database in use is as it was. {CLOSED}")


def _all(site, first, record):
    """All go to the database of meanwhile, until they have left it again."""
    if (record.get("databases") or {}).get("stage") == "left":
        return []
    return [*first, *(name for name in site.hosts["readers"] if name not in first)]


def _moved(site, version):
    call, host = site.minions.call, site.hosts["readwrite"]
    needed = call(host, "omero.release_db_version", omerodir=f"{SERVER}-{version}")
    return call(host, "omero.db_version") != needed


def _restored(site, found):
    host, database, call = site.hosts["readwrite"], site.hosts["database"], site.minions.call
    needed = call(host, "omero.release_db_version", omerodir=f"{SERVER}-{found['to']['version']}")
    present, name = call(host, "omero.db_version"), call(host, "omero.db_settings")["name"]
    dump = idr_rollback.dump(call(host, "omero.db_dumps"), name, omero_database.label(needed))
    stamp, label = _now().strftime("%Y%m%d%H%M%S"), omero_database.label(present) if present else "none"
    names = idr_rollback.databases(name, label, stamp)
    others = [names["meanwhile"], names["next"]]
    pillar = idr_pillar.compiler(__opts__, database).compile_pillar()
    prepared = idr_rollback.prepared(pillar, name, others)
    call(host, "service.stop", "omero-server", limit=STOP)
    _keep(site, found, {**names, "stage": "prepared"})
    # What an attempt before this one left is of no use: nothing is restored into a database that is not empty.
    _drop(site, *others)
    call(database, "state.apply", "postgresql", pillar=prepared, queue=True, limit=PREPARE)
    for other in others:
        call(host, "omero.db_restore", dump["path"], other, limit=RESTORE)
    _keep(site, found, {**names, "stage": "used"})
    return {"databases": names, "dump": dump["path"], "of": dump["time"]}


def swap(environment):
    """
    Put the restored database into the place of the present one, which nobody uses any more and which is kept under
    another name.

    :returns: ``{"kept": its name}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run rollback.swap idr-local
    """
    try:
        site = Site(__opts__, environment)
        found = _where(site)[1]
        names = found["databases"]
        if names["stage"] == "used":
            _unused(site, found["to"])
            database, call = site.hosts["database"], site.minions.call
            # An attempt that got as far as this has left nothing to be done.
            if not call(database, "postgresql.query", f"SELECT 1 FROM pg_database WHERE datname = '{names['kept']}'"):
                call(database, "postgresql.database_swap", names["name"], names["next"], names["kept"], limit=PREPARE)
            _keep(site, found, {**names, "stage": "left"})
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, f"{exc}. {CLOSED}")
    return {"kept": names["kept"]}


def _unused(site, release):
    """Servers of the release that is left would find a database that is not theirs."""
    for server, sight in site.sights().items():
        if server in site.hosts["readers"] and not idr_upgrade.right(sight, release):
            found = sight["error"] or sight["running"]
            raise CommandExecutionError(
                f"{server}: expected to run {release['version']}, found {found}: nothing renamed"
            )


def clean(environment):
    """
    Remove the database that the read-only servers had meanwhile.

    :returns: ``{"removed": name or None}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run rollback.clean idr-local
    """
    try:
        site = Site(__opts__, environment)
        found = _where(site)[1]
        names = found.get("databases")
        if not names or names["stage"] != "left":
            return {"removed": None}
        _drop(site, names["meanwhile"])
        _keep(site, found, None)
        site.minions.call(site.hosts["database"], "state.apply", "postgresql", queue=True, limit=PREPARE)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {"removed": names["meanwhile"]}


def _drop(site, *names):
    for name in names:
        statement = f"DROP DATABASE IF EXISTS {idr_sql.identifier(name)} WITH (FORCE)"
        site.minions.call(site.hosts["database"], "postgresql.query", statement, transaction=False, limit=180)


def _keep(site, found, databases):
    changed = {key: value for key, value in found.items() if key != "databases"}
    if databases:
        changed["databases"] = databases
    idr_releases.write(idr_releases.folder(__opts__), site.environment, changed)


def _now():
    return datetime.datetime.now(datetime.UTC)
