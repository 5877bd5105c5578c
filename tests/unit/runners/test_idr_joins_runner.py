"""What an operator sees of the ledger, and asks of it."""

import pytest
from farm import DATABASE, ENV, ONE, PROXY, THREE, TWO


@pytest.fixture
def runner(load, farm):
    """The runner; what it dispatches is kept."""
    farm.dispatched = []
    functions = {"join.dispatch": farm.dispatched.append}
    return load("runners", "idr_joins", opts=farm.opts, context={}, salt=functions)


def test_hosts_with_state_seconds_and_last_error(farm, runner):
    with farm.ledger() as known:
        known.request(TWO)
        known.claim("one")
        known.mark(TWO, "failed", "2 states failed")
        known.request(ONE)
        known.records[TWO]["requested"] -= 1
    told = runner.joins(ENV)
    assert told["outputter"] == "idr_table"
    assert list(told["data"]) == [TWO, ONE]
    assert told["data"][TWO] == {
        "state": "failed",
        "seconds": {"failed": pytest.approx(0, abs=60)},
        "tries": 1,
        "error": "2 states failed",
    }
    assert runner.joins()["data"] == told["data"]


def test_nobody_yet(runner):
    assert runner.joins()["data"] == {}


def test_other_environments_are_refused_and_broken_files_named(farm, runner):
    assert "idr-nowhere" in runner.joins("idr-nowhere")["errors"][0]
    (farm.folder / "joins").mkdir(parents=True, exist_ok=True)
    (farm.folder / f"joins/{ENV}.json").write_text("{")
    told = runner.joins()
    assert f"{ENV}.json" in told["errors"][0]
    assert told["retcode"] == runner.__context__["retcode"] == 1


def test_an_operator_asks_without_the_pause(farm, runner):
    farm.accept(ONE)
    for _ in range(3):
        with farm.ledger() as known:
            known.request(ONE, now_please=True)
            known.claim("one")
            known.mark(ONE, "failed", "no")
    with farm.ledger() as known:
        known.request(ONE)
        assert known.due() == []
    assert runner.join(ONE) == {"id": ONE, "comment": "join: pending"}
    with farm.ledger() as known:
        assert known.due() == [ONE]
    assert farm.dispatched == [ENV]


@pytest.mark.parametrize("server", [TWO, THREE, PROXY, DATABASE, "stranger", None])
def test_only_a_read_only_server_with_an_accepted_key(farm, runner, server):
    farm.accept(TWO, state="minions_pre")
    told = runner.join(server)
    assert told["retcode"] == 1
    assert (farm.states(), farm.dispatched) == ({}, [])
