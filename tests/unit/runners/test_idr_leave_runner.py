"""A read-only server leaves: all steps in order, and again from wherever it ended."""

import idr_lock
import idr_mine
import keys
import pytest
from farm import DATABASE, ENV, ONE, PROXY, THREE, TWO
from salt.exceptions import CommandExecutionError


@pytest.fixture
def runner(load, farm):
    """The runner; one and two serve."""
    farm.serve(ONE, TWO)
    with farm.ledger() as known:
        for host in (ONE, TWO):
            known.request(host)
            known.mark(host, "serving")
    return load("runners", "idr_leave", opts=farm.opts, context={})


def _gone(farm):
    return (
        set(farm.servers[PROXY]) == {ONE}
        and TWO not in keys.known(farm.opts)
        and idr_mine.address(farm.opts, TWO) is None
        and farm.states()[TWO] == "left"
    )


def test_in_order(farm, runner):
    assert runner.leave(TWO) == {"id": TWO, "cut": {PROXY: {}}, "cloud": "stopped"}
    assert _gone(farm)
    calls = [function for host, function in farm.calls if host in (TWO, PROXY)]
    order = ["frontend.drain", "idr.serving", "state.sls proxy.haproxy", "frontend.await_servers", "service.stop"]
    assert [calls.index(function) for function in order] == sorted(calls.index(function) for function in order)
    assert [tag.rpartition("/")[2] for tag, _ in farm.events] == ["drained", "out", "stopped", "left"]
    assert farm.cloud.done == [("stop", TWO)]
    assert (farm.states()[ONE], farm.servers[PROXY][ONE]) == ("serving", "up")
    assert runner.__context__ == {}


def test_destroyed_if_asked(farm, runner):
    assert runner.leave(TWO, destroy=True)["cloud"] == "destroyed"
    assert TWO not in farm.cloud.has
    assert _gone(farm)


def test_the_dead_leave_by_the_same_steps(farm, runner):
    farm.dead.add(TWO)
    farm.cloud.has[TWO] = "stopped"
    assert runner.leave(TWO, destroy=True)["cloud"] == "destroyed"
    assert _gone(farm)
    assert {function for host, function in farm.calls if host == TWO} == {"test.ping"}


def test_the_last_one_never_leaves(farm, runner):
    farm.ill.add(ONE)
    told = runner.leave(TWO)
    assert told["retcode"] == runner.__context__["retcode"] == 1
    assert "expected another server to be up" in told["errors"][0]
    assert (farm.servers[PROXY][TWO], farm.cloud.done, farm.states()[TWO]) == ("up", [], "serving")
    assert TWO in keys.known(farm.opts)


@pytest.mark.parametrize(
    ("host", "function", "left"),
    [
        (PROXY, "frontend.drain", "serving"),
        (TWO, "idr.serving", "leaving"),
        (PROXY, "state.sls proxy.haproxy", "leaving"),
        (PROXY, "frontend.await_servers", "leaving"),
        (TWO, "service.stop", "leaving"),
    ],
)
def test_what_fails_half_way_goes_on_the_next_time(farm, runner, host, function, left):
    farm.told[host, function] = CommandExecutionError("it broke")
    told = runner.leave(TWO)
    assert "it broke" in told["errors"][0]
    assert "run this again" in told["errors"][0]
    assert farm.states()[TWO] == left
    assert TWO in keys.known(farm.opts)
    farm.told.clear()
    assert "errors" not in runner.leave(TWO)
    assert _gone(farm)


def test_a_cloud_that_refuses_is_asked_again(farm, runner):
    farm.cloud.refuses[TWO] = "no route"
    assert "no route" in runner.leave(TWO, destroy=True)["errors"][0]
    assert farm.states()[TWO] == "leaving"
    farm.cloud.refuses.clear()
    assert runner.leave(TWO, destroy=True)["cloud"] == "destroyed"


def test_a_leave_whose_key_is_gone_already_comes_to_its_end(farm, runner, tmp_path):
    with farm.ledger() as known:
        known.leave(TWO, "leaving")
    (tmp_path / f"pki/minions/{TWO}").unlink()
    farm.cloud.has.pop(TWO)
    assert runner.leave(TWO)["cloud"] == "gone: no cloud has it"
    assert farm.states()[TWO] == "left"


def test_who_does_not_know_of_it_yet_is_told_of_and_no_failure(farm, runner):
    farm.told[DATABASE, "state.sls peers"] = CommandExecutionError("2 states failed")
    told = runner.leave(TWO)
    assert told["errors"] == ["2 states failed"]
    assert "retcode" not in told
    assert farm.states()[TWO] == "left"


@pytest.mark.parametrize("server", [THREE, PROXY, "stranger", None, "*", f"{ENV}-omeroreadonly-0"])
def test_only_a_read_only_server_that_exists(farm, runner, server):
    told = runner.leave(server)
    assert told["retcode"] == 1
    assert "expected" in told["errors"][0]
    assert (farm.calls, farm.cloud.done) == ([], [])


def test_without_a_proxy_nobody_is_taken_out(farm, runner, tmp_path):
    (tmp_path / f"pki/minions/{PROXY}").unlink()
    assert "expected a proxy" in runner.leave(TWO)["errors"][0]
    assert farm.states()[TWO] == "serving"


def test_it_waits_for_an_upgrade_and_gives_up(farm, runner, monkeypatch):
    monkeypatch.setattr(runner, "PATIENCE", 0)
    with idr_lock.holding(farm.folder, ENV, 0):
        assert "is taken" in runner.leave(TWO)["errors"][0]
    assert farm.calls == []
    with idr_lock.holding(farm.folder, ENV, 0, shared=True):
        assert "errors" not in runner.leave(TWO)
