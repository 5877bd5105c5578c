"""Sets of snapshots: what comes of them when hosts and clouds do not do as they should."""

import datetime
import json
import pathlib
import threading
import types

import idr_capture
import idr_lock
import idr_pillar
import idr_snapshot_store
import idr_snapshots
import idr_together
import pytest
from farm import DATABASE, ENV, PROXY, WRITER
from salt.exceptions import CommandExecutionError

PILLARS = {
    DATABASE: {"volumes": {"db": {"label": "a", "path": "/db"}}},
    WRITER: {"volumes": {"data": {"label": "b", "path": "/data"}}},
    PROXY: {"volumes": {"nginxcache": {"label": "c", "path": "/cache"}}},
}
NAMES = {f"{DATABASE}-db": DATABASE, f"{PROXY}-nginxcache": PROXY, f"{WRITER}-data": WRITER}
POSTGRESQL = {"version": "15.9", "volume": "db", "data": "15/main", "tables": {"omero": 3}}


class Driver:
    """A cloud with the volumes of the environment; ``refuses`` are volumes without snapshots."""

    def __init__(self, farm):
        self.farm, self.refuses, self.snapshots, self.clones, self.done = farm, {}, {}, {}, []
        self.release = threading.Event()
        self.release.set()

    def call(self, called, /, **given):
        """Double of ``idr_cloud.Driver.call``."""
        self.done.append(called)
        return getattr(self, f"_{called}")(**given)

    def _list_volumes(self):
        return {name: {"attached_to": host, "origin": None} for name, host in NAMES.items()} | self.clones

    def _list_snapshots(self):
        return dict(self.snapshots)

    def _create_snapshots(self, volumes, metadata, keep, **given):
        assert self.release.wait(20)
        assert keep
        assert self.farm.frozen == set(PILLARS)
        told = {}
        for volume in volumes:
            name = f"{given['set']}-{volume}"
            if volume in self.refuses:
                told[name] = {"error": self.refuses[volume]}
                continue
            self.snapshots[name] = told[name] = {
                "id": f"id-{name}", "name": name, "volume": volume, "size": 2, "metadata": dict(metadata), **given,
            }  # fmt: skip
        return told

    def _tag_snapshots(self, metadata, **given):
        if "tag" in self.refuses:
            raise ValueError("no")
        for one in self.snapshots.values():
            if one["set"] == given["set"]:
                one["metadata"].update(metadata)

    def _delete_snapshot(self, name, protected):
        # the word that a protected environment wants to hear
        assert protected == ENV
        del self.snapshots[name]


class Together:
    """Hosts that freeze and thaw; ``farm.told`` overrides their answers."""

    def __init__(self, farm):
        self.farm = farm

    def __call__(self, opts, hosts):
        self.hosts = list(hosts)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def call(self, function, *args, limit, hosts=None):
        """Double of ``idr_together.Together.call``."""
        answers, errors = {}, {}
        for host in self.hosts if hosts is None else hosts:
            try:
                self.farm.calls.append((host, function))
                answers[host] = self._answer(host, function)
            except CommandExecutionError as exc:
                errors[host] = f"{host}: {function}: {exc}"
        return answers, errors

    def _answer(self, host, function):
        told = self.farm.told.get((host, function))
        if isinstance(told, Exception):
            raise told
        if function == "snapshot.freeze":
            self.farm.frozen.add(host)
        if function == "snapshot.thaw":
            self.farm.frozen.discard(host)
            return told or {"whole": True, "by": "master", "seconds": 0.2}
        if function == "saltutil.refresh_pillar":
            return self.farm.known.pop(host, None) is not None
        if function == "snapshot.prepare":
            if told:
                return told
            known = self.farm.known.get(host, PILLARS[host])
            used = {name: 7 for name in known["volumes"]}
            return {"used": used, **({"postgresql": dict(POSTGRESQL)} if host == DATABASE else {})}
        return {"omero": 4} if function == "snapshot.tables" else True


