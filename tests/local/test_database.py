"""The database as its users find it: privileges, logins, parameters, and what it refuses."""

import json
import re
import shlex
import subprocess

import pytest
import yaml

HOST = "idr-local-database"
READER_HOST = "idr-local-omeroreadonly-1"
SECRETS = ".local/secrets/idr-local"

PYTHON = "/opt/omero/server/venv3/bin/python3"

# Clients; what they need comes on standard input, so that no password is on a command line.
DATABASE_LOGIN = """
import json, sys
import psycopg2
try:
    with psycopg2.connect(**json.load(sys.stdin)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select current_user, version, current_setting('statement_timeout') from pg_stat_ssl"
            " where pid = pg_backend_pid()"
        )
        print(*cursor.fetchone())
except psycopg2.OperationalError as error:
    print("refused:", error)
"""
OMERO_LOGIN = """
import json, sys
import omero, omero.clients
wanted = json.load(sys.stdin)
client = omero.client("localhost", 4064)
try:
    session = client.createSession(wanted["user"], wanted["password"])
    print(session.getAdminService().getEventContext().userName)
except Exception as error:
    print("refused:", type(error).__name__)
finally:
    client.closeSession()
"""


@pytest.fixture
def database(local):
    return local.host(HOST)


@pytest.fixture
def sql(database):
    """Function that runs SQL in database omero and returns its output; errors of SQL are in it."""

    def sql(text):
        script = "\\set ON_ERROR_STOP 0\n" + text
        done = database.run("printf %%s %s | su -s /bin/sh - postgres -c 'psql -XAtqd omero' 2>&1", script)
        return done.stdout.strip()

    return sql


def test_cluster_serves_from_boot(database):
    assert database.service("postgresql").is_enabled
    assert database.service("postgresql@15-main").is_running


def test_schema_version(sql):
    patch = "select currentpatch || '|' || currentversion from dbpatch order by id desc limit 1;"
    assert sql(patch) == "0|OMERO5.4"


def _may(privilege, where):
    return (
        "select count(*), count(*) filter (where has_table_privilege('omeroreadonly', oid, '" + privilege + "'))"
        f" from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v') and {where};"
    )


def test_reader_reads_every_table_but_one(sql):
    everything, readable = map(int, sql(_may("SELECT", "relname <> 'password'")).split("|"))
    assert readable == everything > 20
    assert sql(_may("SELECT", "relname = 'password'")) == "1|0"
    columns = "select has_any_column_privilege('omeroreadonly', 'public.password', 'SELECT');"
    assert sql(columns) == "f"


@pytest.mark.parametrize("privilege", ["INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"])
def test_reader_writes_none(sql, privilege):
    assert sql(_may(privilege, "true")).split("|")[1] == "0"


def test_privileges_of_database_and_schemas(sql):
    def has(kind, name, privilege, role="omeroreadonly"):
        return sql(f"select has_{kind}_privilege('{role}', '{name}', '{privilege}');") == "t"

    assert has("database", "omero", "CONNECT")
    assert has("database", "omero", "TEMPORARY")
    assert not has("database", "omero", "CREATE")
    assert has("schema", "public", "USAGE")
    assert not has("schema", "public", "CREATE")
    assert not has("schema", "omeroreadonly", "CREATE")
    assert has("schema", "public", "CREATE", "omero")
    for privilege in ("CONNECT", "TEMPORARY"):
        assert not has("database", "omero", privilege, "public")
    assert not has("schema", "public", "USAGE", "public")
    powers = "rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls"
    assert sql(f"select bool_or({powers}) from pg_roles where rolname like 'omero%';") == "f"
    assert sql("select count(*) from pg_auth_members where pg_get_userbyid(member) like 'omero%';") == "0"


