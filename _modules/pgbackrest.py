"""
Backups of the environment's database by pgBackRest: on the management host, which has the repository, and on the
database host, whose WAL goes there.
"""

import datetime
import json
import pathlib

import idr_backups
import idr_roles
import pgbackrest_command
from salt.exceptions import CommandExecutionError

__virtualname__ = "pgbackrest"

CONFIGURATION = "/etc/pgbackrest/pgbackrest.conf"
# On the volume: a clone of it tells whose it was.
MARK = "pgbackrest-stanza.json"
# Seconds for what only looks, and for a whole backup.
LOOK, BACKUP = 120, 24 * 3600


def __virtual__():
    return __virtualname__


def stanza():
    """
    The stanza of this environment's database. On the database host the volume says it, on the management host the mine.

    :returns: its name
    :raises CommandExecutionError: as :func:`database`

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.stanza
    """
    if _pillar("postgresql"):
        return owned()["stanza"]
    return database()["stanza"]


def marked():
    """
    What the volume of this host's cluster says of whose it is.

    :returns: ``{"environment": str, "stanza": str}``; None where it says nothing
    :raises CommandExecutionError: the file cannot be read

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.marked
    """
    path = mark()
    try:
        found = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        return {key: found[key] for key in ("environment", "stanza")}
    except FileNotFoundError:
        return None
    except (KeyError, OSError, TypeError, ValueError) as exc:
        raise CommandExecutionError(f"{path}: expected environment and stanza as JSON: {exc}") from exc


def mark():
    """
    Path of the file on the volume in which :func:`marked` looks.

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.mark
    """
    return f"{_pillar('volumes:db:path')}/{MARK}"


def owned():
    """
    Whose the volume of this host's cluster is going to be: the present environment's, with a stanza of its own when it
    is a clone of another's.

    :returns: ``{"environment": str, "stanza": str}``
    :raises CommandExecutionError: as :func:`marked`

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.owned
    """
    return idr_backups.owned(marked(), _pillar("environment:name"), datetime.datetime.now(datetime.UTC))


def fresh_stanza():
    """
    Begin a new stanza with the next ``state.apply`` of this host, and of the management host after it: for a volume
    that is an older state of the same environment, such as a clone of its own snapshot. Backups of before stay.

    :returns: ``{"environment": str, "stanza": the new one}``
    :raises CommandExecutionError: the volume cannot be written

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.fresh_stanza
    """
    environment = _pillar("environment:name")
    found = {
        "environment": environment,
        "stanza": idr_backups.later(environment, datetime.datetime.now(datetime.UTC)),
    }
    try:
        pathlib.Path(mark()).write_text(json.dumps(found) + "\n", encoding="utf-8")
    except OSError as exc:
        raise CommandExecutionError(str(exc)) from exc
    return found


def cluster():
    """
    What the management host has to know of the cluster of this host; the mine publishes it.

    :returns: ``{"stanza": str, "path": str, "system": its identifier, "version": str}``; None before there is a cluster
        whose WAL is archived

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.cluster
    """
    try:
        ((name, options),) = _configured().items()
        folder = pathlib.Path(options["pg1-path"])
        with (folder / "global/pg_control").open("rb") as stream:
            identifier = idr_backups.system(stream.read(8))
        version = (folder / "PG_VERSION").read_text(encoding="ascii").strip()
    except (KeyError, OSError, ValueError):
        return None
    return {"stanza": name, "path": str(folder), "system": identifier, "version": version}


def data():
    """
    Folder of the cluster of this host whose WAL is archived, be there any files or not.

    :returns: path; None where pgBackRest is not configured

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.data
    """
    return next((options.get("pg1-path") for options in _configured().values()), None)