@pytest.fixture
def runner(load, farm, monkeypatch):
    """The runner; ``farm.driver`` is the cloud's, ``farm.frozen`` who is frozen."""
    farm.frozen, farm.known, farm.driver = set(), {}, Driver(farm)
    farm.cloud.driver = lambda alias: farm.driver
    farm.cloud.opts = {"providers": {"here": {}}}
    monkeypatch.setattr(idr_together, "Together", Together(farm))
    monkeypatch.setattr(idr_capture, "revision", lambda folder: "abc")
    monkeypatch.setattr(idr_capture.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(
        idr_pillar,
        "compiler",
        lambda opts, host: types.SimpleNamespace(compile_pillar=lambda: PILLARS.get(host, {})),
    )
    return load("runners", "snapshot", opts=farm.opts, context={})


def steps(farm):
    return [tag.rpartition("/")[2] for tag, _ in farm.events]


def test_a_set_of_all_volumes_is_complete(farm, runner):
    told = runner.create(ENV)
    assert told["complete"] is True
    assert told["freeze_seconds"] == 0.2
    assert "errors" not in told
    assert sorted(told["volumes"]) == sorted(NAMES)
    assert told["volumes"][f"{DATABASE}-db"] == {
        "host": DATABASE, "volume": "db", "path": "/db", "snapshot": f"{told['id']}-{DATABASE}-db",
        "snapshot_id": f"id-{told['id']}-{DATABASE}-db", "size": 2, "used": 7,
    }  # fmt: skip
    assert steps(farm) == ["started", "prepared", "frozen", "taken", "thawed", "complete"]
    assert farm.frozen == set()
    manifest = runner.show(told["id"])
    assert manifest["postgresql"]["tables"] == {"omero": [3, 4]}
    assert (manifest["complete"], manifest["revision"]) == (True, "abc")
    assert runner.list_(ENV)[told["id"]]["volumes"] == 3


def test_a_host_whose_pillar_is_from_before_a_change_gets_it(farm, runner):
    farm.known[WRITER] = {"volumes": {}}
    told = runner.create(ENV)
    assert told["complete"] is True, told
    assert told["volumes"][f"{WRITER}-data"]["used"] == 7
    refreshed = [host for host, function in farm.calls if function == "saltutil.refresh_pillar"]
    assert refreshed == [WRITER]


def test_a_host_that_would_freeze_other_volumes_is_not_frozen(farm, runner):
    other = {"used": {"old": 7}}
    farm.told[WRITER, "snapshot.prepare"] = other
    told = runner.create(ENV)
    assert told["complete"] is False
    assert f"{WRITER}: expected volumes data in its pillar, found old" in told["errors"][0]
    assert not any(function in ("snapshot.arm", "snapshot.freeze") for _, function in farm.calls)


def test_the_driver_is_there_before_anybody_is_frozen(farm, runner):
    seen = []
    farm.cloud.driver = lambda alias: seen.append(len(farm.calls)) or farm.driver
    runner.create(ENV)
    assert seen == [0]


def test_what_the_master_has_lost_is_in_the_snapshots(farm, runner):
    told = runner.create(ENV)
    idr_snapshot_store.forget(farm.opts, told["id"])
    found = runner.show(told["id"])
    assert found["complete"]
    assert found["postgresql"]["tables"] == {"omero": [3, 4]}
    assert found["freeze_seconds"] == 0.2


def test_a_set_with_a_snapshot_that_is_refused_leaves_none(farm, runner):
    farm.driver.refuses[f"{PROXY}-nginxcache"] = "the quota of snapshots is used up"
    told = runner.create(ENV)
    assert (told["complete"], told["retcode"], told["volumes"]) == (False, 1, {})
    assert "the quota of snapshots is used up" in told["errors"][0]
    assert farm.driver.snapshots == {}
    assert farm.frozen == set()
    assert steps(farm)[-1] == "incomplete"
    assert runner.list_(ENV)[told["id"]]["complete"] is False


def test_snapshots_are_removed_only_when_nobody_waits_any_more(farm, runner):
    farm.driver.refuses[f"{PROXY}-nginxcache"] = "no"
    delete, frozen = farm.driver._delete_snapshot, []
    farm.driver._delete_snapshot = lambda **given: frozen.append(set(farm.frozen)) or delete(**given)
    runner.create(ENV)
    assert frozen == [set(), set()]


def test_a_host_that_thawed_by_itself_breaks_the_set(farm, runner):
    farm.told[WRITER, "snapshot.thaw"] = {"whole": False, "by": "timer", "seconds": 15.0}
    told = runner.create(ENV)
    assert told["complete"] is False
    assert told["freeze_seconds"] == 15.0
    assert told["errors"] == [f"{WRITER}: thawed by timer after 15.0 s, and not by the master"]
    assert {one["metadata"]["complete"] for one in farm.driver.snapshots.values()} == {"false"}
    assert len(farm.driver.snapshots) == 3


def test_a_host_that_does_not_answer_breaks_the_set_and_the_others_are_thawed(farm, runner):
    farm.told[WRITER, "snapshot.thaw"] = CommandExecutionError("no answer within 30 s")
    told = runner.create(ENV, limit=1)
    assert told["complete"] is False
    assert "no answer" in told["errors"][0]
    assert farm.frozen == {WRITER}


@pytest.mark.parametrize("step", ["prepare", "arm", "freeze"])
def test_nothing_is_taken_when_a_host_cannot(farm, runner, step):
    farm.told[WRITER, f"snapshot.{step}"] = CommandExecutionError("no room")
    told = runner.create(ENV)
    assert (told["complete"], told["retcode"]) == (False, 1)
    assert told["errors"] == [f"{WRITER}: snapshot.{step}: no room"]
    assert "create_snapshots" not in farm.driver.done
    assert farm.frozen == set()


def test_a_cloud_that_is_late_keeps_nobody_frozen(farm, runner):
    farm.driver.release.clear()
    thaw, thawed = Together._answer, []

    def answer(self, host, function):
        if function == "snapshot.thaw":
            thawed.append(host)
            farm.frozen.add(host)
            farm.driver.release.set()
            return {"whole": False, "by": "timer", "seconds": 1.0}
        return thaw(self, host, function)

    Together._answer, kept = answer, Together._answer
    try:
        told = runner.create(ENV, limit=1)
    finally:
        Together._answer = kept
    assert sorted(thawed) == sorted(PILLARS)
    assert told["errors"][0] == "the cloud has not taken all snapshots within 1 s"
    assert told["complete"] is False
    assert {one["metadata"]["complete"] for one in farm.driver.snapshots.values()} == {"false"}


def test_two_at_once_are_refused(farm, runner):
    with idr_lock.holding(farm.folder, f"{ENV}.snapshot", 0, what="snapshot.create"):
        told = runner.create(ENV)
    assert "is taken" in told["errors"][0]
    assert "snapshot.create" in told["errors"][0]
    assert farm.calls == []


def test_none_in_the_middle_of_an_upgrade(farm, runner, monkeypatch):
    monkeypatch.setattr(runner, "PATIENCE", 0)
    with idr_lock.holding(farm.folder, ENV, 0, what="orch.upgrade"):
        assert "orch.upgrade" in runner.create(ENV)["errors"][0]
    assert farm.calls == []


def test_a_volume_that_the_cloud_has_not_is_told_before_anybody_is_frozen(farm, runner, monkeypatch):
    monkeypatch.setitem(NAMES, f"{WRITER}-data", "other")
    told = runner.create(ENV)
    assert f"volume {WRITER}-data: expected in the cloud" in told["errors"][0]
    assert farm.calls == []


@pytest.mark.parametrize("limit", [0, -1, "10", True, 1.5])
def test_the_limit_is_a_number_of_seconds(runner, limit):
    assert "limit: expected a whole number of seconds" in runner.create(ENV, limit=limit)["errors"][0]


def test_a_set_that_cannot_be_marked_is_not_complete(farm, runner):
    farm.driver.refuses["tag"] = True
    assert runner.create(ENV)["complete"] is False


def test_a_master_without_room_has_a_set_all_the_same(farm, runner, monkeypatch):
    write, written = idr_snapshot_store.write, []

    def full(opts, manifest):
        if written:
            raise OSError("No space left on device")
        written.append(write(opts, manifest))

    monkeypatch.setattr(idr_snapshot_store, "write", full)
    told = runner.create(ENV)
    assert told["complete"] is True
    assert "No space left on device" in told["errors"][0]
    assert runner.show(told["id"])["complete"] is True


def made(farm, runner, monkeypatch, *times):
    """Ids of sets that were made at these times."""
    ids, new_id = [], idr_snapshots.new_id
    for text in times:
        set_id = new_id(ENV, datetime.datetime.strptime(text, "%Y%m%d").replace(hour=4, tzinfo=datetime.UTC))
        monkeypatch.setattr(idr_snapshots, "new_id", lambda *_, found=set_id: found)
        ids.append(runner.create(ENV)["id"])
    return ids


def test_pruning_removes_what_is_not_needed(farm, runner, monkeypatch):
    old, used, last = made(farm, runner, monkeypatch, "20250101", "20250102", "20250103")
    origin = {"kind": "snapshot", "id": f"id-{used}-{DATABASE}-db"}
    farm.driver.clones["clone"] = {"attached_to": "x", "origin": origin}
    policy = {"keep": 1, "daily": 0, "weekly": 0, "monthly": 0}
    assert runner.prune(ENV, test=True, **policy) == {"kept": {last: "last", used: "in use"}, "removed": [old]}
    assert len(farm.driver.snapshots) == 9
    assert runner.prune(ENV, **policy)["removed"] == [old]
    assert sorted(runner.list_(ENV)) == [used, last]
    assert runner.list_(ENV)[used]["used by"] == ["clone"]
    assert len(farm.driver.snapshots) == 6


def test_nothing_is_pruned_where_clones_are_not_known(farm, runner, monkeypatch):
    made(farm, runner, monkeypatch, "20250101", "20250102")

    def broken():
        raise ValueError("the cloud does not answer")

    farm.driver._list_volumes = broken
    assert "the cloud does not answer" in runner.prune(ENV, keep=1)["errors"][0]
    assert len(farm.driver.snapshots) == 6


def test_bad_policies_are_refused(runner):
    assert "keep: expected a whole number" in runner.prune(ENV, keep=-1)["errors"][0]


def test_a_manifest_is_written_once_and_for_its_owner(farm, runner, tmp_path):
    set_id, path = runner.create(ENV)["id"], tmp_path / "set.json"
    assert runner.export(set_id, str(path)) == {"written": str(path)}
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["id"] == set_id
    assert "File exists" in runner.export(set_id, str(path))["errors"][0]
    assert runner.export(set_id)["id"] == set_id


def test_what_is_not_there_is_told(runner):
    assert "expected an id" in runner.show("x")["errors"][0]
    assert f"set {ENV}-20250101-000000: expected one of none" in runner.show(f"{ENV}-20250101-000000")["errors"][0]


def test_manifests_are_for_root_alone(farm, runner):
    set_id = runner.create(ENV)["id"]
    assert pathlib.Path(farm.folder, "snapshots", f"{set_id}.json").stat().st_mode & 0o777 == 0o600