def test_what_the_reader_is_told(sql):
    answer = sql(
        "set session authorization omeroreadonly;"
        "select 'temporary' from (select 1) t; create temp table t (x int); insert into t values (7); select x from t;"
        "select count(*) > 0 from experimenter;"
        "select count(*) from public.password;"
        "update experimenter set omename = omename; create table omeroreadonly.x (x int); create table x (x int);"
    )
    assert answer.splitlines()[:3] == ["temporary", "7", "t"]
    for refused in (
        "permission denied for table password",
        "permission denied for table experimenter",
        "permission denied for schema omeroreadonly",
    ):
        assert refused in answer


def test_only_the_public_user_s_password_is_shown(sql):
    shown = (
        "set session authorization omeroreadonly;"
        " select e.omename from password p join experimenter e on e.id = p.experimenter_id;"
    )
    assert sql(shown) == "public"
    assert int(sql("select count(*) from public.password where hash <> '';")) > 1


def test_future_tables_are_readable_and_a_new_password_table_is_not(sql):
    """As a release does that makes or upgrades its schema; all of it is rolled back."""
    answer = sql(
        "set session authorization omero; begin;"
        "create table idr_future (id bigserial primary key); insert into idr_future default values;"
        "alter table password rename to password_before;"
        "create table password (experimenter_id bigint references experimenter, hash text, added text);"
        "insert into password select id, 'hash of ' || omename, 'x' from experimenter;"
        "set local session authorization omeroreadonly;"
        "select id from idr_future; select last_value from idr_future_id_seq;"
        "select hash, added from password;"
        "savepoint s; select count(*) from public.password; rollback to s;"
        "delete from idr_future; rollback to s;"
        "rollback;"
    )
    lines = answer.splitlines()
    assert lines[:3] == ["1", "1", "hash of public|x"]
    assert "permission denied for table password" in answer
    assert "permission denied for table idr_future" in answer
    assert (
        sql("select to_regclass('public.idr_future') is null, to_regclass('public.password_before') is null;") == "t|t"
    )


def test_statements_of_the_reader_have_a_limit(sql):
    assert sql("select rolconfig from pg_roles where rolname = 'omeroreadonly';") == "{statement_timeout=60s}"


def test_parameters_follow_from_the_host_s_limit_and_pillar(local, sql):
    shown = dict(
        line.split("|") for line in sql("select name, setting || coalesce(unit, '') from pg_settings;").splitlines()
    )
    memory = local.salt(HOST, "postgresql.memory")[HOST]
    assert int(shown["shared_buffers"].removesuffix("8kB")) * 8 // 1024 == memory // 4
    assert int(shown["effective_cache_size"].removesuffix("8kB")) * 8 // 1024 == memory * 3 // 4
    assert shown["max_connections"] == "200"
    assert shown["log_min_duration_statement"] == "5000ms"
    assert shown["ssl_min_protocol_version"] == "TLSv1.2"
    assert sql("select count(*) from pg_settings where pending_restart;") == "0"
    assert sql("select count(*) from pg_file_settings where error is not null;") == "0"


def test_memory_is_not_more_than_the_host_may_use(local):
    memory = local.salt(HOST, "postgresql.memory")[HOST]
    shown = local.run("salt-cloud", "-a", "show_instance", HOST, "-y", "--out=json")
    node = yaml.safe_load(shown.stdout)["local"]["nspawn"][HOST]
    assert memory <= int(re.search(r"\d+", str(node.get("ram") or node["limits"]["memory"]))[0])


def test_extension_works(sql):
    assert int(sql("select count(*) from pg_stat_statements;")) > 0


