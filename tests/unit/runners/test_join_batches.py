"""Read-only servers that join: asked for, taken by a batch, applied, served and told, whatever happens meanwhile."""

import collections
import threading
import types

import idr_joins
import idr_lock
import idr_spawn
import pytest
from farm import ENV, ONE, PROXY, THREE, TWO
from salt.exceptions import CommandExecutionError

FOUR = f"{ENV}-omeroreadonly-4"


@pytest.fixture
def join(load, farm):
    """The runner; nobody waits for more who start at the same time, and to wait for room takes no time."""
    clock = types.SimpleNamespace(now=0.0)

    def sleep(seconds):
        clock.now += seconds

    module = load("runners", "join", opts=farm.opts, context={})
    module.time = types.SimpleNamespace(sleep=sleep, monotonic=lambda: clock.now)
    return module


def _batches(farm):
    assert {name for name, _ in farm.started} <= {"orch.join"}
    return [pillar["batch"] for _, pillar in farm.started]


def _run(join, batch):
    """As ``orch.join`` does: each step requires the one before, but the last."""
    told = {}
    for step in ("begin", "apply", "serve"):
        told[step] = getattr(join, step)(ENV, batch)
        if told[step].get("retcode"):
            break
    told["end"] = join.end(ENV, batch)
    return told


def _start(farm, join, *hosts):
    """Have hosts start and be taken by one batch; returns its name."""
    with farm.ledger() as known:
        for host in hosts:
            known.request(host)
    farm.accept(*hosts)
    assert join.dispatch(ENV) == list(hosts)
    return _batches(farm)[-1]


def _later(farm, seconds=idr_joins.STARTING + 1):
    """Let time go by for all records."""
    with farm.ledger() as known:
        for record in known.records.values():
            record["since"] -= seconds
            record["not_before"] -= seconds


def test_a_start_is_noted_and_an_orchestration_begun(farm, join):
    farm.accept(ONE)
    assert join.started(ONE) == {"id": ONE, "joined": False, "comment": "join: requested"}
    (batch,) = _batches(farm)
    assert farm.started[0][1] == {"environment": ENV, "batch": batch}
    assert farm.states() == {ONE: "joining"}
    # The reactor's thread calls no minion.
    assert farm.calls == []


@pytest.mark.parametrize("state", ["minions_pre", "minions_rejected", "minions_denied"])
def test_a_key_that_is_not_accepted_asks_for_nothing(farm, join, caplog, state):
    farm.accept(ONE, state=state)
    assert "its key is not accepted" in join.started(ONE)["comment"]
    assert (farm.states(), farm.started, farm.events) == ({}, [], [])
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert ONE in line


def test_the_whole_way_with_one_change_of_the_proxy(farm, join):
    told = _run(join, _start(farm, join, ONE, TWO))
    assert told["begin"] == {"hosts": [ONE, TWO]}
    assert told["apply"] == {"ready": [ONE, TWO], "failed": {}}
    assert told["serve"] == {"serving": [ONE, TWO]}
    assert told["end"] == {"serving": [ONE, TWO], "again": []}
    assert farm.states() == {ONE: "serving", TWO: "serving"}
    assert farm.servers[PROXY] == {ONE: "up", TWO: "up"}
    assert farm.changes() == 1
    assert join.__context__ == {}


def test_each_step_is_an_event_with_its_seconds(farm, join):
    farm.accept(ONE)
    join.started(ONE)
    _run(join, _batches(farm)[0])
    assert [tag for tag, _ in farm.events] == [
        f"idr/join/{ONE}/{state}" for state in ("requested", "applied", "ready", "serving")
    ]
    for _, data in farm.events:
        assert (data["id"], data["environment"], data["error"]) == (ONE, ENV, None)
        assert data["seconds"] >= 0


def test_starts_while_at_work_are_no_second_join(farm, join):
    batch = _start(farm, join, ONE)
    join.begin(ENV, batch)
    assert [join.started(ONE)["comment"] for _ in range(3)] == ["join: at work"] * 3
    _run(join, batch)
    assert len(farm.started) == 1
    assert farm.asked("state.apply") == [ONE]
    assert farm.states() == {ONE: "serving"}


