"""Maps of clones."""

import cloud_volumes
import idr_clones
import pytest

ENTRIES = {
    "idr-database": [{"idr-x-database": {"protected": "idr-x", "size": "m1.xlarge"}}],
    "idr-omeroreadwrite": [{"idr-x-omeroreadwrite": [{"volumes": [{"name": "data", "size": 5, "source": "old"}]}]}],
    "idr-omeroreadonly": ["idr-x-omeroreadonly-1", {"idr-x-omeroreadonly-2": None}],
    "idr-management": ["idr-x-management"],
}
SIZES = {
    "idr-x-database": {"db": 800},
    "idr-x-omeroreadwrite": {"data": 5},
    "idr-x-omeroreadonly-1": {},
    "idr-x-omeroreadonly-2": {},
    "idr-x-management": {"data": 100},
}
MANIFEST = {
    "id": "idr-x-20250131-040000",
    "environment": "idr-x",
    "complete": True,
    "volumes": {
        "idr-x-database-db": {"host": "idr-x-database", "volume": "db", "snapshot": "s-db", "size": 900},
        "idr-x-omeroreadwrite-data": {
            "host": "idr-x-omeroreadwrite",
            "volume": "data",
            "snapshot": "s-data",
            "size": 5,
        },
    },
}


def mapped(**changes):
    given = {"entries": ENTRIES, "environment": "idr-x", "new": "idr-y", "manifest": MANIFEST, "sizes": SIZES}
    return idr_clones.mapped(**{**given, **changes})


def test_hosts_are_renamed_and_have_clones_for_volumes():
    assert mapped() == {
        "idr-database": [
            {"idr-y-database": {"size": "m1.xlarge", "volumes": [{"name": "db", "size": 900, "snapshot": "s-db"}]}}
        ],
        "idr-omeroreadwrite": [
            {"idr-y-omeroreadwrite": {"volumes": [{"name": "data", "size": 5, "snapshot": "s-data"}]}}
        ],
        "idr-omeroreadonly": ["idr-y-omeroreadonly-1", "idr-y-omeroreadonly-2"],
        "idr-management": [{"idr-y-management": {"volumes": [{"name": "data", "size": 100}]}}],
    }


def test_the_drivers_can_read_the_volumes():
    for hosts in mapped().values():
        for entry in hosts:
            for settings in entry.values() if isinstance(entry, dict) else []:
                assert cloud_volumes.parse(settings["volumes"], "here")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"new": "idr-x"}, "expected another name"),
        ({"new": "Idr"}, "expected lower-case words"),
        ({"manifest": {**MANIFEST, "complete": False}}, "expected a complete one of idr-x"),
        ({"manifest": {**MANIFEST, "environment": "idr-z"}}, "expected a complete one of idr-x"),
        ({"sizes": {"idr-x-database": {"db": 1}}}, "idr-x-omeroreadwrite-data: expected their hosts in the map"),
        ({"entries": {"idr-database": ["idr-z-database"]}}, "idr-z-database: expected a host of idr-x"),
        ({"new": "y" * 60}, "at most 63 characters"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        mapped(**changes)


OWN = {
    "idr-database": ["idr-y-database"],
    "idr-omeroreadwrite": [
        {"idr-y-omeroreadwrite": {"protected": "idr-y", "volumes": [{"name": "data", "size": 5, "snapshot": "old"}]}}
    ],
    "idr-management": ["idr-y-management"],
}
OWN_SIZES = {
    "idr-y-database": {"db": 800},
    "idr-y-omeroreadwrite": {"data": 5, "scratch": 1},
    "idr-y-management": {"data": 50},
}


def laid(**changes):
    given = {"entries": OWN, "new": "idr-y", "environment": "idr-x", "manifest": MANIFEST, "sizes": OWN_SIZES}
    return idr_clones.laid(**{**given, **changes})


def test_clones_are_laid_under_an_environment_that_has_a_map():
    assert laid() == {
        "idr-database": [{"idr-y-database": {"volumes": [{"name": "db", "size": 900, "snapshot": "s-db"}]}}],
        "idr-omeroreadwrite": [
            {
                "idr-y-omeroreadwrite": {
                    "protected": "idr-y",
                    "volumes": [{"name": "data", "size": 5, "snapshot": "s-data"}, {"name": "scratch", "size": 1}],
                }
            }
        ],
        "idr-management": [{"idr-y-management": {"volumes": [{"name": "data", "size": 50}]}}],
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"manifest": {**MANIFEST, "complete": False}}, "expected a complete one of idr-x"),
        ({"sizes": {"idr-y-database": {"db": 1}}}, r"in the map of idr-y: idr-y-omeroreadwrite \(data\)"),
        ({"sizes": {"idr-y-database": {}, "idr-y-omeroreadwrite": {"data": 1}}}, r"idr-y-database \(db\)"),
    ],
)
def test_data_that_would_have_no_place_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        laid(**changes)


def test_a_map_that_is_kept_names_no_snapshot():
    kept = idr_clones.without_origins(mapped())
    assert "snapshot" not in str(kept)
    assert kept["idr-database"] == [{"idr-y-database": {"size": "m1.xlarge", "volumes": [{"name": "db", "size": 900}]}}]
    assert kept["idr-omeroreadonly"] == ["idr-y-omeroreadonly-1", "idr-y-omeroreadonly-2"]


def test_volumes_of_something_else_are_foreign():
    def volume(kind, id_):
        return {"origin": {"kind": kind, "id": id_}}

    manifest = {
        "volumes": {
            "idr-x-database-db": {"host": "idr-x-database", "volume": "db", "snapshot_id": "1"},
            "idr-x-omeroreadwrite-data": {"host": "idr-x-omeroreadwrite", "volume": "data", "snapshot_id": "2"},
        }
    }
    there = {"idr-y-database-db": volume("snapshot", "1"), "idr-y-proxy-nginxcache": {"origin": None}}
    assert idr_clones.foreign(manifest, "idr-x", "idr-y", there) == []
    there["idr-y-omeroreadwrite-data"] = volume("snapshot", "1")
    there["idr-y-database-db"] = {"origin": None}
    found = idr_clones.foreign(manifest, "idr-x", "idr-y", there)
    assert found == ["idr-y-database-db", "idr-y-omeroreadwrite-data"]
