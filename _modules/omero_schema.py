"""
OMERO's database schema: part of the execution module ``omero``.
"""

import contextlib
import pathlib
import secrets as random

import omero_database
import omero_dumps
import omero_host
import omero_password
import omero_schemas
from command_errors import failure as _failure
from omero_host import OMERODIR, ROOT, USER, VENV, Installation
from omero_release_files import Place
from salt.exceptions import CommandExecutionError

__virtualname__ = "omero"

# where a release has its SQL
_SQL = "sql/psql"


def __virtual__():
    return __virtualname__


def _at(omerodir=OMERODIR, venv=VENV, user=USER):
    return Installation(__salt__, omerodir, venv, user)


def schema_plan(omerodir=OMERODIR, venv=VENV, user=USER):
    """
    What has to be done with the database so that it fits a release; nothing is done.

    :param omerodir: the release's folder, or the symlink to the current one
    :returns: ``{"do": "nothing", "create", "patch" or "wait", "old": "OMERO5.4__0" or None, "new": "OMERO5.5__0",
        "steps": ["OMERO5.5__0"], "problem": str or None}``: the steps after the old version up to the new one, and why
        the database did not answer, for which one can wait
    :raises CommandExecutionError: there is no release, the database is newer than it, or the release has no SQL that
        leads from there

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.schema_plan omerodir=/opt/omero/server/OMERO.server-5.6.13
    """
    needed = __salt__["omero.release_db_version"](omerodir, venv, user)
    try:
        found = __salt__["omero.db_version"](user)
    except CommandExecutionError as error:
        return {"do": "wait", "old": None, "new": omero_database.label(needed), "steps": [], "problem": str(error)}
    folder = pathlib.Path(omerodir, _SQL)
    files = [str(path.relative_to(folder)) for path in folder.glob("*/*.sql")]
    try:
        return {**omero_schemas.plan(found, needed, files), "problem": None}
    except omero_schemas.SchemaError as error:
        raise CommandExecutionError(str(error)) from None


def schema_patch(
    dump=None, snapshot=None, keep=3, timeout=14400, lock_timeout=60, omerodir=OMERODIR, venv=VENV, user=USER
):
    """
    Bring the database to the schema of a release by the release's own SQL, step by step, each in one transaction.
    Before that OMERO's own readiness checks run, where the release has them, and a dump is made. No server may write
    meanwhile.

    :param dump: folder of the dump
    :param snapshot: id of a snapshot of the database, which takes the place of the dump; it is not looked at
    :param keep: how many dumps of this kind stay in the folder
    :param timeout: limit in seconds, of the dump and of each step
    :param lock_timeout: seconds that a step waits for others to let go of a table; all others wait behind it meanwhile
    :param omerodir: the release's folder, or the symlink to the current one
    :returns: ``{"old": label, "new": label, "dump": path or None}``, empty when there is nothing to do
    :raises CommandExecutionError: neither a dump nor a snapshot is asked for, or a part fails; it says at which schema
        the database is

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.schema_patch dump=/data/backups
    """
    plan = schema_plan(omerodir, venv, user)
    if plan["do"] != "patch":
        return {}
    if not dump and not snapshot:
        raise CommandExecutionError(
            f"The schema {plan['old']} is to become {plan['new']}: a folder for a dump of the database, or the id of a"
            " snapshot of it, was expected first. Nothing was changed"
        )
    where, folder = _at(omerodir, venv, user), pathlib.Path(omerodir, _SQL)
    steps = list(zip([plan["old"], *plan["steps"]], plan["steps"], strict=False))
    ready = folder / plan["steps"][0] / f"{plan['old']}-precheck.sql"
    if ready.exists():
        _sql(where, ready, "OMERO's readiness check failed", timeout, lock_timeout)
    made = None
    if not snapshot:
        release = Place.around(omerodir).before(omerodir)
        made = omero_dumps.make(where, dump, plan["old"], release, plan["new"], keep, timeout)["path"]
    kept = f"Dump: {made}" if made else f"Snapshot: {snapshot}"
    for old, new in steps:
        problem = f"patching {old} to {new} failed, all of it was undone"
        _sql(where, folder / new / f"{old}.sql", problem, timeout, lock_timeout, kept)
    return {"old": plan["old"], "new": plan["new"], "dump": made}


def _sql(where, path, problem, timeout, lock_timeout, kept=""):
    """Run a release's SQL file, in which one transaction begins and ends."""
    result = where.psql("-c", f"set lock_timeout = '{int(lock_timeout)}s'", "-f", str(path), timeout=timeout)
    if not result["retcode"]:
        return
    now = "cannot be asked for its schema now"
    with contextlib.suppress(CommandExecutionError):
        now = f"has the schema {omero_database.label(__salt__['omero.db_version'](where.user))}"
    raise CommandExecutionError(f"{_failure(path.name, result)}: {problem}; the database {now}. {kept}".strip())


def db_script(path=None, root_password=None, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    The SQL that makes OMERO's schema in an empty database, by ``omero db script``.

    :param path: file of mode 0600 to write it into; there must be none of that name
    :param root_password: pillar key of the password that OMERO's user root gets in it, ``secrets:omero:root`` by
        default; only with ``path``
    :returns: with ``path`` ``{"path": str, "schema": "OMERO5.4__0"}``, otherwise the SQL itself, in which root has a
        password that nobody knows
    :raises CommandExecutionError: omero fails, does not end within 120 s, or the file cannot be written

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.db_script /root/schema.sql
    """
    where = _at(omerodir, venv, user)
    if path is None:
        return _script(where, None)
    text = _script(where, omero_host.secret(__salt__, root_password or ROOT))
    try:
        omero_host.write(path, text, user)
    except OSError as error:
        raise CommandExecutionError(f"{path}: {error.strerror}") from None
    needed = __salt__["omero.release_db_version"](omerodir, venv, user)
    return {"path": str(path), "schema": omero_database.label(needed)}


def _script(where, password):
    """What `omero db script` writes. It takes a password on its command line, so it gets one that is then replaced."""
    # of letters and digits: an option's value must not begin with a dash
    throwaway = random.token_hex(24)
    with omero_host.scratch(where.user) as folder:
        made = folder / "made.sql"
        result = where.omero("db", "script", "-f", str(made), "--password", throwaway)
        if result["retcode"]:
            raise _failure("omero db script", result)
        text = made.read_text(encoding="utf-8")
    try:
        return omero_password.replace(text, throwaway, password) if password else text
    except omero_password.PasswordError as error:
        raise CommandExecutionError(f"omero db script: {error}") from None


def schema_create(root_password=None, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Create OMERO's schema in an empty database by the release's own SQL. All of it is made, or nothing.

    :param root_password: pillar key of the password that OMERO's user root gets, ``secrets:omero:root`` by default
    :returns: True

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.schema_create
    """
    where = _at(omerodir, venv, user)
    text = _script(where, omero_host.secret(__salt__, root_password or ROOT))
    with omero_host.scratch(user) as folder:
        sql = folder / "schema.sql"
        omero_host.write(sql, text, user)
        result = where.psql("-f", str(sql), timeout=600)
    if result["retcode"]:
        raise _failure("creating the schema", result)
    return True
