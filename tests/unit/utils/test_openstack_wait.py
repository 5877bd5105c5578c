"""Waiting with a limit, and making things once."""

import types

import openstack_wait
import pytest
from cloud_errors import CloudError


class Answer(Exception):
    def __init__(self, status):
        super().__init__(f"status {status}")
        self.status_code = status


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """The pauses that were made, without making them."""
    made = []
    monkeypatch.setattr(openstack_wait.time, "sleep", made.append)
    return made


def test_until_returns_what_it_sees(pauses):
    seen = iter([None, False, "there"])
    assert openstack_wait.until(lambda: next(seen), 10, "it is there") == "there"
    assert pauses == [0.5, 0.5]


def test_until_has_a_limit_and_looks_less_often_as_time_goes_by(monkeypatch, pauses):
    now = [0.0]
    monkeypatch.setattr(openstack_wait.time, "monotonic", lambda: now[0])

    def sleep(seconds):
        pauses.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(openstack_wait.time, "sleep", sleep)
    with pytest.raises(CloudError, match="it is there: not within 100 seconds"):
        openstack_wait.until(lambda: None, 100, "it is there")
    assert sum(pauses) == 100
    assert (pauses[0], max(pauses)) == (0.5, 5)
    assert len(pauses) < 40


class Cloud:
    """Makes a thing at each call, and then fails as it is told."""

    def __init__(self, *failures):
        self.failures, self.things = list(failures), 0

    def make(self):
        failure = self.failures.pop(0) if self.failures else None
        if failure is None or failure[1]:
            self.things += 1
        if failure:
            raise Answer(failure[0])
        return self.things

    def find(self):
        return self.things or None


@pytest.mark.parametrize("carried_out", [False, True])
@pytest.mark.parametrize("status", [500, 503])
def test_once_is_once_whatever_becomes_of_the_answer(status, carried_out):
    cloud = Cloud((status, carried_out))
    assert openstack_wait.once(cloud.make, cloud.find, 3) == 1
    assert cloud.things == 1


def test_once_gives_up(pauses):
    cloud = Cloud(*[(503, False)] * 10)
    with pytest.raises(Answer, match="503"):
        openstack_wait.once(cloud.make, cloud.find, 2)
    assert (cloud.things, len(cloud.failures), pauses) == (0, 7, [0.5, 1.0])


def test_once_does_not_insist_on_what_was_refused(pauses):
    cloud = Cloud((409, False))
    with pytest.raises(Answer, match="409"):
        openstack_wait.once(cloud.make, cloud.find, 5)
    assert pauses == []


def test_once_leaves_too_many_requests_to_the_session_which_has_repeated_them(pauses):
    with pytest.raises(Answer, match="429"):
        openstack_wait.once(Cloud((429, False)).make, lambda: None, 5)
    assert pauses == []


def test_once_pauses_as_long_as_it_is_asked_to(monkeypatch, pauses):
    monkeypatch.setattr(Answer, "response", types.SimpleNamespace(headers={"Retry-After": "7"}), raising=False)
    cloud = Cloud((503, False), (503, False))
    assert openstack_wait.once(cloud.make, cloud.find, 5) == 1
    assert pauses == [7, 7]
