"""Decisions about sets of snapshots."""

import datetime
import json

import cloud_volumes
import idr_snapshots
import pytest

DB, DATA = "idr-x-database-db", "idr-x-omeroreadwrite-data"
SET = "idr-x-20250131-040000"
PILLARS = {
    "idr-x-database": {"volumes": {"db": {"label": "a", "path": "/db"}}},
    "idr-x-omeroreadwrite": {"volumes": {"data": {"label": "b", "path": "/data", "snapshot": True}}},
    "idr-x-management": {"volumes": {"data": {"label": "c", "path": "/data", "snapshot": False}}},
    "idr-x-omeroreadonly-1": {},
}
VOLUMES = {
    DB: {"host": "idr-x-database", "volume": "db", "path": "/db"},
    DATA: {"host": "idr-x-omeroreadwrite", "volume": "data", "path": "/data"},
}


def manifest(**changes):
    return {
        "id": SET,
        "environment": "idr-x",
        "complete": True,
        "instant": "2025-01-31T04:00:05+00:00",
        "freeze_seconds": 0.4,
        "revision": "abc",
        "volumes": VOLUMES,
        "postgresql": {"version": "15.9", "host": "idr-x-database", "volume": DB, "tables": {"omero": [3, 4]}},
        "omero": {"version": "5.6.13", "schema": "OMERO5.4__0", "volume": DATA, "data": "OMERO"},
        **changes,
    }


def snapshots(set_id=SET, **changes):
    metadata = idr_snapshots.metadata(manifest(**changes))
    return {
        f"{set_id}-{name}": {"id": f"id-{name}", "set": set_id, "volume": name, "size": 2, "metadata": dict(metadata)}
        for name in VOLUMES
    }


