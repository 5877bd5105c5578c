"""
What has to be told to a PostgreSQL cluster so that roles and databases are as declared.

A plan is a list of ``(what, database, statement)``; statements of one database can go in one transaction, but for
``CREATE DATABASE``. Facts are as :mod:`idr_facts` has them, or None when there is no cluster yet.
"""

import idr_hiding
import idr_scram
from idr_sql import identifier, literal

_WRITING = {"r": "INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER", "S": "USAGE, UPDATE"}
_KINDS = {"r": "TABLES", "S": "SEQUENCES"}
_NEW: dict = {"login": False, "powers": [], "member_of": [], "verifier": None, "settings": None}
CREATE = "CREATE DATABASE"


def role(facts, name, password, settings):
    """
    Plan for a role that may log in with a password, and has no other powers.

    :raises ValueError: a name or the password has no right form
    """
    quoted = identifier(name)
    known = (facts or {}).get("roles", {}).get(name)
    plan = [] if known else [("role", f"CREATE ROLE {quoted};")]
    now = known or _NEW
    if not now["login"]:
        plan.append(("login", f"ALTER ROLE {quoted} LOGIN;"))
    for power in now["powers"]:
        plan.append((f"no {power.lower()}", f"ALTER ROLE {quoted} NO{power};"))
    for group in now["member_of"]:
        plan.append((f"not in {group}", f"REVOKE {identifier(group)} FROM {quoted};"))
    if not idr_scram.matches(password, now["verifier"]):
        plan.append(("password", f"ALTER ROLE {quoted} PASSWORD {literal(idr_scram.verifier(password))};"))
    current = dict(line.split("=", 1) for line in now["settings"] or [])
    for key, value in sorted(settings.items()):
        if current.get(key) != str(value):
            plan.append((key, f"ALTER ROLE {quoted} SET {identifier(key)} = {literal(value)};"))
    return [(what, "postgres", statement) for what, statement in plan]


def database(facts, name, owner, extensions):
    """
    Plan for a database in UTF-8 that is its owner's alone, with its extensions.

    :raises ValueError: a name has no right form, or the database has another encoding
    """
    quoted, to = identifier(name), identifier(owner)
    known = (facts or {}).get("databases", {}).get(name)
    plan = []
    if not known:
        plan.append(("database", "postgres", f"{CREATE} {quoted} OWNER {to} ENCODING 'UTF8' TEMPLATE template0;"))
    elif known["encoding"] != "UTF8":
        found = known["encoding"]
        raise ValueError(f"database {name}: expected encoding UTF8, found {found}: only a new one can have another")
    elif known["owner"] != owner:
        plan.append(("owner", "postgres", f"ALTER DATABASE {quoted} OWNER TO {to};"))
    inside = (known or {}).get("inside", {})
    if not known or "public" in known["acl"]:
        plan.append(("nobody else connects", name, f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC;"))
    schema = inside.get("schemas", {}).get("public", {"owner": None, "acl": {"public": []}})
    if "public" in schema["acl"]:
        plan.append(("nobody else uses schema public", name, "REVOKE ALL ON SCHEMA public FROM PUBLIC;"))
    # From version 15 on the schema is the database's owner's by itself.
    own = "pg_database_owner" if schema["owner"] == "pg_database_owner" else owner
    if not {"CREATE", "USAGE"} <= set(schema["acl"].get(own, [])):
        plan.append(("its owner uses schema public", name, f"GRANT CREATE, USAGE ON SCHEMA public TO {to};"))
    for extension in sorted(extensions):
        if extension not in inside.get("extensions", {}):
            plan.append((f"extension {extension}", name, f"CREATE EXTENSION {_extension(extension)} SCHEMA public;"))
    return plan


def _extension(name):
    """Names of extensions may have dashes in them."""
    identifier(name.replace("-", "_"))
    return f'"{name}"'


def reader(facts, name, owner, role_name, passwords_of):
    """
    Plan for a role that may connect, make temporary tables, read all that the owner has made in schema public or will
    make, but table ``password``.

    :raises ValueError: a name has no right form
    """
    known = (facts or {}).get("databases", {}).get(name, {})
    inside = known.get("inside", {})
    plan = [
        *_exactly(known.get("acl", {}), role_name, {"CONNECT", "TEMPORARY"}, f"DATABASE {identifier(name)}"),
        *_exactly(_acl(inside, "public"), role_name, {"USAGE"}, "SCHEMA public"),
        *_by_default(inside.get("defaults", []), owner, role_name),
        *_granted(inside, role_name),
    ]
    # A grant on all tables includes the one that must not be read.
    granted = any(what == "existing tables" for what, _ in plan)
    if granted or not idr_hiding.is_hidden(inside, owner, role_name, passwords_of):
        plan.append(("passwords hidden", idr_hiding.script(owner, role_name, passwords_of)))
    return [(what, name, statement) for what, statement in plan]


def _acl(inside, schema):
    return inside.get("schemas", {}).get(schema, {"acl": {}})["acl"]


def _exactly(acl, grantee, wanted, on):
    if set(acl.get(grantee, [])) == wanted:
        return
    to, granted = identifier(grantee), ", ".join(sorted(wanted))
    yield f"{granted} on {on}", f"REVOKE ALL ON {on} FROM {to}; GRANT {granted} ON {on} TO {to};"


def _by_default(defaults, owner, grantee):
    given = {kind: acl.get(grantee, []) for who, kind, acl in defaults if who == owner}
    head = f"ALTER DEFAULT PRIVILEGES FOR ROLE {identifier(owner)}"
    for kind, what in _KINDS.items():
        if given.get(kind) != ["SELECT"]:
            to = identifier(grantee)
            statement = f"{head} REVOKE ALL ON {what} FROM {to}; {head} GRANT SELECT ON {what} TO {to};"
            yield f"new {what.lower()}", statement


def _granted(inside, grantee):
    to = identifier(grantee)
    counts = inside.get("relations", {"r": None, "S": None})
    for kind, what in _KINDS.items():
        on = f"ALL {what} IN SCHEMA public"
        mine = {(who, privilege): number for who, k, privilege, number in inside.get("granted", []) if k == kind}
        if mine.get((grantee, "SELECT"), 0) != counts[kind]:
            yield f"existing {what.lower()}", f"GRANT SELECT ON {on} TO {to};"
        if any(who == grantee and privilege != "SELECT" for who, privilege in mine):
            yield f"no writing of {what.lower()}", f"REVOKE {_WRITING[kind]} ON {on} FROM {to};"
        if any(who == "public" for who, _ in mine):
            yield f"nothing of {what.lower()} for everybody", f"REVOKE ALL ON {on} FROM PUBLIC;"