@pytest.fixture
def ask(local):
    """Function ``(host, script, data)``: what a Python script prints on the host, with data on its standard input."""

    def ask(host, script, data):
        command = [*shlex.split(local.prefix(local.leader(host))), PYTHON, "-c", script]
        done = subprocess.run(
            command, input=json.dumps(data), capture_output=True, text=True, timeout=60, cwd="/", check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.strip()

    return ask


@pytest.fixture
def secrets(checkout):
    """Function that returns the secrets of a role of hosts."""
    return lambda role: yaml.safe_load((checkout / SECRETS / f"{role}.sls").read_text())["secrets"]


@pytest.fixture
def login(ask, secrets):
    """Function that logs in to the database from a host as a role, and returns what came of it."""

    def login(host, role, **options):
        password = secrets("database")["database"][role]
        return ask(
            host, DATABASE_LOGIN, {"host": HOST, "dbname": "omero", "user": role, "password": password, **options}
        )

    return login


def test_read_only_servers_log_the_public_user_in_and_nobody_else(ask, secrets):
    known = secrets("omeroreadwrite")["omero"]
    for host in (READER_HOST, "idr-local-omeroreadonly-2"):
        assert ask(host, OMERO_LOGIN, {"user": "public", "password": known["public"]}) == "public"
        assert "refused" in ask(host, OMERO_LOGIN, {"user": "public", "password": "wrong"})
        # Right, but its row cannot be seen from there.
        assert "refused" in ask(host, OMERO_LOGIN, {"user": "root", "password": known["root"]})


def test_login_over_tls_and_not_without(login):
    assert re.fullmatch(r"omeroreadonly TLSv1\.[23] 1min", login(READER_HOST, "omeroreadonly"))
    assert "refused" in login(READER_HOST, "omeroreadonly", sslmode="disable")
    assert "no pg_hba.conf entry" in login(READER_HOST, "omeroreadonly", sslmode="disable")
    assert "refused" in login(READER_HOST, "omeroreadonly", ssl_max_protocol_version="TLSv1.1")


def test_login_of_the_wrong_host_role_or_password(login):
    assert "no pg_hba.conf entry" in login("idr-local-omeroreadwrite", "omeroreadonly")
    assert "no pg_hba.conf entry" in login(READER_HOST, "omero")
    assert "no pg_hba.conf entry" in login(READER_HOST, "omeroreadonly", dbname="postgres")
    assert "password authentication failed" in login(READER_HOST, "omeroreadonly", password="wrong")


def test_passwords_are_kept_as_scram_verifiers(sql):
    kept = sql("select left(rolpassword, 14) from pg_authid where rolpassword is not null;")
    assert set(kept.splitlines()) == {"SCRAM-SHA-256$"}


def _changed(answer):
    """What the database's own states changed; a host that joins meanwhile changes others."""
    own = [state for state in answer.values() if state["__id__"].startswith("postgresql-")]
    assert own
    return {state["__id__"]: sorted(state["changes"]) for state in own if state["changes"]}


def test_another_version_is_refused_and_nothing_happens(local, database):
    before = database.run("ls -R /etc/postgresql /var/lib/postgresql -I base -I pg_wal; dpkg -l 'postgresql*'").stdout
    for version in (16, 14):
        answer = local.salt(HOST, "state.apply", "postgresql", f"pillar={{'postgresql': {{'version': {version}}}}}")[
            HOST
        ]
        guard = next(state for state in answer.values() if state["__id__"] == "postgresql-only-version")
        assert guard["result"] is False
        assert "there is a cluster of version 15 in /var/lib/postgresql/15/main" in guard["comment"]
        assert _changed(answer) == {}
    after = database.run("ls -R /etc/postgresql /var/lib/postgresql -I base -I pg_wal; dpkg -l 'postgresql*'").stdout
    assert after == before


def test_what_is_changed_by_hand_comes_back(local, sql):
    sql(
        "grant select on password to omeroreadonly; grant insert on experimenter to omeroreadonly;"
        "drop event trigger hide_passwords_omeroreadonly; grant connect on database omero to public;"
        "alter role omeroreadonly createdb;"
    )
    answer = local.salt(HOST, "state.apply", "postgresql")[HOST]
    assert _changed(answer) == {
        "postgresql-database-omero": ["nobody else connects"],
        "postgresql-reader-omero-omeroreadonly": ["no writing of tables", "passwords hidden"],
        "postgresql-role-omeroreadonly": ["no createdb"],
    }
    assert sql(_may("SELECT", "relname = 'password'")) == "1|0"
    again = local.salt(HOST, "state.apply", "postgresql")[HOST]
    assert _changed(again) == {}
