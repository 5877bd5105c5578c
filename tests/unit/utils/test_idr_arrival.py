"""Read-only servers that arrive, each as it can."""

import threading
import time

import idr_arrival
import idr_mine
import pytest
from farm import DATABASE, HEALTHY, ONE, PROXY, THREE, TWO
from salt.exceptions import CommandExecutionError


@pytest.fixture
def arrive(farm):
    """Function that makes hosts ready; what they came to is in ``.marks``, and how often others were served."""
    marks, served = [], []

    def mark(host, state, error=None, states=None):
        # Only the states that were applied have taken a time.
        assert (states is not None) is (state == "applied")
        marks.append((host, state, error) if error else (host, state))

    def arrive(*hosts, serve=None):
        arrival = idr_arrival.Arrival(farm.opts, "idr-x", mark)
        return arrival.make(list(hosts), serve or (lambda: served.append(1)))

    arrive.marks, arrive.served = marks, served
    return arrive


def test_a_new_one_is_applied_proved_by_the_mine_and_ready(farm, arrive):
    farm.accept(ONE)
    assert arrive(ONE) == {}
    assert arrive.marks == [(ONE, "applied"), (ONE, "ready")]
    assert farm.asked("state.apply") == [ONE]


def test_the_others_learn_of_it_meanwhile(farm, arrive):
    farm.serve(TWO)
    farm.accept(ONE, THREE)
    # as a minion does by itself when it starts
    farm.say(ONE)
    arrive(ONE)
    # Neither the new one nor another that is on its way: their own states do it.
    told = set(farm.asked("state.sls peers"))
    assert {DATABASE, PROXY, TWO} <= told
    assert not {ONE, THREE} & told


def test_one_that_is_back_is_proved_and_nothing_is_applied(farm, arrive):
    farm.serve(ONE)
    assert arrive(ONE) == {}
    assert arrive.marks == [(ONE, "ready")]
    assert farm.asked("state.apply") == farm.asked("state.sls peers") == []
    called = [function for host, function in farm.calls if host == ONE]
    assert called[-2:] == ["omero.look", "idr.page"]
    assert "saltutil.refresh_pillar" in called


def test_one_that_is_made_anew_while_it_is_proved_gets_its_states(farm, arrive):
    farm.serve(ONE)
    answers = iter([True])
    farm.told[ONE, "idr.serving"] = lambda *_: next(answers, False)
    farm.told[ONE, "omero.look"] = CommandExecutionError("'omero.look' is not available")
    assert arrive(ONE) == {}
    assert arrive.marks == [(ONE, "applied"), (ONE, "ready")]
    assert {DATABASE, PROXY} <= set(farm.asked("state.sls peers"))


@pytest.mark.parametrize(
    ("function", "answer", "why"),
    [
        ("idr.page", "OMERO.web: refused", "OMERO.web: refused"),
        ("omero.look", {**HEALTHY, "repo": False}, "read-only status of repo"),
        ("omero.look", CommandExecutionError("no answer"), "no answer"),
        ("saltutil.sync_all", CommandExecutionError("no answer"), "no answer"),
    ],
)
def test_one_that_is_back_but_ill_is_not_ready(farm, arrive, function, answer, why):
    farm.serve(ONE)
    farm.told[ONE, function] = answer
    assert why in arrive(ONE)[ONE]
    assert [mark[:2] for mark in arrive.marks] == [(ONE, "failed")]


@pytest.mark.parametrize("answer", [False, CommandExecutionError("'idr.serving' is not available")])
def test_a_new_host_of_an_old_name_is_new(farm, arrive, answer):
    farm.serve(ONE)
    farm.told[ONE, "idr.serving"] = answer
    assert arrive(ONE) == {}
    assert farm.asked("state.apply") == [ONE]


def test_states_that_are_applied_are_not_enough(farm, arrive):
    farm.accept(ONE)
    farm.told[ONE, "state.apply"] = {}
    assert "mine does not say that it serves" in arrive(ONE)[ONE]
    assert arrive.marks[-1][:2] == (ONE, "failed")


def test_one_that_fails_does_not_keep_the_others(farm, arrive):
    farm.accept(ONE, TWO)
    farm.dead.add(TWO)
    failures = arrive(ONE, TWO)
    assert list(failures) == [TWO]
    assert not failures[TWO].startswith(TWO)
    assert (ONE, "ready") in arrive.marks
    assert [mark[:2] for mark in arrive.marks if mark[0] == TWO] == [(TWO, "failed")]


def test_nor_does_one_whose_call_breaks_in_another_way(farm, arrive):
    farm.accept(ONE, TWO)
    farm.told[TWO, "state.apply"] = OSError("too many open files")
    failures = arrive(ONE, TWO)
    assert list(failures) == [TWO]
    assert "too many open files" in failures[TWO]
    assert (ONE, "ready") in arrive.marks


def test_an_introduction_that_fails_keeps_nobody(farm, arrive):
    farm.accept(ONE)
    farm.told[DATABASE, "state.sls peers"] = OSError("too many open files")
    farm.told[PROXY, "state.sls peers"] = CommandExecutionError("2 states failed")
    assert arrive(ONE) == {}


def test_who_is_quick_does_not_wait_for_who_hangs(farm, arrive):
    farm.accept(ONE, TWO)
    hangs, seen = threading.Event(), []
    farm.told[TWO, "state.apply"] = lambda **_: hangs.wait(30) and farm._state_apply(TWO)

    def serve():
        seen.append(list(arrive.marks))
        hangs.set()

    assert arrive(ONE, TWO, serve=serve) == {}
    assert (ONE, "ready") in seen[0]
    assert (TWO, "ready") not in seen[0]
    assert (TWO, "ready") in arrive.marks


def test_who_hangs_is_waited_for_when_nobody_else_is_ready(farm, arrive):
    farm.accept(ONE, TWO)
    farm.dead.add(ONE)
    hangs = threading.Event()
    farm.told[TWO, "state.apply"] = lambda **_: hangs.wait(0.3) or farm._state_apply(TWO)
    assert list(arrive(ONE, TWO)) == [ONE]
    assert arrive.served == []


def test_when_serving_some_early_fails_the_rest_goes_on(farm, arrive):
    farm.accept(ONE, TWO)
    farm.told[TWO, "state.apply"] = lambda **_: time.sleep(2.5) or farm._state_apply(TWO)
    tries = []

    def serve():
        tries.append(1)
        raise ValueError("idr-x.frontends is taken for more than 600 s")

    assert arrive(ONE, TWO, serve=serve) == {}
    # the orchestration's next step tries again
    assert len(tries) == 1


def test_nobody_is_nothing(farm, arrive):
    assert arrive() == {}
    assert farm.calls == arrive.marks == []


def test_the_mine_is_what_the_host_said(farm):
    farm.serve(ONE)
    farm.accept(TWO)
    farm.say(TWO)
    assert [idr_mine.serving(farm.opts, host) for host in (ONE, TWO, THREE)] == [True, False, False]
    assert [idr_mine.address(farm.opts, host) for host in (ONE, THREE)] == ["10.0.0.1", None]
    assert [idr_mine.withdraw(farm.opts, host) for host in (ONE, ONE, TWO, THREE)] == [True, False, False, False]
    assert (idr_mine.serving(farm.opts, ONE), idr_mine.address(farm.opts, ONE)) == (False, "10.0.0.1")
    idr_mine.forget(farm.opts, ONE)
    assert idr_mine.address(farm.opts, ONE) is None
