"""What events have missed is found and mended, over hosts, proxies and a cloud that answer as told."""

import os
import pathlib
import types

import idr_joins
import idr_lock
import idr_mine
import idr_reconcile
import idr_sight
import keys
import pytest
from farm import DATABASE, ENV, ONE, PROXY, THREE, TWO, WRITER
from salt.exceptions import CommandExecutionError


@pytest.fixture
def runner(load, farm):
    """The runner; one and two serve, and have done so for long."""
    farm.serve(ONE, TWO)
    with farm.ledger() as known:
        for host in (ONE, TWO):
            known.request(host)
            known.mark(host, "serving")
    for path in pathlib.Path(farm.opts["pki_dir"], "minions").iterdir():
        os.utime(path, (1, 1))
    farm.dispatched = []
    functions = {"join.dispatch": farm.dispatched.append}
    return load("runners", "idr_reconcile", opts=farm.opts, context={}, salt=functions)


def _found(told, host):
    return told.get("data", told.get("hosts"))[host]["found"]


def _gone(farm, host):
    """A host that was destroyed, or whose power was cut for good."""
    farm.cloud.has.pop(host)
    farm.dead.add(host)


def test_where_all_is_well_nothing_is_done(farm, runner):
    told = runner.reconcile(ENV)
    assert told["outputter"] == "idr_table"
    assert list(told["data"]) == [DATABASE, ONE, TWO, WRITER, PROXY]
    assert {row["found"] for row in told["data"].values()} == {"all is well"}
    assert {function for _, function in farm.calls} == {"test.ping", "frontend.servers"}
    assert runner.__context__ == {}
    # Requests that were not dispatched are, in any case.
    assert farm.dispatched == [ENV]


def test_all_environments_with_an_accepted_key(farm, runner, tmp_path):
    farm.accept("stranger", "idr-y-omeroreadonly-1")
    (tmp_path / "y.map").write_text("ro: [idr-y-omeroreadonly-1]\n")
    farm.told["idr-y-omeroreadonly-1", "test.ping"] = True
    hosts = runner.reconcile()["data"]
    assert set(hosts) == {DATABASE, ONE, TWO, WRITER, PROXY, "idr-y-omeroreadonly-1"}


def test_who_is_gone_is_forgotten_and_taken_out(farm, runner):
    _gone(farm, TWO)
    found = _found(runner.reconcile(ENV), TWO)
    assert "its server is gone (done)" in found
    assert TWO not in keys.known(farm.opts)
    assert idr_mine.address(farm.opts, TWO) is None
    assert farm.servers[PROXY] == {ONE: "up"}
    # the others learn of it
    assert set(farm.asked("state.sls peers")) == {DATABASE, ONE, WRITER, PROXY}
    assert farm.states().get(TWO, "left") == "left"


def test_who_lost_its_power_is_taken_out_and_kept(farm, runner):
    farm.dead.add(TWO)
    farm.cloud.has[TWO] = "stopped"
    assert "neither its minion nor its OMERO.web answers (done)" in _found(runner.reconcile(ENV), TWO)
    assert farm.servers[PROXY] == {ONE: "up"}
    assert TWO in keys.known(farm.opts)


def test_who_may_be_booting_is_given_its_time(farm, runner, monkeypatch):
    farm.dead.add(TWO)
    now = types.SimpleNamespace(time=lambda: now.clock, clock=1_000_000.0)
    monkeypatch.setattr(idr_sight, "time", now)
    for _ in range(3):
        assert "(done)" not in _found(runner.reconcile(ENV), TWO)
        now.clock += idr_reconcile.BOOTING / 3
    assert TWO in farm.servers[PROXY]
    assert "neither its minion nor its OMERO.web answers (done)" in _found(runner.reconcile(ENV), TWO)
    assert farm.servers[PROXY] == {ONE: "up"}


def test_who_answered_meanwhile_has_its_time_anew(farm, runner, monkeypatch):
    now = types.SimpleNamespace(time=lambda: now.clock, clock=1_000_000.0)
    monkeypatch.setattr(idr_sight, "time", now)
    for dead in (True, False, True):
        farm.dead = {TWO} if dead else set()
        assert "(done)" not in _found(runner.reconcile(ENV), TWO)
        now.clock += idr_reconcile.BOOTING - 1
    assert TWO in farm.servers[PROXY]


@pytest.mark.parametrize("wrong", ["cloud here: no route", None])
def test_a_cloud_that_does_not_answer_has_lost_nobody(farm, runner, wrong):
    farm.dead.add(TWO)
    farm.cloud.wrong = {"here": wrong} if wrong else {}
    farm.cloud.has.clear()
    told = runner.reconcile(ENV)
    assert TWO in keys.known(farm.opts)
    assert (wrong in told.get("errors", [])) is bool(wrong)


def test_a_host_that_is_just_being_made_is_not_forgotten(farm, runner):
    # Salt Cloud accepts the key before it asks the cloud for volumes and server, which may take minutes.
    farm.accept(THREE)
    _gone(farm, THREE)
    runner.reconcile(ENV)
    assert THREE in keys.known(farm.opts)


def test_who_does_not_serve_is_asked_to_join(farm, runner):
    farm.accept(THREE)
    farm.say(THREE)
    assert "it does not serve (asked for)" in _found(runner.reconcile(ENV), THREE)
    assert (farm.states()[THREE], farm.dispatched) == ("requested", [ENV])
    assert farm.changes() == 0


