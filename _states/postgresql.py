"""
What the PostgreSQL cluster of this host must have. Passwords are named by their place in pillar, so that they are
in no state data, and reach the server as SCRAM verifiers only.
"""

import time

import idr_scram
from idr_sql import identifier, literal
from salt.exceptions import CommandExecutionError

__virtualname__ = "postgresql"

WAIT = 60


def __virtual__():
    return __virtualname__


def _ret(name, result, comment, changes=None):
    return {"name": name, "result": result, "comment": comment, "changes": changes or {}}


def _ask(statement, database="postgres"):
    """Query, or None in test mode when there is no server yet that could be asked."""
    try:
        return __salt__["postgresql.query"](statement, database)
    except CommandExecutionError:
        if __opts__["test"]:
            return None
        raise


def _apply(name, plan, database="postgres", transaction=True):
    """Make the changes of ``plan``, a dictionary of descriptions and statements."""
    if not plan:
        return _ret(name, True, "As declared")
    changes = {what: "set" for what in plan}
    if __opts__["test"]:
        return _ret(name, None, f"Would be set: {', '.join(plan)}", changes)
    __salt__["postgresql.query"]("".join(plan.values()), database, transaction)
    return _ret(name, True, f"Set: {', '.join(plan)}", changes)


def role(name, secret, settings=None):
    """
    A role that may log in with a password.

    :param name: the role
    :param secret: place of its password in pillar, such as ``secrets:database:omero``
    :param settings: parameters of the role's sessions, as in ``ALTER ROLE ... SET``

    .. code-block:: yaml

        omeroreadonly:
          postgresql.role:
            - secret: secrets:database:omeroreadonly
            - settings: {statement_timeout: 60s}
    """
    password = __salt__["pillar.get"](secret, unmask=True)
    if not isinstance(password, str) or not password:
        return _ret(name, False, f"Pillar has no {secret}: run salt-run idr.secrets for this environment")
    try:
        return _apply(name, _role_plan(name, password, settings or {}))
    except (CommandExecutionError, ValueError) as exc:
        return _ret(name, False, str(exc))


def _role_plan(name, password, settings):
    quoted = identifier(name)
    rows = _ask(
        "SELECT a.rolcanlogin, a.rolpassword, array_to_string(r.rolconfig, chr(10))"
        f" FROM pg_authid a JOIN pg_roles r USING (oid) WHERE a.rolname = {literal(name)};"
    )
    plan = {}
    if not rows:
        plan["role"] = f"CREATE ROLE {quoted};"
        rows = [["f", "", ""]]
    login, verifier, config = rows[0]
    if login != "t":
        plan["login"] = f"ALTER ROLE {quoted} LOGIN;"
    if not idr_scram.matches(password, verifier):
        plan["password"] = f"ALTER ROLE {quoted} PASSWORD {literal(idr_scram.verifier(password))};"
    current = dict(line.split("=", 1) for line in config.splitlines())
    for key, value in sorted(settings.items()):
        if current.get(key) != str(value):
            plan[key] = f"ALTER ROLE {quoted} SET {identifier(key)} = {literal(value)};"
    return plan


def database(name, owner):
    """
    A database in UTF-8, and whose it is.

    :param name: the database
    :param owner: an existing role

    .. code-block:: yaml

        omero:
          postgresql.database:
            - owner: omero
    """
    try:
        return _apply(name, _database_plan(name, owner), transaction=False)
    except (CommandExecutionError, ValueError) as exc:
        return _ret(name, False, str(exc))


def _database_plan(name, owner):
    quoted, role = identifier(name), identifier(owner)
    rows = _ask(
        "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding) FROM pg_database"
        f" WHERE datname = {literal(name)};"
    )
    if not rows:
        return {"database": f"CREATE DATABASE {quoted} OWNER {role} ENCODING 'UTF8' TEMPLATE template0;"}
    current, encoding = rows[0]
    if encoding != "UTF8":
        raise ValueError(f"database {name}: expected encoding UTF8, found {encoding}: only a new one can have another")
    return {} if current == owner else {"owner": f"ALTER DATABASE {quoted} OWNER TO {role};"}


_UNREADABLE = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
AND NOT CASE WHEN c.relkind = 'S' THEN has_sequence_privilege({reader}, c.oid, 'SELECT')
        ELSE has_table_privilege({reader}, c.oid, 'SELECT') END;
