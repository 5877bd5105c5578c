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
        self.up, self.runtime, self.works = True, {"db": True, "repo": True}, False
        self.groups, self.users, self.changed = {}, {}, []

    def functions(self):
        return {
            "omero.config_load": None,
            "omero.status": lambda: self.up,
            "omero.runtime": lambda login, password: self.runtime,
            "omero.permissions": lambda type: {"read-only": "rwr---", "private": "rw----"}[type],
            "omero.group_info": lambda name: self._found(self.groups.get(name)),
            "omero.user_info": lambda name: self._found(self.users.get(name)),
            "omero.login_works": lambda name, password, group: self._found(self.works),
            "omero.group_add": lambda *arguments: self.changed.append(("group", *arguments)),
            "omero.user_add": lambda *arguments, **names: self.changed.append(("user", *arguments)),
            "omero.user_password": lambda *arguments: self.changed.append(("password", *arguments)),
        }

    def _found(self, value):
        if not self.up:
            raise CommandExecutionError("connection refused")
        return value


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


def test_a_new_group_is_predicted_and_added(state, server):
    predicted = state("group_present", True, "public", "read-only")
    assert (predicted["result"], predicted["changes"]) == (None, {"old": None, "new": "read-only"})
    assert server.changed == []
    ret = state("group_present", False, "public", "read-only")
    assert (ret["result"], ret["changes"]) == (True, predicted["changes"])
    assert server.changed == [("group", "public", "read-only")]


@pytest.mark.parametrize("test", [True, False])
@pytest.mark.parametrize(("type", "result"), [("read-only", True), ("private", False)])
def test_a_group_that_is_there_is_never_touched(state, server, test, type, result):
    server.groups["public"] = {"id": 3, "name": "public", "perms": "rwr---"}
    ret = state("group_present", test, "public", type)
    assert (ret["result"], ret["changes"], server.changed) == (result, {}, [])


def test_a_new_user_is_predicted_and_added(state, server):
    predicted = state("user_present", True, "public", KEY, "public")
    assert (predicted["result"], predicted["changes"]) == (None, {"old": None, "new": "public"})
    assert server.changed == []
    ret = state("user_present", False, "public", KEY, "public")
    assert (ret["result"], ret["changes"]) == (True, predicted["changes"])
    assert server.changed == [("user", "public", KEY, "public")]


@pytest.mark.parametrize("test", [True, False])
def test_a_user_who_logs_in_is_left_alone(state, server, test):
    server.works = True
    ret = state("user_present", test, "public", KEY, "public")
    assert (ret["result"], ret["changes"], server.changed) == (True, {}, [])


def test_a_user_who_does_not_log_in_gets_the_password(state, server):
    server.users["public"] = {"id": 3, "groups": [3]}
    server.groups["public"] = {"id": 3}
    predicted = state("user_present", True, "public", KEY, "public")
    assert (predicted["result"], predicted["changes"], server.changed) == (None, {"password": "changed"}, [])
    ret = state("user_present", False, "public", KEY, "public")
    assert (ret["result"], ret["changes"]) == (True, predicted["changes"])
    assert server.changed == [("password", "public", KEY)]


@pytest.mark.parametrize("test", [True, False])
def test_a_user_of_other_groups_is_not_touched(state, server, test):
    server.users["public"] = {"id": 3, "groups": [5]}
    server.groups["public"] = {"id": 3}
    ret = state("user_present", test, "public", KEY, "public")
    assert (ret["result"], ret["changes"], server.changed) == (False, {}, [])
    assert "not in the group public" in ret["comment"]


@pytest.mark.parametrize(("test", "result"), [(True, None), (False, False)])
def test_a_server_that_is_down(state, server, test, result):
    server.up = False
    for ret in (
        state("group_present", test, "public", "read-only"),
        state("user_present", test, "public", KEY, "public"),
        state("running", test, "server", timeout=0),
    ):
        assert (ret["result"], ret["changes"]) == (result, {})
    assert server.changed == []


@pytest.mark.parametrize(
    ("read_only", "said", "result"),
    [
        (None, {}, True),
        (True, {"db": True, "repo": True}, True),
        (True, {"db": True, "repo": False}, False),
        (True, {"db": False, "repo": False}, False),
        (False, {"db": False, "repo": False}, True),
    ],
)
def test_running_believes_the_servers_own_word(state, server, read_only, said, result):
    server.runtime = said
    ret = state("running", False, "server", timeout=0, read_only=read_only)
    assert (ret["result"], ret["changes"]) == (result, {})
