"""
Dumps of OMERO's database: part of the execution module ``omero``.
"""

import omero_database
import omero_dumps
import omero_host
from command_errors import failure as _failure
from omero_host import OMERODIR, USER, Installation
from omero_release_files import Place
from salt.exceptions import CommandExecutionError

__virtualname__ = "omero"

# what is in schema public and no extension's
_COUNT = """\
select count(*) from pg_class c where relnamespace = 'public'::regnamespace
  and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype = 'e');
"""


def __virtual__():
    return __virtualname__


def _folder(given):
    return given or omero_host.pillar(__salt__, "omero:backups:dir", "/data/backups")


def db_dump(path=None, keep=None, timeout=14400, user=USER):
    """
    Dump OMERO's database, as its user, into a new file of mode 0600. The server may run meanwhile.

    :param path: folder, pillar ``omero:backups:dir`` by default (``/data/backups``)
    :param keep: how many of the dumps in it stay, pillar ``omero:backups:keep`` by default (3); those that were made
        before a patch are counted apart
    :param timeout: limit in seconds
    :param user: system user who owns the dump
    :returns: its manifest: ``{"path": str, "database": str, "schema": "OMERO5.4__0", "release": str or None,
        "time": str (UTC, ISO 8601), "size": bytes, "sha256": str, "before": label or None}``
    :raises CommandExecutionError: there is no OMERO schema, or pg_dump fails (it has to be of the server's version or a
        newer one); nothing is left behind

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.db_dump
    """
    found = __salt__["omero.db_version"](user=user)
    if found is None:
        raise CommandExecutionError("the database has no OMERO schema that could be dumped")
    keep = keep or omero_host.pillar(__salt__, "omero:backups:keep", 3)
    where, release = Installation(__salt__, user=user), Place(OMERODIR).current()
    return omero_dumps.make(where, _folder(path), omero_database.label(found), release, keep=keep, timeout=timeout)


def db_dumps(path=None):
    """
    The dumps that there are, the newest first.

    :param path: folder, pillar ``omero:backups:dir`` by default
    :returns: list of what :func:`db_dump` returns; ``before`` is set for those that were made before a patch

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.db_dumps
    """
    return omero_dumps.listing(_folder(path))


def db_restore(path, database, timeout=14400, user=USER):
    """
    Restore a dump into an empty database of the database host: all of it, or nothing. Who may read it and where
    passwords are hidden is left as it was prepared there.

    :param path: the dump
    :param database: an empty database that belongs to the user of pillar ``omero:db``; that of OMERO itself where the
        database host is a new one
    :param timeout: limit in seconds, of restoring and of the statistics that follow, each
    :returns: ``{"database": str, "schema": "OMERO5.4__0"}``
    :raises CommandExecutionError: the dump is not there or damaged, the database is in use or not empty, or pg_restore
        fails

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.db_restore /data/backups/omero-OMERO5.4__0-20260101T000000Z.dump omero_back
    """
    where = Installation(__salt__, user=user)
    omero_dumps.check(path)
    if where.query(_COUNT, name=database) != "0":
        if database == omero_host.database(__salt__)["name"]:
            raise CommandExecutionError(f"{database} is the database in use: another one was expected")
        raise CommandExecutionError(f"database {database}: an empty one was expected, there are tables in it")
    what = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--schema=public", path)
    result = where.psql(*what, program="pg_restore", name=database, timeout=timeout)
    if result["retcode"]:
        raise _failure("pg_restore", result)
    # without statistics the first queries would take for ever
    where.query("analyze;", name=database, timeout=timeout)
    row = where.query(omero_database.PATCH_QUERY, name=database)
    return {"database": database, "schema": omero_database.label(omero_database.patch_of_row(row))}
