"""What the states ask and tell the server; the server itself is a double."""

import json
import os
import re

import idr_hiding
import idr_scram
import pytest
from salt.exceptions import CommandExecutionError

PASSWORD = "a-long-password"


class Server:
    """Answers the states' one question from a few facts and keeps the statements that change something."""

    def __init__(self):
        self.roles, self.databases, self.inside = {}, {}, {}
        self.loaded, self.pending, self.errors, self.errors_after = 1e12, [], [], []
        self.statements, self.asked = [], 0

    def query(self, statement, database="postgres", transaction=True):
        """Double of ``postgresql.query``."""
        if "CREATE DATABASE" in statement and transaction:
            raise CommandExecutionError("CREATE DATABASE cannot run inside a transaction block")
        if "pg_file_settings" in statement:
            self.asked += 1
            return [[json.dumps(facts)] for facts in self._facts()]
        if statement.startswith("SELECT"):
            if "pg_reload_conf" in statement:
                self.statements.append("reload")
                self.errors, self.errors_after = self.errors_after, self.errors_after
            return [["2026-01-01"]]
        self.statements.append((database, statement))
        return []

    def _facts(self):
        yield {
            "loaded": self.loaded,
            "pending": self.pending,
            "file_errors": self.errors,
            "hba_errors": [],
            "roles": self.roles,
            "databases": self.databases,
        }
        for name, inside in self.inside.items():
            yield {"database": name, **inside}


@pytest.fixture
def server():
    """A server without roles."""
    return Server()


@pytest.fixture
def states(load, server):
    """The state module, in test mode or not."""

    def states(test=False, pillar=None, query=None):
        values = {"secrets:database:omero": PASSWORD} if pillar is None else pillar
        functions = {
            "postgresql.query": query or server.query,
            "pillar.get": lambda key, default="", unmask=None: values.get(key, default) if unmask else "**********",
            "service.restart": lambda name: server.statements.append("restart"),
        }
        return load("states", "postgresql", salt=functions, opts={"test": test}, context={})

    return states


def _role(states, **arguments):
    return states.role("omero", "secrets:database:omero", **arguments)


def _known(**facts):
    row = {"login": True, "verifier": idr_scram.verifier(PASSWORD), "powers": [], "member_of": [], "settings": None}
    return {**row, **facts}


def test_new_role_gets_a_verifier_and_never_the_password(states, server):
    assert _role(states(test=True))["result"] is None
    assert server.statements == []
    ret = _role(states(), settings={"statement_timeout": "60s"})
    assert ret["result"] is True
    assert sorted(ret["changes"]) == ["login", "password", "role", "statement_timeout"]
    ((database, statement),) = server.statements
    assert database == "postgres"
    assert PASSWORD not in statement + str(ret)
    assert idr_scram.matches(PASSWORD, re.search(r"PASSWORD '([^']+)'", statement)[1])
    assert "SET \"statement_timeout\" = '60s'" in statement


def test_role_as_declared_is_left_alone(states, server):
    server.roles["omero"] = _known(settings=["statement_timeout=60s"])
    ret = _role(states(), settings={"statement_timeout": "60s"})
    assert (ret["result"], ret["changes"], server.statements) == (True, {}, [])


def test_server_is_asked_once_until_something_changes(states, server):
    server.roles = {"omero": _known(), "other": _known()}
    module = states(pillar={"secrets:database:omero": PASSWORD, "secrets:database:other": "another password"})
    _role(module)
    _role(module)
    assert server.asked == 1
    assert list(module.role("other", "secrets:database:other")["changes"]) == ["password"]
    _role(module)
    assert server.asked == 2


@pytest.mark.parametrize(
    ("facts", "changed"),
    [
        ({"login": False}, ["login"]),
        ({"verifier": idr_scram.verifier("other")}, ["password"]),
        ({"verifier": None}, ["password"]),
        ({"verifier": "md5" + "0" * 32}, ["password"]),
        ({"powers": ["SUPERUSER", "CREATEDB"]}, ["no superuser", "no createdb"]),
        ({"member_of": ["pg_read_all_data"]}, ["not in pg_read_all_data"]),
    ],
)
def test_only_what_differs_is_changed(states, server, facts, changed):
    server.roles["omero"] = _known(**facts)
    assert list(_role(states())["changes"]) == changed


def test_missing_secret_says_how_to_make_it(states, server):
    ret = _role(states(pillar={}))
    assert ret["result"] is False
    assert "idr.secrets" in ret["comment"]
    assert server.statements == []


