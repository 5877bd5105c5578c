"""
One script for ``psql`` that tells all that our states ask of a PostgreSQL cluster.

Starting psql costs more than any of its answers, so there is one start for all of them.
"""

import json

from idr_sql import identifier, literal

# {grantee: [privilege, ...]} of an access list; PUBLIC has the name that no role can have.
_ACL = """(SELECT coalesce(jsonb_object_agg(g, p), '{{}}') FROM (
  SELECT CASE grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(grantee) END AS g,
    jsonb_agg(DISTINCT privilege_type) AS p
  FROM aclexplode(coalesce({acl}, acldefault('{kind}', {owner}))) GROUP BY 1) a)"""

# A parameter that is in no file any more is in no line either, and in the words of the error alone (guc-file.l).
_REMOVED = """substring(f.error FROM '^parameter "([^"]+)" cannot be changed without restarting the server$')"""

_CLUSTER = f"""
SELECT jsonb_build_object(
  'loaded', extract(epoch FROM pg_conf_load_time()),
  'pending', (SELECT coalesce(jsonb_agg(name ORDER BY name), '[]') FROM pg_settings WHERE pending_restart),
  'file_errors', (SELECT coalesce(jsonb_agg(jsonb_build_array(
      concat_ws(': ', f.sourcefile || ', line ' || f.sourceline, f.name, f.error), s.context, s.pending_restart)
      ORDER BY f.sourcefile, f.sourceline), '[]')
    FROM pg_file_settings f LEFT JOIN pg_settings s ON s.name = coalesce(f.name, {_REMOVED}) WHERE f.error IS NOT NULL),
  'hba_errors', (SELECT coalesce(jsonb_agg(current_setting('hba_file') || ', line ' || line_number || ': ' || error
      ORDER BY line_number), '[]') FROM pg_hba_file_rules WHERE error IS NOT NULL),
  'roles', (SELECT jsonb_object_agg(r.rolname, jsonb_build_object(
      'login', r.rolcanlogin,
      'verifier', r.rolpassword,
      'powers', to_jsonb(array_remove(ARRAY[
        CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
        CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
        CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL)),
      'member_of', (SELECT coalesce(jsonb_agg(pg_get_userbyid(m.roleid)), '[]') FROM pg_auth_members m
        WHERE m.member = r.oid),
      'settings', (SELECT to_jsonb(s.setconfig) FROM pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0)
    )) FROM pg_authid r WHERE r.rolname !~ '^pg_'),
  'databases', (SELECT jsonb_object_agg(datname, jsonb_build_object(
      'owner', pg_get_userbyid(datdba), 'encoding', pg_encoding_to_char(encoding),
      'acl', {_ACL.format(acl="datacl", kind="d", owner="datdba")})) FROM pg_database));
"""

# Relations of schema public, except table password and what belongs to extensions.
_OURS = """
  c.relnamespace = 'public'::regnamespace AND c.relname <> 'password'
  AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""

_DATABASE = f"""
SELECT jsonb_build_object(
  'database', current_database(),
  'schemas', (SELECT jsonb_object_agg(nspname, jsonb_build_object('owner', pg_get_userbyid(nspowner),
      'acl', {_ACL.format(acl="nspacl", kind="n", owner="nspowner")}))
    FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
  'relations', jsonb_build_object(
    'r', (SELECT count(*) FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS}),
    'S', (SELECT count(*) FROM pg_class c WHERE c.relkind = 'S' AND {_OURS})),
  'granted', (SELECT coalesce(jsonb_agg(jsonb_build_array(g, k, p, n)), '[]') FROM (
    SELECT CASE a.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END AS g,
      CASE c.relkind WHEN 'S' THEN 'S' ELSE 'r' END AS k, a.privilege_type AS p, count(DISTINCT c.oid) AS n
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND a.grantee <> c.relowner AND {_OURS} GROUP BY 1, 2, 3) x),
  'defaults', (SELECT coalesce(jsonb_agg(jsonb_build_array(pg_get_userbyid(defaclrole), defaclobjtype,
      {_ACL.format(acl="defaclacl", kind="r", owner="defaclrole")})), '[]')
    FROM pg_default_acl WHERE defaclnamespace = 0),
  'password', jsonb_build_object(
    'there', to_regclass('public.password') IS NOT NULL AND to_regclass('public.experimenter') IS NOT NULL,
    'grantees', (SELECT coalesce(jsonb_agg(DISTINCT CASE a.grantee WHEN 0 THEN 'public'
        ELSE pg_get_userbyid(a.grantee) END), '[]')
      FROM pg_class c LEFT JOIN pg_attribute t ON t.attrelid = c.oid AND t.attacl IS NOT NULL,
        aclexplode(coalesce(c.relacl, acldefault('r', c.relowner)) || coalesce(t.attacl, '{{}}')) a
      WHERE c.oid = to_regclass('public.password') AND a.grantee <> c.relowner),
    'views', (SELECT coalesce(jsonb_object_agg(n.nspname, jsonb_build_object('owner', pg_get_userbyid(c.relowner),
        'options', c.reloptions, 'acl', {_ACL.format(acl="c.relacl", kind="r", owner="c.relowner")})), '{{}}')
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = 'password' AND c.relkind = 'v' AND n.nspname <> 'public')),
  'functions', (SELECT coalesce(jsonb_object_agg(n.nspname || '.' || p.proname, jsonb_build_object(
      'source', p.prosrc, 'definer', p.prosecdef, 'owner', pg_get_userbyid(p.proowner))), '{{}}')
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.proname IN ('hide_passwords', 'hide_passwords_when_made')),
  'triggers', (SELECT coalesce(jsonb_object_agg(evtname, evtenabled), '{{}}') FROM pg_event_trigger),
  'extensions', (SELECT jsonb_object_agg(extname, extversion) FROM pg_extension));
"""


def script(databases):
    """
    Return the script; a database that is not there is passed over.

    :param databases: names
    """
    parts = [_CLUSTER]
    for name in sorted(databases):
        # To databases that nobody may connect to psql would end here.
        parts.append(
            "SELECT EXISTS (SELECT FROM pg_database"
            f" WHERE datname = {literal(name)} AND datallowconn) AS there \\gset\n"
            f"\\if :there\n\\connect {identifier(name)}\n{_DATABASE}\\endif\n"
        )
    return "".join(parts)


def parse(rows):
    """
    Return what the script told.

    :param rows: its answer, rows of one text each
    :returns: ``{"loaded": epoch, "pending": [...], "roles": {...}, "databases": {name: {"owner": ..., ...}}, ...}``;
        each database has what is inside it under ``inside``
    """
    cluster, *databases = [json.loads(row[0]) for row in rows]
    for database in databases:
        cluster["databases"][database["database"]]["inside"] = database
    return cluster
