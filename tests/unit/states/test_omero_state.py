"""The OMERO states that need a running server, against a small server kept in a dictionary."""

import importlib.util
import pathlib

import pytest
from salt.exceptions import CommandExecutionError

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
KEY = "secrets:omero:public"


class Server:
    """What the execution module answers; `changed` lists what it was told to change."""

    def __init__(self):
        self.said, self.pending, self.changed = {"up": True, "db": True, "repo": True}, {}, []

    def functions(self):
        return {"omero.config_load": None, "omero.look": self.look, "omero.accounts": self.accounts}

    def look(self, login, password):
        if self.said is None:
            raise CommandExecutionError("connection refused")
        return self.said

    def accounts(self, groups, users, root_password, test):
        if self.said is None:
            raise CommandExecutionError("connection refused")
        if not test:
            self.changed.append((groups, users))
        return self.pending


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def state(server):
    spec = importlib.util.spec_from_file_location("omero_state", CHECKOUT / "_states/omero.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.__salt__ = server.functions()

    def call(name, test, *arguments, **names):
        module.__opts__ = {"test": test}
        ret = getattr(module, name)(*arguments, **names)
        assert set(ret) == {"name", "result", "comment", "changes"}
        return ret

    return call


GROUPS, USERS = {"public": {"type": "read-only"}}, {"public": {"groups": ["public"], "password": KEY}}


def test_accounts_are_predicted_and_changed(state, server):
    server.pending = {"user public": [{"password": "changed"}]}
    predicted = state("accounts", True, "accounts", GROUPS, USERS)
    assert (predicted["result"], predicted["changes"], server.changed) == (None, server.pending, [])
    ret = state("accounts", False, "accounts", GROUPS, USERS)
    assert (ret["result"], ret["changes"], server.changed) == (True, server.pending, [(GROUPS, USERS)])


@pytest.mark.parametrize("test", [True, False])
def test_accounts_as_they_should_be(state, test):
    ret = state("accounts", test, "accounts", GROUPS, USERS)
    assert (ret["result"], ret["changes"]) == (True, {})


@pytest.mark.parametrize(("test", "result"), [(True, None), (False, False)])
def test_a_server_that_is_down(state, server, test, result):
    server.said = None
    for ret in (state("accounts", test, "accounts", GROUPS, USERS), state("running", test, "server", timeout=0)):
        assert (ret["result"], ret["changes"]) == (result, {})
        assert "connection refused" in ret["comment"]


@pytest.mark.parametrize(
    ("read_only", "said", "result"),
    [
        (None, {"up": True}, True),
        (True, {"up": True, "db": True, "repo": True}, True),
        (True, {"up": True, "db": True, "repo": False}, False),
        (True, {"up": True, "db": False, "repo": False}, False),
        (True, {"up": True}, False),
        (False, {"up": True, "db": False, "repo": False}, True),
    ],
)
def test_running_believes_the_servers_own_word(state, server, read_only, said, result):
    server.said = said
    ret = state("running", False, "server", timeout=0, read_only=read_only)
    assert (ret["result"], ret["changes"]) == (result, {})


@pytest.mark.parametrize(
    ("version", "said", "result"),
    [
        ("5.7.0", {"up": True, "version": "5.7.0"}, True),
        ("5.7.0-ice36-b12", {"up": True, "version": "5.7.0"}, True),
        ("5.7.0-ice36", {"up": True, "version": "5.7.0-SNAPSHOT"}, True),
        ("5.7.0", {"up": True, "version": "5.6.18"}, False),
        ("5.7.0", {"up": True}, False),
    ],
)
def test_running_asks_for_the_version(state, server, version, said, result):
    server.said = said
    ret = state("running", False, "server", timeout=0, version=version)
    assert (ret["result"], ret["changes"]) == (result, {})


def test_running_says_all_that_is_wrong(state, server):
    server.said = {"up": True, "version": "5.6.18", "db": False, "repo": True}
    ret = state("running", False, "server", timeout=0, version="5.7.0", read_only=True)
    assert "its version is 5.6.18" in ret["comment"]
    assert "'db': False" in ret["comment"]
