"""The states of single users and groups: what they ask of the module, and what they answer. Real ones: tests/local."""

import pytest
from salt.exceptions import CommandExecutionError


class Module:
    """What omero.accounts answers; `calls` are what it was asked."""

    def __init__(self):
        self.answer, self.calls = {}, []

    def __call__(self, groups, users, **options):
        self.calls.append((groups, users, options))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def module():
    return Module()


@pytest.fixture
def state(load, module):
    def call(name, test, *arguments, **names):
        states = load("states", "omero_people", opts={"test": test}, salt={"omero.accounts": module})
        ret = getattr(states, name)(*arguments, **names)
        assert set(ret) == {"name", "result", "comment", "changes"}
        return ret

    return call


@pytest.mark.parametrize(("test", "result"), [(True, None), (False, True)])
def test_changes_are_those_of_the_module(state, module, test, result):
    module.answer = {"group g": [{"add group": {"permissions": "rw----"}}]}
    ret = state("group_present", test, "g", "private")
    assert (ret["result"], ret["changes"]) == (result, module.answer)
    options = {"root_password": None, "complete": False, "test": test}
    assert module.calls == [({"g": {"type": "private"}}, {}, options)]


@pytest.mark.parametrize("test", [True, False])
def test_nothing_to_do(state, module, test):
    ret = state("user_present", test, "u", ["g"], email="a@b.c", password="key")  # noqa: S106
    assert (ret["result"], ret["changes"]) == (True, {})
    given = module.calls[0][1]["u"]
    assert {key: value for key, value in given.items() if value} == {
        "groups": ["g"],
        "email": "a@b.c",
        "password": "key",
    }


@pytest.mark.parametrize(("test", "result"), [(True, None), (False, False)])
def test_what_fails_is_told(state, module, test, result):
    module.answer = CommandExecutionError("the server is down")
    ret = state("user_present", test, "u", ["g"])
    assert (ret["result"], ret["changes"], ret["comment"]) == (result, {}, "the server is down")


@pytest.mark.parametrize(("test", "result"), [(True, None), (False, True)])
def test_root_gets_its_password(load, test, result):
    asked = []

    def password(key, test):
        asked.append((key, test))
        return True

    states = load("states", "omero_people", opts={"test": test}, salt={"omero.root_password": password})
    ret = states.root_password("root", password="secrets:omero:root")  # noqa: S106
    assert (ret["result"], ret["changes"]) == (result, {"password": {"old": "another", "new": "changed"}})
    assert asked == [("secrets:omero:root", test)]


@pytest.mark.parametrize(("test", "result"), [(True, None), (False, False)])
def test_root_without_a_database(load, test, result):
    def password(key, test):
        raise CommandExecutionError("psql failed")

    states = load("states", "omero_people", opts={"test": test}, salt={"omero.root_password": password})
    assert states.root_password("root")["result"] is result
    same = load("states", "omero_people", opts={"test": test}, salt={"omero.root_password": lambda *_, **__: False})
    assert (same.root_password("root")["result"], same.root_password("root")["changes"]) == (True, {})