def test_bad_name_reaches_no_server(states, server):
    ret = states().role('x"; DROP', "secrets:database:omero")
    assert ret["result"] is False
    assert server.statements == []


OWNED = {
    "schemas": {"public": {"owner": "pg_database_owner", "acl": {"pg_database_owner": ["CREATE", "USAGE"]}}},
    "extensions": {"plpgsql": "1.0"},
}


def _database(server, **facts):
    server.databases["omero"] = {"owner": "writer", "encoding": "UTF8", "acl": {"writer": ["CONNECT"]}, **facts}
    server.inside["omero"] = json.loads(json.dumps(OWNED))


def test_database_is_made_and_closed(states, server):
    assert states(test=True).database("omero", "writer")["result"] is None
    assert server.statements == []
    ret = states().database("omero", "writer", ["hstore"])
    assert list(ret["changes"]) == [
        "database",
        "nobody else connects",
        "nobody else uses schema public",
        "its owner uses schema public",
        "extension hstore",
    ]
    (where, create), (inside, rest) = server.statements
    assert (where, inside) == ("postgres", "omero")
    assert create.startswith('CREATE DATABASE "omero" OWNER "writer" ENCODING \'UTF8\'')
    assert 'REVOKE ALL ON DATABASE "omero" FROM PUBLIC;' in rest


def test_database_as_declared_is_left_alone(states, server):
    _database(server)
    assert states().database("omero", "writer")["changes"] == {}
    assert server.statements == []


def test_before_version_15_the_owner_needs_the_schema_granted(states, server):
    _database(server)
    server.inside["omero"]["schemas"]["public"] = {"owner": "postgres", "acl": {"public": ["CREATE", "USAGE"]}}
    states().database("omero", "writer")
    ((_, statement),) = server.statements
    assert "REVOKE ALL ON SCHEMA public FROM PUBLIC;" in statement
    assert 'GRANT CREATE, USAGE ON SCHEMA public TO "writer";' in statement


def test_database_changes_hands(states, server):
    _database(server, owner="postgres")
    assert states().database("omero", "writer")["changes"] == {"owner": "set"}
    assert server.statements == [("postgres", 'ALTER DATABASE "omero" OWNER TO "writer";\n')]


def test_database_of_another_encoding_is_left_alone(states, server):
    _database(server, encoding="LATIN1")
    ret = states().database("omero", "writer")
    assert ret["result"] is False
    assert "expected encoding UTF8, found LATIN1" in ret["comment"]
    assert server.statements == []


def _readable(server):
    """Facts of a database whose reader has what it must have."""
    _database(server)
    server.databases["omero"]["acl"]["omeroreadonly"] = ["CONNECT", "TEMPORARY"]
    sources = idr_hiding._sources("omero", "omeroreadonly", ["public"])
    inside = server.inside["omero"]
    inside["schemas"]["public"]["acl"]["omeroreadonly"] = ["USAGE"]
    inside["schemas"]["omeroreadonly"] = {
        "owner": "postgres",
        "acl": {"postgres": ["CREATE", "USAGE"], "omeroreadonly": ["USAGE"]},
    }
    inside.update(
        relations={"r": 2, "S": 1},
        granted=[["omeroreadonly", "r", "SELECT", 2], ["omeroreadonly", "S", "SELECT", 1]],
        defaults=[["omero", "r", {"omeroreadonly": ["SELECT"]}], ["omero", "S", {"omeroreadonly": ["SELECT"]}]],
        functions={
            f"omeroreadonly.{name}": {"source": source, "definer": True, "owner": "postgres"}
            for name, source in sources.items()
        },
        triggers={"hide_passwords_omeroreadonly": "O"},
        password={
            "there": True,
            "grantees": [],
            "views": {
                "omeroreadonly": {
                    "owner": "omero",
                    "options": ["security_barrier=true"],
                    "acl": {"omero": ["SELECT"], "omeroreadonly": ["SELECT"]},
                }
            },
        },
    )
    return inside


def _read(states):
    return states.readable("omero", "omero", "omeroreadonly", ["public"])