def test_who_asked_again_and_failed_is_tried_again_at_once(farm, join):
    batch = _start(farm, join, ONE)
    farm.dead.add(ONE)
    join.begin(ENV, batch)
    join.started(ONE)
    told = _run(join, batch)
    assert told["end"]["again"] == [ONE]
    assert "does not answer" in told["end"]["errors"][0]
    assert len(farm.started) == 2
    farm.dead.clear()
    assert _run(join, _batches(farm)[1])["end"] == {"serving": [ONE], "again": []}


def test_after_another_failure_there_is_a_pause(farm, join):
    for _ in range(2):
        farm.dead.add(ONE)
        _run(join, _start(farm, join, ONE))
    join.started(ONE)
    assert len(farm.started) == 2
    _later(farm)
    assert join.dispatch(ENV) == [ONE]


def test_while_another_orchestration_is_at_work_it_stands_back(farm, join):
    batch = _start(farm, join, ONE)
    with idr_lock.holding(farm.folder, ENV, 0):
        told = _run(join, batch)
    assert ENV in told["begin"]["errors"][0]
    assert "apply" not in told
    assert farm.calls == []
    with farm.ledger() as known:
        record = dict(known.records[ONE])
    assert (record["state"], record["batch"], record["tries"]) == ("requested", None, 0)
    assert "is taken" in record["error"]
    # Nobody is kept out by a batch that stood back.
    assert not idr_lock.taken(farm.folder, idr_joins.lock_of(ENV, batch))
    assert join.dispatch(ENV) == []
    _later(farm, join.STAND_BACK)
    assert join.dispatch(ENV) == [ONE]
    assert _run(join, _batches(farm)[1])["end"]["serving"] == [ONE]


def test_joins_share_the_environment_and_keep_an_upgrade_out(farm, join):
    first, second = _start(farm, join, ONE), _start(farm, join, TWO)
    assert [join.begin(ENV, batch)["hosts"] for batch in (first, second)] == [[ONE], [TWO]]
    with pytest.raises(ValueError, match="is taken"), idr_lock.holding(farm.folder, ENV, 0):
        raise AssertionError
    join.end(ENV, first)
    join.end(ENV, second)
    assert not idr_lock.taken(farm.folder, ENV)


def test_one_that_is_silent_fails_and_the_other_serves(farm, join):
    farm.dead.add(TWO)
    told = _run(join, _start(farm, join, ONE, TWO))
    assert list(told["apply"]["failed"]) == [TWO]
    assert told["serve"] == {"serving": [ONE]}
    assert told["end"]["errors"][0].startswith(TWO)
    assert farm.states() == {ONE: "serving", TWO: "failed"}
    assert farm.events[-1][0] == f"idr/join/{ONE}/serving"


@pytest.mark.parametrize("moment", ["ready", "seen"])
def test_one_that_dies_before_it_is_seen_keeps_no_other(farm, join, moment):
    batch = _start(farm, join, ONE, TWO)
    join.begin(ENV, batch)
    join.apply(ENV, batch)
    (farm.dead if moment == "ready" else farm.ill).add(TWO)
    told = join.serve(ENV, batch)
    assert told["serving"] == [ONE]
    assert farm.states()[ONE] == "serving"
    assert farm.states()[TWO] != "serving"
    end = join.end(ENV, batch)
    assert end["serving"] == [ONE]
    assert [error.split(":")[0] for error in end["errors"]] == [TWO]


def test_a_proxy_that_is_down_loses_nobody(farm, join):
    farm.dead.add(PROXY)
    told = _run(join, _start(farm, join, ONE))
    assert PROXY in told["serve"]["errors"][0]
    assert told["end"]["errors"]
    assert farm.states() == {ONE: "ready"}
    farm.dead.clear()
    _later(farm)
    with farm.ledger() as known:
        assert known.recover() == [ONE]
    join.dispatch(ENV)
    assert _run(join, _batches(farm)[1])["end"]["serving"] == [ONE]
    assert farm.asked("state.apply") == [ONE]


def test_one_proxy_of_two_is_enough_to_serve_and_the_other_is_told_of(farm, join):
    second = f"{ENV}-proxy-2"
    farm.accept(second)
    farm.servers[second] = {}
    farm.dead.add(second)
    told = _run(join, _start(farm, join, ONE))
    assert told["serve"]["serving"] == [ONE]
    assert second in told["serve"]["errors"][0]


