"""Calls of several hosts at once, through a double of Salt's client; the real one works in tests/local."""

import contextlib

import idr_together
import pytest
from salt.exceptions import SaltClientError, SaltReqTimeoutError

DONE = {"return": "done", "retcode": 0, "success": True}


class Client:
    """Finds in the job cache one answer of ``looks`` after the other."""

    def __init__(self, looks, published):
        self.looks, self.published, self.sent = list(looks), published, []
        self.returners = {
            "local_cache.get_jid": lambda jid: self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        }

    def run_job(self, hosts, function, arg, **kwargs):
        """Double of ``LocalClient.run_job``."""
        self.sent.append((hosts, function, arg, kwargs["tgt_type"]))
        if isinstance(self.published, Exception):
            raise self.published
        return self.published


@pytest.fixture
def together(monkeypatch):
    """Function ``(looks, published)`` that returns calls of hosts a and b, and the client."""

    def together(*looks, published=None):
        client = Client(looks, published if published is not None else {"jid": "1", "minions": ["a", "b"]})
        monkeypatch.setattr(idr_together.salt.client, "get_local_client", lambda **_: contextlib.nullcontext(client))
        return idr_together.Together({"master_job_cache": "local_cache"}, ["a", "b"]), client

    return together


def test_one_job_for_all(together):
    calls, client = together({}, {"a": DONE}, {"a": DONE, "b": DONE})
    with calls:
        assert calls.call("x.y", "s", limit=5) == ({"a": "done", "b": "done"}, {})
    assert client.sent == [(["a", "b"], "x.y", ["s"], "list")]


def test_who_fails_or_is_silent_keeps_nobody_waiting_beyond_the_limit(together):
    calls, _ = together({"a": {"return": "ERROR: no", "retcode": 1}})
    with calls:
        answers, errors = calls.call("x.y", limit=0.1)
    assert answers == {}
    assert errors == {"a": "a: x.y: ERROR: no", "b": "b: x.y: no answer within 0.1 s"}


def test_a_host_that_the_master_does_not_know_is_not_waited_for(together):
    calls, _ = together({"a": DONE}, published={"jid": "1", "minions": ["a"]})
    with calls:
        assert calls.call("x.y", limit=60) == ({"a": "done"}, {"b": "b: x.y: no such host: is its key accepted?"})


def test_only_some(together):
    calls, client = together({"b": DONE})
    with calls:
        assert calls.call("x.y", limit=5, hosts=["b"]) == ({"b": "done"}, {})
        assert calls.call("x.y", limit=5, hosts=[]) == ({}, {})
    assert len(client.sent) == 1


@pytest.mark.parametrize("error", [SaltClientError("down"), SaltReqTimeoutError("down")])
def test_a_master_that_is_down_is_an_error_of_each(together, error):
    calls, _ = together({}, published=error)
    with calls:
        answers, errors = calls.call("x.y", limit=5)
    assert answers == {}
    assert errors["b"] == "b: x.y: the master does not take the call: down"