def test_a_join_at_work_is_left_alone(farm, runner):
    farm.accept(THREE)
    farm.say(THREE)
    with farm.ledger() as known:
        known.request(THREE)
        known.claim("one")
    with idr_lock.holding(farm.folder, idr_joins.lock_of(ENV, "one"), 0):
        assert _found(runner.reconcile(ENV), THREE).startswith("it joins")
    assert farm.states()[THREE] == "joining"


def test_a_join_that_died_goes_on(farm, runner):
    farm.accept(THREE)
    farm.say(THREE)
    with farm.ledger() as known:
        known.request(THREE)
        known.claim("one")
        known.records[THREE]["since"] -= idr_joins.STARTING + 1
    runner.reconcile(ENV)
    assert (farm.states()[THREE], farm.dispatched) == ("requested", [ENV])


def test_what_the_mine_has_lost_is_said_again(farm, runner):
    idr_mine.forget(farm.opts, TWO)
    assert _found(runner.reconcile(ENV), TWO) == "all is well"
    assert farm.asked("mine.update") == [TWO]
    assert idr_mine.serving(farm.opts, TWO)
    assert farm.changes() == 0


def test_a_proxy_that_lost_one_gets_it_back_by_a_join(farm, runner):
    del farm.servers[PROXY][TWO]
    assert f"{PROXY} does not have it (asked for)" in _found(runner.reconcile(ENV), TWO)
    assert farm.states()[TWO] == "requested"


def test_a_strangers_key_changes_nothing(farm, runner):
    farm.accept(THREE, state="minions_pre")
    before = farm.states()
    assert "its key is pending" in _found(runner.reconcile(ENV), THREE)
    assert farm.states() == before
    assert farm.changes() == 0
    assert keys.known(farm.opts, "minions_pre") == [THREE]


def test_who_leaves_is_not_asked_back(farm, runner):
    with farm.ledger() as known:
        known.leave(TWO, "leaving")
    assert "it leaves" in _found(runner.reconcile(ENV), TWO)
    assert farm.states()[TWO] == "leaving"
    assert TWO in keys.known(farm.opts)


def test_test_mode_only_says(farm, runner):
    _gone(farm, TWO)
    farm.accept(THREE)
    farm.say(THREE)
    before = farm.states()
    told = runner.reconcile(ENV, test=True)
    assert "its server is gone (to do)" in _found(told, TWO)
    assert "it does not serve (to do)" in _found(told, THREE)
    assert farm.states() == before
    assert (TWO in keys.known(farm.opts), farm.changes(), farm.dispatched) == (True, 0, [])


def test_it_stands_back_for_an_upgrade(farm, runner):
    _gone(farm, TWO)
    with idr_lock.holding(farm.folder, ENV, 0):
        told = runner.reconcile(ENV)
    assert "stands back" in told["errors"][0]
    assert "(to do)" in _found(told, TWO)
    assert (TWO in keys.known(farm.opts), farm.changes(), farm.dispatched) == (True, 0, [])


def test_only_one_at_a_time(farm, runner):
    runner.PATIENCE = 0
    with idr_lock.holding(farm.folder, f"{ENV}.reconcile", 0):
        assert "is taken" in runner.reconcile(ENV)["errors"][0]
    assert farm.calls == []


def test_a_proxy_that_is_down_is_an_error_and_takes_nobody_out(farm, runner):
    farm.dead.add(PROXY)
    told = runner.reconcile(ENV)
    assert told["retcode"] == runner.__context__["retcode"] == 1
    assert any(PROXY in error for error in told["errors"])
    assert _found(told, TWO) == "all is well"
    assert told["hosts"][TWO]["front end"] == "?"


def test_a_change_that_fails_is_said_and_the_joins_are_asked_for(farm, runner):
    _gone(farm, TWO)
    farm.accept(THREE)
    farm.say(THREE)
    farm.told[PROXY, "state.sls proxy.haproxy"] = CommandExecutionError("haproxy: check_cmd")
    told = runner.reconcile(ENV)
    assert "haproxy: check_cmd" in told["errors"]
    assert f"{PROXY} still has it (failed)" in _found(told, TWO)
    assert farm.states()[THREE] == "requested"


def test_proxies_that_another_changes_for_long_are_no_upgrade(farm, runner, monkeypatch):
    _gone(farm, TWO)
    farm.accept(THREE)
    farm.say(THREE)
    holding = idr_lock.holding
    monkeypatch.setattr(idr_lock, "holding", lambda folder, name, limit, **kwargs: holding(folder, name, 0, **kwargs))
    with holding(farm.folder, f"{ENV}.frontends", 0):
        told = runner.reconcile(ENV)
    assert any("frontends is taken" in error for error in told["errors"])
    # What does not need the proxies is done all the same.
    assert farm.states()[THREE] == "requested"


def test_every_action_is_one_line_of_the_log(farm, runner, caplog):
    _gone(farm, TWO)
    runner.reconcile(ENV)
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert f"reconcile {TWO}: forget: its server is gone" in lines


def test_one_broken_environment_keeps_no_other(farm, runner):
    farm.accept("idr-aaa-proxy")
    told = runner.reconcile()
    assert any("idr-aaa" in error for error in told["errors"])
    assert _found(told, TWO) == "all is well"