def test_without_a_proxy_nobody_is_said_to_serve(farm, join, tmp_path):
    (tmp_path / f"pki/minions/{PROXY}").unlink()
    told = _run(join, _start(farm, join, ONE))
    assert "expected a proxy" in told["serve"]["errors"][0]
    assert farm.states() == {ONE: "ready"}


def test_a_configuration_that_fails_its_check_is_no_success(farm, join):
    farm.serve(TWO)
    farm.told[PROXY, "state.sls proxy.haproxy"] = CommandExecutionError("1 states failed: haproxy: check_cmd")
    told = _run(join, _start(farm, join, ONE))
    assert "check_cmd" in told["serve"]["errors"][0]
    assert (farm.states()[ONE], farm.servers[PROXY]) == ("ready", {TWO: "up"})


def test_who_was_drained_stays_so(farm, join):
    farm.serve(ONE, TWO)
    farm.servers[PROXY][ONE] = "drained"
    told = _run(join, _start(farm, join, ONE))
    assert told["serve"] == {"serving": []}
    assert farm.servers[PROXY][ONE] == "drained"
    with farm.ledger() as known:
        assert (known.records[ONE]["state"], known.records[ONE]["error"]) == ("ready", "the front end says drained")


def test_who_returns_and_is_seen_up_changes_no_proxy(farm, join):
    farm.serve(ONE, TWO)
    told = _run(join, _start(farm, join, ONE))
    assert told["serve"] == {"serving": [ONE]}
    assert farm.changes() == 0


def test_who_returns_and_is_not_seen_has_the_proxies_look_anew(farm, join):
    farm.serve(ONE, TWO)
    # as with another address
    seen = iter([CommandExecutionError("not within 60 s")])
    farm.told[PROXY, "frontend.await_servers"] = lambda **wanted: _raise(seen, farm)
    told = _run(join, _start(farm, join, ONE))
    assert told["serve"] == {"serving": [ONE]}
    assert farm.changes() == 1


def _raise(seen, farm):
    for error in seen:
        raise error
    return dict(farm.servers[PROXY])


def test_who_is_ready_in_another_batch_is_served_along(farm, join):
    first, second = _start(farm, join, ONE), _start(farm, join, TWO)
    for batch in (first, second):
        join.begin(ENV, batch)
        join.apply(ENV, batch)
    assert join.serve(ENV, second) == {"serving": [ONE, TWO]}
    assert join.serve(ENV, first) == {"serving": []}
    assert farm.changes() == 1
    assert [join.end(ENV, batch)["serving"] for batch in (first, second)] == [[ONE], [TWO]]


def test_who_is_ready_waits_for_another_batch_and_both_are_one_change(farm, join):
    first, second = _start(farm, join, ONE), _start(farm, join, TWO)
    for batch in (first, second):
        join.begin(ENV, batch)
    with farm.ledger() as known:
        for one in known.records.values():
            one["requested"] -= 100
    join.apply(ENV, first)
    assert farm.changes() == 0
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 3:
            join.apply(ENV, second)

    join.time.sleep = sleep
    assert join.serve(ENV, first) == {"serving": [ONE, TWO]}
    assert (len(slept), farm.changes()) == (3, 1)


def test_who_leaves_meanwhile_is_not_served(farm, join):
    farm.serve(TWO)
    batch = _start(farm, join, ONE)
    join.begin(ENV, batch)
    with farm.ledger() as known:
        known.leave(ONE, "leaving")
    join.apply(ENV, batch)
    assert join.serve(ENV, batch) == {"serving": []}
    assert join.end(ENV, batch) == {"serving": [], "again": []}
    assert farm.states() == {ONE: "leaving"}
    assert [tag for tag, _ in farm.events] == []


def test_a_batch_whose_hosts_were_given_to_another_does_nothing(farm, join):
    late = _start(farm, join, ONE)
    _later(farm)
    with farm.ledger() as known:
        known.recover()
    join.dispatch(ENV)
    assert _run(join, late)["begin"] == {"hosts": []}
    assert farm.asked("state.apply") == []
    assert _run(join, _batches(farm)[1])["end"]["serving"] == [ONE]