def test_an_id_says_environment_and_time():
    now = datetime.datetime(2025, 1, 31, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    assert idr_snapshots.new_id("idr-x", now) == SET
    assert idr_snapshots.environment(SET) == "idr-x"
    assert idr_snapshots.instant(SET) == now


@pytest.mark.parametrize("wrong", ["", "idr-x", "idr-x-20250131", "../x-20250131-040000", None, "a/b-20250131-040000"])
def test_an_id_of_another_form_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        idr_snapshots.environment(wrong)


def test_all_volumes_of_pillar_but_those_that_say_no():
    assert idr_snapshots.volumes(PILLARS) == VOLUMES
    with pytest.raises(ValueError, match="pillar volumes: expected one"):
        idr_snapshots.volumes({"idr-x-management": PILLARS["idr-x-management"]})


def test_volumes_must_be_where_they_are_frozen():
    known = {DB: {"attached_to": "idr-x-database"}, DATA: {"attached_to": "other"}}
    (line,) = idr_snapshots.missing(VOLUMES, known)
    assert DATA in line
    assert "attached to other" in line
    assert "found none" in idr_snapshots.missing(VOLUMES, {})[0]
    assert idr_snapshots.missing(VOLUMES, {DB: known[DB], DATA: {"attached_to": "idr-x-omeroreadwrite"}}) == []


def test_hosts_must_know_the_volumes_that_are_taken():
    said = {"idr-x-database": {"used": {"db": 1}}, "idr-x-omeroreadwrite": {"used": {"data": 2}}}
    assert idr_snapshots.unlike(VOLUMES, said) == {}
    said["idr-x-database"]["used"] = {}
    said["idr-x-omeroreadwrite"]["used"]["old"] = 3
    assert idr_snapshots.unlike(VOLUMES, said) == {
        "idr-x-database": "idr-x-database: expected volumes db in its pillar, found none: salt idr-x-database"
        " saltutil.refresh_pillar",
        "idr-x-omeroreadwrite": "idr-x-omeroreadwrite: expected volumes data in its pillar, found data, old: salt"
        " idr-x-omeroreadwrite saltutil.refresh_pillar",
    }


def test_facts_name_volumes_as_the_cloud_does():
    said = {
        "idr-x-database": {"used": {}, "postgresql": {"version": "15.9", "volume": "db", "tables": {"omero": 3}}},
        "idr-x-omeroreadwrite": {"used": {}, "omero": {"version": "1", "volume": "data"}},
        "idr-x-proxy": {"used": {}},
    }
    assert idr_snapshots.facts(said) == {
        "postgresql": {"version": "15.9", "volume": DB, "host": "idr-x-database", "tables": {"omero": [3, 3]}},
        "omero": {"version": "1", "volume": DATA, "host": "idr-x-omeroreadwrite"},
    }


def test_tables_are_between_what_was_counted_before_and_after():
    before, after = {"omero": [3, 3], "gone": [1, 1]}, {"omero": 5, "new": 2}
    assert idr_snapshots.between(before, after) == {"omero": [3, 5]}


def whole(**changes):
    return {"whole": True, "by": "master", "seconds": 0.3, **changes}


def test_a_host_that_was_not_frozen_until_the_end_breaks_the_set():
    hosts = ["a", "b", "c", "d"]
    thawed = {
        "a": whole(),
        "b": whole(whole=False, by="timer", seconds=5.0),
        "c": whole(whole=False, by=None, seconds=None),
    }
    lines = idr_snapshots.broken(hosts, thawed, {"d": "d: gone"})
    assert lines == [
        "b: thawed by timer after 5.0 s, and not by the master",
        "c: thawed by nobody before it was frozen, and not by the master",
        "d: gone",
    ]
    assert idr_snapshots.broken(["a", "e"], thawed, {}) == ["e: no answer"]
    assert idr_snapshots.freeze_seconds(thawed) == 5.0
    assert idr_snapshots.freeze_seconds({}) is None


def test_a_manifest_comes_back_from_metadata():
    found = idr_snapshots.of_cloud(snapshots())[SET]
    wanted = manifest()
    for key in ("id", "environment", "complete", "instant", "freeze_seconds", "revision", "postgresql", "omero"):
        assert found[key] == wanted[key], key
    assert found["volumes"][DB] == {
        "host": "idr-x-database", "volume": "db", "snapshot": f"{SET}-{DB}", "snapshot_id": f"id-{DB}", "size": 2,
    }  # fmt: skip


def test_metadata_is_what_clouds_can_keep():
    tables = {f"database{number}": [1, 1] for number in range(50)}
    found = idr_snapshots.metadata(manifest(postgresql={"version": "15.9", "tables": tables}))
    assert "tables" not in found
    assert json.loads(found["postgresql"]) == {"version": "15.9"}
    assert cloud_volumes.metadata(found, "here") == found


def test_a_set_is_complete_only_with_all_its_snapshots():
    there = snapshots()
    del there[f"{SET}-{DB}"]
    assert not idr_snapshots.of_cloud(there)[SET]["complete"]
    there = snapshots()
    there[f"{SET}-{DB}"]["metadata"]["complete"] = "false"
    assert not idr_snapshots.of_cloud(there)[SET]["complete"]
    assert not idr_snapshots.of_cloud(snapshots(complete=False))[SET]["complete"]


def test_snapshots_of_others_are_none_of_ours():
    other = {"id": "1", "set": "before-upgrade", "volume": "a", "size": 1, "metadata": {}}
    assert idr_snapshots.of_cloud({"a": other, "b": {**other, "set": None}}) == {}


def test_the_cloud_has_the_last_word():
    written = {SET: manifest(limit=5), "idr-x-20250130-040000": manifest(id="idr-x-20250130-040000")}
    found = idr_snapshots.merged(written, idr_snapshots.of_cloud(snapshots(complete=False)))
    assert not found[SET]["complete"]
    assert found[SET]["limit"] == 5
    assert found[SET]["volumes"][DB]["path"] == "/db"
    gone = found["idr-x-20250130-040000"]
    assert (gone["complete"], gone["volumes"]) == (False, {})
    # what died just before it could write the manifest
    found = idr_snapshots.merged({SET: manifest(complete=False)}, idr_snapshots.of_cloud(snapshots()))
    assert found[SET]["complete"]


def test_a_set_is_in_use_while_it_has_clones():
    sets = idr_snapshots.of_cloud(snapshots())
    volumes = {
        "clone": {"origin": {"kind": "snapshot", "id": f"id-{DB}"}},
        "copy": {"origin": {"kind": "volume", "id": f"id-{DB}"}},
        "own": {"origin": None},
    }
    assert idr_snapshots.in_use(sets, volumes) == {SET: ["clone"]}


def sets(*ids, incomplete=()):
    return {f"e-{one}": {"complete": one not in incomplete} for one in ids}


def days(*numbers, month=3):
    return [f"2025{month:02}{number:02}-040000" for number in numbers]


def test_the_last_complete_one_always_stays():
    known = sets(*days(1, 2, 3), incomplete=days(3))
    assert idr_snapshots.kept(known, 0, 0, 0, 0) == {
        "e-20250302-040000": "last",
        "e-20250303-040000": "incomplete, and the last",
    }


def test_an_incomplete_one_goes_with_the_next_complete_one():
    known = sets(*days(1, 2, 3), incomplete=days(2))
    assert sorted(idr_snapshots.kept(known, 3, 0, 0, 0)) == ["e-20250301-040000", "e-20250303-040000"]
    only = sets(*days(1, 2), incomplete=days(1, 2))
    assert sorted(idr_snapshots.kept(only, 3, 0, 0, 0)) == sorted(only)


def test_one_in_use_stays():
    known = sets(*days(1, 2, 3), incomplete=days(1))
    assert idr_snapshots.kept(known, 1, 0, 0, 0, ["e-20250301-040000"])["e-20250301-040000"] == "in use"


def test_days_weeks_and_months_keep_their_last():
    known = sets(
        "20241231-040000", *days(1, 30, month=1), *days(3, 9, 10, 16, 20), "20250320-200000", *days(21, 22)
    )  # fmt: skip
    found = idr_snapshots.kept(known, 1, 3, 3, 3)
    assert found == {
        "e-20250322-040000": "last",
        "e-20250321-040000": "daily",
        "e-20250320-200000": "daily",
        "e-20250316-040000": "weekly",
        "e-20250309-040000": "weekly",
        "e-20250130-040000": "monthly",
        "e-20241231-040000": "monthly",
    }
