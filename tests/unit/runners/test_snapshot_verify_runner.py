"""The proof of a set: the scratch host goes, whatever comes of it."""

import types

import idr_lock
import idr_snapshot_store
import pytest
from farm import DATABASE, ENV, WRITER

SET = f"{ENV}-20250131-040000"
HOST = f"{ENV}-scratch"
DB, DATA = f"{DATABASE}-db", f"{WRITER}-data"
MANIFEST = {
    "id": SET,
    "complete": True,
    "volumes": {DB: {"snapshot": f"{SET}-{DB}"}, DATA: {"snapshot": f"{SET}-{DATA}"}},
    "postgresql": {"version": "15.9", "volume": DB, "data": "15/main", "tables": {"omero": [3, 3]}},
}
GOOD = {"mounted": [DB, DATA], "tables": {"omero": 3}, "files": 7, "errors": []}


@pytest.fixture
def runner(load, farm, monkeypatch):
    """The runner; ``farm.asked_for`` is what the scratch host was made of, ``farm.told`` what it answers."""
    farm.asked_for = []
    farm.told[HOST, "snapshot.prove"] = lambda *args, **kwargs: farm.asked_for.append((args, kwargs)) or dict(GOOD)
    make = farm.cloud.make

    def made(profile, names, overrides):
        farm.asked_for.append((profile, overrides))
        return make(profile, names)

    monkeypatch.setattr(farm.cloud, "make", made)

    def find(set_id):
        if set_id != SET:
            raise ValueError(f"set {set_id} is not complete")
        return MANIFEST

    monkeypatch.setattr(idr_snapshot_store, "Store", lambda opts, environment: types.SimpleNamespace(find=find))
    return load("runners", "snapshot_verify", opts=farm.opts, context={})


def test_a_good_set_is_cloned_proved_and_its_host_is_gone(farm, runner):
    told = runner.verify(SET)
    assert told["good"] is True
    assert told["files"] == 7
    assert "errors" not in told
    (profile, overrides), (args, kwargs) = farm.asked_for
    assert profile == "idr-scratch"
    assert overrides[HOST]["volumes"] == [
        {"name": "database-db", "snapshot": f"{SET}-{DB}", "delete_on_termination": True},
        {"name": "omeroreadwrite-data", "snapshot": f"{SET}-{DATA}", "delete_on_termination": True},
    ]
    assert args == ({DB: "database-db", DATA: "omeroreadwrite-data"},)
    assert kwargs == {"postgresql": MANIFEST["postgresql"]}
    assert farm.cloud.done == [("make", "idr-scratch", HOST), ("destroy", HOST)]
    assert [tag.rpartition("/")[2] for tag, _ in farm.events] == ["verifying", "verified"]


def test_a_broken_set_is_not_good(farm, runner):
    farm.told[HOST, "snapshot.prove"] = {**GOOD, "errors": ["amcheck: no"]}
    told = runner.verify(SET)
    assert (told["good"], told["errors"], told["retcode"]) == (False, ["amcheck: no"], 1)
    assert HOST not in farm.cloud.has


def test_a_host_that_cannot_says_nothing_of_the_set_and_goes(farm, runner, monkeypatch):
    farm.dead.add(HOST)
    farm.told.clear()
    monkeypatch.setattr(runner, "UP", 0)
    told = runner.verify(SET)
    assert "good" not in told
    assert "does not answer" in told["errors"][0]
    assert HOST not in farm.cloud.has


def test_a_host_that_cannot_be_made_is_told(farm, runner):
    farm.cloud.refuses[HOST] = "no room"
    assert "no room" in runner.verify(SET)["errors"][0]


def test_what_a_killed_proof_has_left_goes_first(farm, runner):
    farm.cloud.has[HOST] = "running"
    assert runner.verify(SET)["good"]
    assert farm.cloud.done[0] == ("destroy", HOST)


def test_nothing_is_made_of_a_set_that_is_not_complete(farm, runner):
    assert "is not complete" in runner.verify(f"{ENV}-20250101-040000")["errors"][0]
    assert "expected an id" in runner.verify("x")["errors"][0]
    assert farm.cloud.done == []


def test_one_proof_at_a_time(farm, runner):
    with idr_lock.holding(farm.folder, f"{ENV}.verify", 0, what=f"snapshot.verify {SET}"):
        assert "is taken" in runner.verify(SET)["errors"][0]
    assert farm.cloud.done == []