"""

_BY_DEFAULT = """
SELECT DISTINCT d.defaclobjtype FROM pg_default_acl d, aclexplode(d.defaclacl) a
WHERE d.defaclnamespace = 0 AND pg_get_userbyid(d.defaclrole) = {owner}
AND pg_get_userbyid(a.grantee) = {reader} AND a.privilege_type = 'SELECT';
"""


def readable(name, owner, reader):
    """
    A role may read all that a database's owner has made in schema public, and will make anywhere.

    :param name: the database
    :param owner: the role whose tables and sequences are meant
    :param reader: the role that may read them

    .. code-block:: yaml

        omero:
          postgresql.readable:
            - owner: omero
            - reader: omeroreadonly
    """
    try:
        return _apply(name, _readable_plan(name, owner, reader), name)
    except (CommandExecutionError, ValueError) as exc:
        return _ret(name, False, str(exc))


def _readable_plan(name, owner, reader):
    to, names = identifier(reader), {"owner": literal(owner), "reader": literal(reader)}
    default = _ask(_BY_DEFAULT.format(**names), name)
    unreadable = _ask(_UNREADABLE.format(**names), name)
    given = {row[0] for row in default or []}
    plan = {}
    for kind, what in (("r", "TABLES"), ("S", "SEQUENCES")):
        if kind not in given:
            plan[f"new {what.lower()}"] = (
                f"ALTER DEFAULT PRIVILEGES FOR ROLE {identifier(owner)} GRANT SELECT ON {what} TO {to};"
            )
    if unreadable is None or unreadable[0][0] != "0":
        plan["existing tables and sequences"] = (
            f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {to};"
            f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {to};"
        )
    return plan


def loaded(name, files=(), force=False):
    """
    The cluster runs with its files as they are now: checked, reloaded, and restarted only if a parameter asks for it.

    :param name: its service
    :param files: files whose change makes a reload due, even if it happened in a run that was interrupted

    .. code-block:: yaml

        postgresql@15-main:
          postgresql.loaded:
            - files: [/etc/postgresql/15/main/pg_hba.conf]
            - watch:
                - file: pg_hba
    """
    try:
        if __opts__["test"]:
            return _loaded_test(name, files, force)
        return _load(name, files, force)
    except CommandExecutionError as exc:
        return _ret(name, False, str(exc))


def mod_watch(name, sfun=None, files=(), **_):
    """
    Reload (or restart) because a watched file changed.
    """
    return loaded(name, files, force=True)


def _loaded_test(name, files, force):
    if not force and _ask("SELECT 1;") is not None:
        force = __salt__["postgresql.loaded_before"](files) or bool(__salt__["postgresql.pending_restart"]())
    if force:
        return _ret(name, None, "Would be reloaded or restarted", {name: "load"})
    return _ret(name, True, "Runs with its files as they are")


def _load(name, files, force):
    due = force or __salt__["postgresql.loaded_before"](files)
    errors = __salt__["postgresql.file_errors"]() if due else []
    if errors:
        return _ret(name, False, "Not reloaded: " + "; ".join(errors))
    if due:
        _reload()
    pending = __salt__["postgresql.pending_restart"]()
    errors = __salt__["postgresql.file_errors"](loaded=True)
    if errors:
        return _ret(name, False, "Not restarted: " + "; ".join(errors))
    if pending:
        __salt__["service.restart"](name)
        _wait_for("SELECT 1;")
        return _ret(name, True, f"Restarted for {', '.join(pending)}", {name: "restarted"})
    if due:
        return _ret(name, True, "Reloaded", {name: "reloaded"})
    return _ret(name, True, "Runs with its files as they are")


def _reload():
    before = __salt__["postgresql.query"]("SELECT pg_conf_load_time();")[0][0]
    __salt__["postgresql.query"]("SELECT pg_reload_conf();")
    # The signal is worked on a moment later; only then does pending_restart tell the truth.
    _wait_for(f"SELECT 1 WHERE pg_conf_load_time() > {literal(before)}::timestamptz;")


def _wait_for(statement):
    deadline = time.monotonic() + WAIT
    while True:
        try:
            if __salt__["postgresql.query"](statement):
                return
            error = "no new configuration was loaded"
        except CommandExecutionError as exc:
            error = str(exc)
        if time.monotonic() >= deadline:
            raise CommandExecutionError(f"after {WAIT} s: {error}")
        time.sleep(0.5)
