"""What the states ask and tell the server; the server itself is a double."""

import re

import idr_scram
import pytest
from salt.exceptions import CommandExecutionError

PASSWORD = "a-long-password"


class Server:
    """Answers the states' questions from a few facts and keeps the statements that change something."""

    def __init__(self):
        self.roles, self.databases = {}, {}
        self.defaults, self.unreadable = [], "0"
        self.statements = []

    def query(self, statement, database="postgres", transaction=True):
        """Double of ``postgresql.query``."""
        if "CREATE DATABASE" in statement and transaction:
            raise CommandExecutionError("CREATE DATABASE cannot run inside a transaction block")
        if "FROM pg_database" in statement:
            name = re.search(r"datname = '(\w+)'", statement)[1]
            return [self.databases[name]] if name in self.databases else []
        if "pg_authid" in statement:
            name = re.search(r"rolname = '(\w+)'", statement)[1]
            return [self.roles[name]] if name in self.roles else []
        if "pg_default_acl" in statement:
            return [[kind] for kind in self.defaults]
        if "pg_class" in statement:
            return [[self.unreadable]]
        self.statements.append((database, statement))
        return []


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
            "pillar.get": lambda key, unmask=None: values.get(key, "") if unmask else "**********",
        }
        return load("states", "postgresql", salt=functions, opts={"test": test})

    return states


def _role(states, **arguments):
    return states.role("omero", "secrets:database:omero", **arguments)


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
    server.roles["omero"] = ["t", idr_scram.verifier(PASSWORD), "statement_timeout=60s"]
    ret = _role(states(), settings={"statement_timeout": "60s"})
    assert (ret["result"], ret["changes"], server.statements) == (True, {}, [])


@pytest.mark.parametrize(
    ("row", "changed"),
    [
        (["f", idr_scram.verifier(PASSWORD), ""], ["login"]),
        (["t", idr_scram.verifier("other"), ""], ["password"]),
        (["t", "", ""], ["password"]),
        (["t", "md5" + "0" * 32, ""], ["password"]),
    ],
)
def test_only_what_differs_is_changed(states, server, row, changed):
    server.roles["omero"] = row
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


def test_database_is_made_once(states, server):
    assert states(test=True).database("omero", "writer")["result"] is None
    assert server.statements == []
    assert states().database("omero", "writer")["changes"] == {"database": "set"}
    ((_, statement),) = server.statements
    assert statement.startswith('CREATE DATABASE "omero" OWNER "writer" ENCODING \'UTF8\'')
    server.databases["omero"], server.statements = ["writer", "UTF8"], []
    assert states().database("omero", "writer")["changes"] == {}
    assert server.statements == []


def test_database_changes_hands(states, server):
    server.databases["omero"] = ["postgres", "UTF8"]
    assert states().database("omero", "writer")["changes"] == {"owner": "set"}
    assert server.statements == [("postgres", 'ALTER DATABASE "omero" OWNER TO "writer";')]


def test_database_of_another_encoding_is_left_alone(states, server):
    server.databases["omero"] = ["postgres", "LATIN1"]
    ret = states().database("omero", "writer")
    assert ret["result"] is False
    assert "expected encoding UTF8, found LATIN1" in ret["comment"]
    assert server.statements == []


def test_reader_gets_what_is_there_and_what_will_be(states, server):
    server.unreadable = "3"
    ret = states().readable("omero", "omero", "omeroreadonly")
    assert sorted(ret["changes"]) == ["existing tables and sequences", "new sequences", "new tables"]
    ((database, statement),) = server.statements
    assert database == "omero"
    assert 'ALTER DEFAULT PRIVILEGES FOR ROLE "omero" GRANT SELECT ON TABLES TO "omeroreadonly";' in statement
    server.unreadable, server.defaults, server.statements = "0", ["r", "S"], []
    assert states().readable("omero", "omero", "omeroreadonly")["changes"] == {}
    assert server.statements == []


def _no_server(*_):
    raise CommandExecutionError("psql: no server")


def test_test_mode_predicts_without_a_server(states):
    assert _role(states(test=True, query=_no_server))["result"] is None
    assert states(test=True, query=_no_server).readable("omero", "omero", "omeroreadonly")["result"] is None
    assert _role(states(query=_no_server))["comment"] == "psql: no server"


class Cluster:
    """A cluster's way through reload and restart."""

    def __init__(self, due=False, errors=(), pending=(), errors_after=()):
        self.due, self.errors, self.pending, self.errors_after = due, list(errors), list(pending), list(errors_after)
        self.done = []

    def query(self, statement, database="postgres"):
        """Double of ``postgresql.query``."""
        if "pg_reload_conf" in statement:
            self.done.append("reload")
        return [["2026-01-01"]]

    def functions(self):
        """What the state calls."""
        return {
            "postgresql.query": self.query,
            "postgresql.loaded_before": lambda files: self.due,
            "postgresql.file_errors": lambda loaded=False: self.errors_after if loaded else self.errors,
            "postgresql.pending_restart": lambda: self.pending,
            "service.restart": lambda name: self.done.append("restart"),
        }


@pytest.mark.parametrize(
    ("cluster", "result", "done"),
    [
        (Cluster(), True, []),
        (Cluster(due=True), True, ["reload"]),
        (Cluster(pending=["max_connections"]), True, ["restart"]),
        (Cluster(due=True, pending=["max_connections"]), True, ["reload", "restart"]),
        (Cluster(due=True, errors=["bad"]), False, []),
        (Cluster(due=True, pending=["port"], errors_after=["bad"]), False, ["reload"]),
        (Cluster(errors_after=["bad"]), False, []),
    ],
)
def test_load_does_the_least_that_is_needed(load, cluster, result, done):
    module = load("states", "postgresql", salt=cluster.functions(), opts={"test": True})
    predicted = module.loaded("service", ["/file"])
    assert cluster.done == []
    module.__opts__ = {"test": False}
    ret = module.loaded("service", ["/file"])
    assert (ret["result"], cluster.done) == (result, done)
    assert bool(ret["changes"]) == (bool(done) and result)
    assert result is False or bool(predicted["changes"]) == bool(ret["changes"])


def test_watched_change_reloads(load):
    cluster = Cluster()
    module = load("states", "postgresql", salt=cluster.functions(), opts={"test": False})
    assert module.mod_watch("service", sfun="loaded", files=["/file"])["changes"] == {"service": "reloaded"}
    assert cluster.done == ["reload"]
