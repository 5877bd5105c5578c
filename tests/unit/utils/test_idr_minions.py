"""Answers of minions, through a double of Salt's client; the real one works in tests/local/test_upgrade.py."""

import contextlib

import idr_minions
import pytest
from salt.exceptions import CommandExecutionError, SaltClientError, SaltReqTimeoutError


class Client:
    """Publishes nothing, and finds in the job cache what it was given, one answer a look."""

    def __init__(self, answers, running=True, published=None, queued=False):
        self.published = {"jid": "1"} if published is None else published
        self.answers, self.running, self.queued, self.sent = list(answers), running, queued, []
        self.returners = {"local_cache.get_jid": self._look}

    def _look(self, jid):
        said = {
            "find": {"jid": "1"} if self.running else {},
            "cachedir": "/cache",
            "queue": ["/cache/queues/m/state_queue/queued_2_1.p"] if self.queued else [],
        }
        if jid in said:
            # One that is dead says nothing, one that has lost the call says so.
            return {} if self.running is None else {"host": {"return": said[jid]}}
        return self.answers.pop(0) if self.answers else {}

    def run_job(self, host, function, arg, **kwargs):
        """Double of ``LocalClient.run_job``."""
        if function == "saltutil.find_job":
            assert arg == ["1"]
            return {"jid": "find"}
        if function == "config.get":
            return {"jid": arg[0]}
        if function == "file.find":
            assert arg == ["/cache/queues", "name=*_1.p"]
            return {"jid": "queue"}
        self.sent.append((host, function, arg, kwargs["kwarg"]))
        if isinstance(self.published, Exception):
            raise self.published
        return self.published


@pytest.fixture
def call(monkeypatch):
    """Function that calls a minion that answers as told."""

    def call(*answers, running=True, limit=60, published=None, queued=False):
        client, clock = Client(answers, running, published, queued), iter(range(0, 10**6, 5))
        monkeypatch.setattr(idr_minions, "FIND", 0)
        monkeypatch.setattr(idr_minions.salt.client, "get_local_client", lambda **_: contextlib.nullcontext(client))
        monkeypatch.setattr(idr_minions.time, "sleep", lambda seconds: None)
        monkeypatch.setattr(idr_minions.time, "monotonic", lambda: next(clock))
        minions = idr_minions.Minions({"master_job_cache": "local_cache"})
        return minions.call("host", "a.b", "secret", limit=limit, key="value"), client.sent

    return call


def test_answer_comes_when_it_is_there(call):
    value, sent = call({}, {}, {"host": {"return": {"x": 1}, "retcode": 0, "success": True}})
    assert value == {"x": 1}
    assert sent == [("host", "a.b", ["secret"], {"key": "value"})]


def test_failure_is_an_error_without_the_arguments(call):
    with pytest.raises(CommandExecutionError, match="host: a.b: ERROR: why") as caught:
        call({"host": {"return": "ERROR: why", "retcode": 1, "success": False}})
    assert "secret" not in str(caught.value)


def test_who_does_not_end_is_left(call):
    with pytest.raises(CommandExecutionError, match="host: a.b: not done within 60 s"):
        call()


@pytest.mark.parametrize("running", [False, None])
def test_who_is_gone_is_not_waited_for(call, running):
    with pytest.raises(CommandExecutionError, match="does not answer any more"):
        call(running=running, limit=10**5)


def test_a_call_that_waits_behind_another_is_waited_for(call):
    with pytest.raises(CommandExecutionError, match="not done within 200 s"):
        call(running=False, limit=200, queued=True)


@pytest.mark.parametrize("error", [SaltClientError("no contact"), SaltReqTimeoutError("no contact")])
def test_a_master_that_is_down_is_said_without_the_arguments(call, error):
    with pytest.raises(CommandExecutionError, match="host: a.b: .*no contact") as caught:
        call(published=error)
    assert "secret" not in str(caught.value)


def test_who_has_no_accepted_key_is_said(call):
    with pytest.raises(CommandExecutionError, match="host: a.b: no such host"):
        call(published={})


HEALTHY = {"db": True, "repo": True, "version": "5.7.0"}


@pytest.mark.parametrize(
    ("answers", "version", "said"),
    [
        ({}, None, ""),
        ({}, "5.7.0", ""),
        ({}, "5.6.0", "expected version 5.6.0, found 5.7.0"),
        ({"omero.look": {**HEALTHY, "db": False}}, None, "read-only status of db"),
        ({"idr.page": "OMERO.web: refused"}, None, "OMERO.web: refused"),
        ({"idr.page": CommandExecutionError("no answer")}, None, "no answer"),
        ({"omero.look": CommandExecutionError("no answer")}, None, "no answer"),
    ],
)
def test_what_keeps_a_server_from_serving(monkeypatch, answers, version, said):
    minions = idr_minions.Minions({})

    def call(host, function, **_):
        answer = {"omero.look": HEALTHY, "idr.page": "", **answers}[function]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(minions, "call", call)
    found = minions.unwell("host", version)
    assert said in found
    assert bool(found) is bool(said)


def test_of_states_those_are_named_that_failed_by_themselves():
    returned = {
        "a": {"__id__": "a", "result": False, "comment": "no room\n on it"},
        "b": {"__id__": "b", "result": False, "comment": "One or more requisite failed: a"},
        "c": {"__id__": "c", "result": True, "comment": ""},
    }
    assert idr_minions.said(returned) == "2 states failed: a: no room on it"
    assert idr_minions.said(["pillar failed", "to render"]) == "pillar failed; to render"
    assert len(idr_minions.said("x" * 9000)) < 600


def test_several_are_called_at_the_same_time(monkeypatch):
    minions = idr_minions.Minions({})

    def call(host, function, *args, limit, **kwargs):
        if host == "b":
            raise CommandExecutionError("b: no answer")
        return host, function, args, limit, kwargs

    monkeypatch.setattr(minions, "call", call)
    answers, errors = minions.each(["a", "b"], "x.y", 1, limit=5, z=2)
    assert answers == {"a": ("a", "x.y", (1,), 5, {"z": 2})}
    assert errors == {"b": "b: no answer"}
    assert minions.each([], "x.y") == ({}, {})