def test_who_asks_while_another_dispatches_is_seen_by_that_one(farm, join):
    farm.accept(ONE, TWO)
    seen = []

    def gather(_):
        if not seen:
            # Another thread's event comes just now.
            seen.append(join.started(TWO))

    join.time.sleep = gather
    join.started(ONE)
    assert seen[0]["comment"] == "join: requested"
    assert farm.states() == {ONE: "joining", TWO: "joining"}
    assert len(farm.started) == 1


def test_who_asks_after_the_others_were_taken_is_in_the_next(farm, join, monkeypatch):
    farm.accept(ONE, TWO)

    def spawn(opts, name, pillar):
        farm.started.append((name, pillar))
        if len(farm.started) == 1:
            join.started(TWO)

    monkeypatch.setattr(idr_spawn, "orchestrate", spawn)
    join.started(ONE)
    assert farm.states() == {ONE: "joining", TWO: "joining"}
    assert len(set(_batches(farm))) == 2


def test_no_more_batches_than_there_is_room_for(farm, join):
    hosts = [ONE, TWO, THREE]
    for host in hosts:
        join.begin(ENV, _start(farm, join, host))
    farm.accept(FOUR)
    join.started(FOUR)
    assert farm.states()[FOUR] == "requested"
    assert _run(join, _batches(farm)[0])["end"]["serving"] == [ONE]
    # who ends makes room
    assert farm.states()[FOUR] == "joining"


def test_batches_that_are_about_to_begin_take_room_as_well(farm, join):
    for host in (ONE, TWO, THREE):
        _start(farm, join, host)
    farm.accept(FOUR)
    join.started(FOUR)
    assert farm.states()[FOUR] == "requested"
    assert len(farm.started) == join.BATCHES


@pytest.mark.parametrize("error", [ValueError("salt-run: found nowhere"), OSError("cannot fork")])
def test_an_orchestration_that_does_not_start_is_logged_and_loses_nobody(farm, join, monkeypatch, caplog, error):
    def spawn(*_):
        raise error

    farm.accept(ONE)
    with monkeypatch.context() as patched:
        patched.setattr(idr_spawn, "orchestrate", spawn)
        assert join.started(ONE)["joined"] is False
    assert str(error) in caplog.text
    _later(farm)
    with farm.ledger() as known:
        known.recover()
    assert join.dispatch(ENV) == [ONE]


def test_forty_at_once_are_handled_and_none_twice(farm, join):
    hosts = [f"{ENV}-omeroreadonly-{number}" for number in range(1, 41)]
    farm.accept(*hosts)
    together = threading.Barrier(len(hosts), timeout=60)
    answers = []

    def start(host):
        together.wait()
        # each event comes twice
        answers.extend(join.started(host)["comment"] for _ in range(2))

    threads = [threading.Thread(target=start, args=(host,)) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 2 * len(hosts)
    assert answers.count("join: requested") == len(hosts)
    claimed: collections.Counter = collections.Counter()
    # Who ends makes room for the next, so there may be more of them each time.
    for batch in _growing(farm):
        taken = join.begin(ENV, batch)["hosts"]
        claimed.update(taken)
        with farm.ledger() as known:
            for host in taken:
                known.mark(host, "serving")
        join.end(ENV, batch)
    assert claimed == dict.fromkeys(hosts, 1)
    assert farm.states() == dict.fromkeys(hosts, "serving")


def _growing(farm):
    done = 0
    while done < len(farm.started):
        yield _batches(farm)[done]
        done += 1


@pytest.mark.parametrize("step", ["begin", "apply", "serve", "end"])
def test_a_broken_ledger_is_one_line(farm, join, step):
    (farm.folder / "joins").mkdir(parents=True)
    (farm.folder / f"joins/{ENV}.json").write_text("{")
    told = getattr(join, step)(ENV, "one")
    assert told["retcode"] == join.__context__["retcode"] == 1
    assert f"{ENV}.json" in told["errors"][0]


@pytest.mark.parametrize("step", ["begin", "apply", "serve", "end"])
@pytest.mark.parametrize("environment", ["", "../x", None])
def test_a_wrong_environment_is_one_line(farm, join, tmp_path, step, environment):
    told = getattr(join, step)(environment, "one")
    assert len(told["errors"]) == 1
    assert "environment" in told["errors"][0]
    # and no lock of such a name is left anywhere
    assert not [path for path in tmp_path.rglob("*.lock") if ENV not in path.name]
