"""
Table ``password`` of an OMERO database, out of sight of a role that reads all the rest.

OMERO makes the table later than our states run, and default privileges know no exception. So an event trigger takes the
privilege away in the transaction that makes the table. What the role needs, the passwords of a few users, it finds as
view ``password`` in the schema of its own name, where PostgreSQL looks before it looks in ``public``.
"""

from idr_sql import dollars, identifier, literal

_FUNCTION = "hide_passwords"
_TRIGGER = "hide_passwords_when_made"
_TAGS = "'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE'"

_HIDE = """
BEGIN
  IF to_regclass('public.password') IS NULL THEN
    RETURN;
  END IF;
  REVOKE ALL ON public.password FROM PUBLIC, {reader};
  IF to_regclass('public.experimenter') IS NULL THEN
    RETURN;
  END IF;
  DROP VIEW IF EXISTS {reader}.password;
  CREATE VIEW {reader}.password WITH (security_barrier) AS
    SELECT p.* FROM public.password p WHERE p.experimenter_id IN
      (SELECT e.id FROM public.experimenter e WHERE e.omename = ANY (ARRAY[{users}]::text[]));
  ALTER VIEW {reader}.password OWNER TO {owner};
  GRANT SELECT ON {reader}.password TO {reader};
END
"""

# Nearly all tables that are made or changed are others, the temporary ones of a read-only transaction among them.
_WHEN_MADE = """
BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands()
      WHERE object_identity IN ('public.password', 'public.experimenter')) THEN
    PERFORM {reader}.hide_passwords();
  END IF;
END
"""


def _sources(owner, reader, users):
    names = {
        "owner": identifier(owner),
        "reader": identifier(reader),
        "users": ", ".join(literal(user) for user in sorted(users)),
    }
    return {_FUNCTION: _HIDE.format(**names), _TRIGGER: _WHEN_MADE.format(**names)}


def trigger(reader):
    """
    Name of the event trigger: the database has one for each reader.
    """
    return f"{_FUNCTION}_{reader}"[:63]


def script(owner, reader, users):
    """
    Statements that hide the table, whether it is there already or not.

    :param owner: role that owns the table
    :param reader: role that may not read it
    :param users: OMERO users whose rows it may read
    :raises ValueError: a name has no right form
    """
    schema, event = identifier(reader), identifier(trigger(reader))
    sources = _sources(owner, reader, users)
    functions = "".join(
        f"CREATE OR REPLACE FUNCTION {schema}.{name}() RETURNS {kind} LANGUAGE plpgsql SECURITY DEFINER"
        f" SET search_path = pg_catalog, pg_temp AS {dollars(sources[name])};\n"
        f"REVOKE ALL ON FUNCTION {schema}.{name}() FROM PUBLIC;\n"
        for name, kind in ((_FUNCTION, "void"), (_TRIGGER, "event_trigger"))
    )
    return (
        f"CREATE SCHEMA IF NOT EXISTS {schema};\n"
        f"ALTER SCHEMA {schema} OWNER TO CURRENT_USER;\n"
        f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC, {schema};\n"
        f"GRANT USAGE ON SCHEMA {schema} TO {schema};\n"
        f"{functions}"
        f"DROP EVENT TRIGGER IF EXISTS {event};\n"
        f"CREATE EVENT TRIGGER {event} ON ddl_command_end WHEN TAG IN ({_TAGS})"
        f" EXECUTE FUNCTION {schema}.{_TRIGGER}();\n"
        f"SELECT {schema}.{_FUNCTION}() IS NULL;\n"
    )


def is_hidden(inside, owner, reader, users):
    """
    Tell whether the script has nothing to do.

    :param inside: facts of the inside of the database
    """
    schema = inside.get("schemas", {}).get(reader)
    if not schema or schema["owner"] != "postgres" or _others(schema, ["postgres"]) != {reader: ["USAGE"]}:
        return False
    for name, source in _sources(owner, reader, users).items():
        expected = {"source": source, "definer": True, "owner": "postgres"}
        if inside["functions"].get(f"{reader}.{name}") != expected:
            return False
    if inside["triggers"].get(trigger(reader)) not in ("O", "A"):
        return False
    password = inside["password"]
    if {"public", reader} & set(password["grantees"]):
        return False
    view = password["views"].get(reader)
    return not password["there"] or bool(
        view
        and view["owner"] == owner
        and view["options"] in (["security_barrier=true"], ["security_barrier"])
        and _others(view, [owner]) == {reader: ["SELECT"]}
    )


def _others(thing, owners):
    return {grantee: privileges for grantee, privileges in thing["acl"].items() if grantee not in owners}