def test_reader_as_declared_is_left_alone(states, server):
    _readable(server)
    assert _read(states())["changes"] == {}
    assert server.statements == []


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        (("granted",), [], ["existing tables", "existing sequences", "passwords hidden"]),
        (("relations", "r"), 3, ["existing tables", "passwords hidden"]),
        (("defaults",), [], ["new tables", "new sequences"]),
        (("schemas", "public", "acl", "omeroreadonly"), ["CREATE", "USAGE"], ["USAGE on SCHEMA public"]),
        (("password", "grantees"), ["omeroreadonly"], ["passwords hidden"]),
        (("password", "grantees"), ["public"], ["passwords hidden"]),
        (("password", "views"), {}, ["passwords hidden"]),
        (("triggers",), {}, ["passwords hidden"]),
        (("triggers", "hide_passwords_omeroreadonly"), "D", ["passwords hidden"]),
        (("functions",), {}, ["passwords hidden"]),
        (("schemas", "omeroreadonly", "acl", "public"), ["USAGE"], ["passwords hidden"]),
    ],
)
def test_reader_gets_only_what_is_missing(states, server, path, value, changed):
    inside = _readable(server)
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    predicted = _read(states(test=True))
    assert (predicted["result"], server.statements) == (None, [])
    ret = _read(states())
    assert list(ret["changes"]) == list(predicted["changes"]) == changed
    ((database, _),) = server.statements
    assert database == "omero"


def test_reader_loses_what_is_too_much(states, server):
    inside = _readable(server)
    inside["granted"] += [["omeroreadonly", "r", "INSERT", 1], ["public", "r", "SELECT", 1]]
    assert sorted(_read(states())["changes"]) == ["no writing of tables", "nothing of tables for everybody"]
    ((_, statement),) = server.statements
    assert (
        'REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA public FROM "'
        in statement
    )
    assert "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;" in statement


def test_other_users_for_the_view_are_a_change(states, server):
    _readable(server)
    ret = states().readable("omero", "omero", "omeroreadonly", ["o'neil"])
    assert list(ret["changes"]) == ["passwords hidden"]
    assert "ARRAY['o''neil']" in server.statements[0][1]


def _no_server(*_, **__):
    raise CommandExecutionError("psql: no server")


def test_test_mode_predicts_without_a_server(states):
    module = states(test=True, query=_no_server)
    assert _role(module)["result"] is None
    assert module.database("omero", "omero")["result"] is None
    assert module.readable("omero", "omero", "omeroreadonly")["result"] is None
    assert module.loaded("service", ["/missing"])["result"] is True
    assert _role(states(query=_no_server))["comment"] == "psql: no server"


PORT = ["file, line 1: port: cannot be changed", "postmaster", True]
BAD = ["file, line 2: work_mem: bad", "user", False]


@pytest.mark.parametrize(
    ("facts", "result", "done"),
    [
        ({}, True, []),
        ({"loaded": 0}, True, ["reload"]),
        ({"pending": ["port"]}, True, ["restart"]),
        ({"loaded": 0, "pending": ["port"], "errors": [PORT], "errors_after": [PORT]}, True, ["reload", "restart"]),
        ({"loaded": 0, "errors": [BAD]}, False, []),
        ({"loaded": 0, "pending": ["port"], "errors_after": [BAD]}, False, ["reload"]),
        ({"errors": [BAD]}, False, []),
    ],
)
def test_load_does_the_least_that_is_needed(states, server, tmp_path, facts, result, done):
    vars(server).update(facts)
    path = tmp_path / "file"
    path.write_text("")
    predicted = states(test=True).loaded("service", [str(path)])
    assert server.statements == []
    ret = states().loaded("service", [str(path)])
    assert (ret["result"], server.statements) == (result, done)
    assert bool(ret["changes"]) == (bool(done) and result)
    assert result is False or bool(predicted["changes"]) == bool(ret["changes"])


def test_watched_change_reloads(states, server, tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    assert states().mod_watch("service", sfun="loaded", files=[str(path)])["changes"] == {"service": "reloaded"}
    assert server.statements == ["reload"]


@pytest.mark.parametrize(
    ("clusters", "wanted", "result"),
    [
        ([], "15", True),
        (["15"], "15", True),
        (["15"], 15, True),
        (["15", "16"], "16", True),
        (["15"], "16", False),
        (["15", "16"], "15", False),
        (["16"], "15", False),
        (["9.6"], "15", False),
    ],
)
def test_second_cluster_is_refused(states, tmp_path, clusters, wanted, result):
    for version in clusters:
        folder = tmp_path / version / "main"
        folder.mkdir(parents=True)
        (folder / "PG_VERSION").write_text(f"{version}\n")
    before = sorted(os.walk(tmp_path))
    ret = states().only_version(str(tmp_path), wanted)
    assert (ret["result"], ret["changes"]) == (result, {})
    assert result or ("docs/postgresql-upgrade.md" in ret["comment"] and "Nothing was installed" in ret["comment"])
    assert sorted(os.walk(tmp_path)) == before
