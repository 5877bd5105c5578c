"""Start events of read-only servers between real daemons: storms, lies and a master that dies."""

import pathlib
import time

import idr_lock
import idr_releases
import pytest
import salt.crypt
import salt.utils.event

STORM = 40
# of them, the last ones, for the tests that come after
LATER = 5


@pytest.fixture(scope="module")
def readers(master, joined, environment):
    """Ids of read-only servers whose keys are accepted, and that never answer."""
    ids = [f"{environment}-omeroreadonly-{number}" for number in range(101, 101 + STORM)]
    _, public = salt.crypt.gen_keys(2048)
    folder = pathlib.Path(master.config["pki_dir"], "minions")
    for name in ids:
        (folder / name).write_text(public)
    yield ids
    for name in ids:
        (folder / name).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def run(master):
    """Function that calls a runner and returns its answer."""
    salt_run = master.salt_run_cli(timeout=180)
    return lambda *arguments, **kwargs: salt_run.run(*arguments, **kwargs).data


@pytest.fixture
def started(master):
    """Function that sends start events as the master does when a minion has said so."""

    def started(*ids):
        with salt.utils.event.get_master_event(master.config, master.config["sock_dir"], listen=False) as bus:
            for name in ids:
                data = {"id": name, "cmd": "_minion_event", "data": "Minion started", "tag": "minion_start"}
                assert bus.fire_event(data, f"salt/minion/{name}/start")

    return started


def _settled(run, environment, ids, within=300):
    deadline = time.monotonic() + within
    while True:
        records = run("idr.joins", environment)
        if all(records.get(name, {}).get("state") == "failed" for name in ids):
            return records
        assert time.monotonic() < deadline, {name: records.get(name) for name in ids}
        time.sleep(2)


def test_a_storm_is_handled_and_nobody_twice(readers, run, started, environment, event_listener, master):
    begin = time.time()
    started(*readers)
    # the same again, while they are at work: who then fails is tried once more
    twice, once = readers[:5], readers[5:]
    started(*twice)
    records = _settled(run, environment, readers)
    assert {records[name]["tries"] for name in once} == {1}
    assert {records[name]["tries"] for name in twice} <= {1, 2}
    requested = [
        event.data["id"] for event in event_listener.get_events([(master.id, "idr/join/*/requested")], after_time=begin)
    ]
    assert sorted(set(requested)) == sorted(readers)
    assert sorted(name for name in requested if name in once) == sorted(once)
    orchestrated = {
        event.data["jid"]
        for event in event_listener.get_events([(master.id, "salt/run/*/new")], after_time=begin)
        if event.data.get("fun") == "runner.state.orchestrate"
    }
    assert 1 <= len(orchestrated) <= 5
    assert "does not answer" in records[readers[0]]["error"]
    # What the master reconciles by itself would wait long for forty who never answer.
    for name in readers[: STORM - LATER]:
        (pathlib.Path(master.config["pki_dir"], "minions") / name).unlink()


def test_a_forged_start_of_another_is_dropped(readers, run, cli, environment, event_listener, master):
    victim, begin = readers[-1], time.time()
    before = run("idr.joins", environment)[victim]
    tag = f"salt/minion/{victim}/start"
    assert cli(f"{environment}-proxy", "event.send", tag, {"id": victim}) is True
    assert event_listener.wait_for_events([(master.id, tag)], after_time=begin, timeout=30).found_all_events
    time.sleep(5)
    assert run("idr.joins", environment)[victim] == before


@pytest.mark.parametrize("tag", ["idr/join/{}/serving", "salt/cloud/{}/created", "salt/cloud/{}/destroyed"])
def test_other_events_about_a_server_do_nothing(readers, run, cli, environment, tag):
    victim = readers[-1]
    before = run("idr.joins", environment)[victim]
    assert cli(f"{environment}-proxy", "event.send", tag.format(victim), {"id": victim, "name": victim}) is True
    time.sleep(3)
    assert run("idr.joins", environment)[victim] == before


@pytest.mark.parametrize("wrong", ["{}-omeroreadonly-0", "{}-omeroreadwriter-1", "'; id", "x" * 300, "a\nb", "../../x"])
def test_ids_of_another_form_leave_no_trace(master, run, started, environment, wrong, joined):
    name = wrong.format(environment)
    before = set(run("idr.joins", environment))
    started(name)
    answer = run("join.started", name)
    assert answer["joined"] is False
    assert "expected <environment>-<role>" in answer["comment"]
    assert set(run("idr.joins", environment)) == before


def test_a_rejected_key_does_not_join(master, run, started, environment, joined):
    name = f"{environment}-omeroreadonly-99"
    folder = pathlib.Path(master.config["pki_dir"], "minions_rejected")
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(salt.crypt.gen_keys(2048)[1])
    try:
        started(name)
        assert "not accepted" in run("join.started", name)["comment"]
        assert name not in run("idr.joins", environment)
        rows = run("idr.reconcile", environment, test=True)
        assert "rejected" in rows.get("hosts", rows)[name]["found"]
    finally:
        (folder / name).unlink()


def test_two_orchestrations_stand_back_from_each_other(readers, run, environment, master):
    name = readers[-2]
    # as orch.upgrade has the environment
    with idr_lock.holding(idr_releases.folder(master.config), environment, 300):
        run("idr.join", name)
        deadline = time.monotonic() + 60
        while "is taken" not in (run("idr.joins", environment)[name]["error"] or ""):
            assert time.monotonic() < deadline
            time.sleep(1)
        assert run("idr.joins", environment)[name]["state"] == "requested"
        rows = run("idr.reconcile", environment)
        assert any("stands back" in error for error in rows["errors"])
    run("idr.join", name)
    _settled(run, environment, [name])


def test_a_master_that_dies_in_the_middle_loses_nobody(readers, run, started, environment, master):
    name = readers[-4]
    run("idr.join", name)
    deadline = time.monotonic() + 60
    while run("idr.joins", environment)[name]["state"] != "joining":
        assert time.monotonic() < deadline
        time.sleep(0.5)
    tries = run("idr.joins", environment)[name]["tries"]
    master.terminate()
    master.start()
    # whatever became of that batch, it is tried again, and this time comes to its end
    run("idr.reconcile", environment)
    run("idr.join", name)
    records = _settled(run, environment, [name])
    assert records[name]["tries"] > tries