def database():
    """
    The cluster that this management host makes backups of, as the mine has it; where that has lost it, as this host's
    configuration has it.

    :returns: as :func:`cluster`, and ``host``: the minion id; ``system`` and ``version`` are None where only the
        configuration is known
    :raises CommandExecutionError: neither knows one

    CLI Example:

    .. code-block:: bash

        salt idr-local-management pgbackrest.database
    """
    host = idr_roles.named(_pillar("environment:name"), "database", _pillar("environment:allinone") or ())
    said = __salt__["mine.get"](f"{host}$", "pgbackrest", tgt_type="pcre").get(host)
    if said:
        try:
            return {**idr_backups.believed(said), "host": host}
        except ValueError as exc:
            raise CommandExecutionError(f"{host}: in the mine as pgbackrest: {exc}") from None
    for name, options in _configured().items():
        if "pg1-path" in options:
            return {"stanza": name, "path": options["pg1-path"], "system": None, "version": None, "host": host}
    raise CommandExecutionError(f"the mine has no cluster of {host} whose WAL is archived: apply its states")


def known():
    """
    Whether :func:`database` knows a cluster.

    CLI Example:

    .. code-block:: bash

        salt idr-local-management pgbackrest.known
    """
    try:
        return bool(database())
    except CommandExecutionError:
        return False


def info():
    """
    What the repository has.

    :returns: as ``idr_backups.stanza`` has it, and ``stanza``: its name; times in seconds since 1970, sizes in bytes
    :raises CommandExecutionError: there is no stanza yet, or the repository cannot be read

    CLI Example:

    .. code-block:: bash

        salt idr-local-management pgbackrest.info
    """
    name = stanza()
    result = _run(["--output=json", "info"], name)
    try:
        return {"stanza": name, **idr_backups.stanza(result, name)}
    except ValueError as exc:
        raise CommandExecutionError(str(exc)) from exc


def check(name=None):
    """
    Prove that WAL is archived: PostgreSQL begins a new segment, and the one before has to arrive in the repository
    (limit: pgBackRest's ``archive-timeout``).

    :param name: of the stanza; the environment's by default
    :returns: True
    :raises CommandExecutionError: with what pgBackRest said

    CLI Example:

    .. code-block:: bash

        salt idr-local-management pgbackrest.check
    """
    _run(["check"], name)
    return True


def stanza_create(name=None):
    """
    Make the stanza of a cluster in the repository. On the management host.

    :returns: True
    :raises CommandExecutionError: with what pgBackRest said

    CLI Example:

    .. code-block:: bash

        salt idr-local-management pgbackrest.stanza_create
    """
    _run(["stanza-create"], name)
    return True


def stanza_upgrade(name=None):
    """
    Have a stanza take another cluster than the one it had: a new one, or one of another major version. Backups of the
    one before stay until they expire. On the management host.

    :returns: True
    :raises CommandExecutionError: with what pgBackRest said

    CLI Example:

    .. code-block:: bash

        salt idr-local-management pgbackrest.stanza_upgrade
    """
    _run(["stanza-upgrade"], name)
    return True


def backup(kind="diff"):
    """
    Make a backup, and remove those that the retention lets go. On the management host.

    :param kind: ``full``, ``diff`` or ``incr``
    :returns: the backup, as :func:`info` lists it
    :raises CommandExecutionError: another one runs, or with what pgBackRest said

    CLI Example:

    .. code-block:: bash

        salt idr-local-management pgbackrest.backup full
    """
    if kind not in idr_backups.TYPES:
        raise CommandExecutionError(f"kind: expected one of {', '.join(idr_backups.TYPES)}, found {kind!r}")
    _run([f"--type={kind}", "backup"], None, BACKUP)
    return info()["backups"][-1]


def _run(arguments, name, limit=LOOK):
    return pgbackrest_command.run(__salt__, arguments, name or stanza(), limit)


def _configured():
    try:
        return idr_backups.configured(pathlib.Path(CONFIGURATION).read_text(encoding="utf-8"))
    except OSError:
        return {}


def _pillar(key):
    return __salt__["pillar.get"](key, unmask=True)
