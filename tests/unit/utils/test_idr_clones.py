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
        "idr-x-database-db": {"host": "idr-x-database", "snapshot": "s-db", "size": 900},
        "idr-x-omeroreadwrite-data": {"host": "idr-x-omeroreadwrite", "snapshot": "s-data", "size": 5},
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
