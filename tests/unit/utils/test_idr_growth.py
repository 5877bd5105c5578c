"""Which volumes grow, and which sizes are refused."""

import idr_growth
import pytest

KNOWN = {
    "a-database-db": {"size": 10, "attached_to": "a-database"},
    "a-proxy-cache": {"size": 5, "attached_to": None},
}


def _wanted(size, host="a-database", volume="db"):
    return {host: {volume: {"size": size, "file": "/x/a.map"}}}


def test_only_what_is_smaller_than_wanted():
    assert idr_growth.plan(_wanted(10), KNOWN) == {}
    assert idr_growth.plan(_wanted(12), KNOWN) == {
        "a-database-db": {"host": "a-database", "volume": "db", "from": 10, "to": 12}
    }
    assert list(idr_growth.plan(_wanted(6, "a-proxy", "cache"), KNOWN)) == ["a-proxy-cache"]
    # a host that is not made yet
    assert idr_growth.plan(_wanted(1, "a-management", "data"), KNOWN) == {}


def test_nothing_shrinks_and_file_host_and_volume_are_named():
    with pytest.raises(ValueError, match=r"^/x/a.map: a-database: volume db: expected size 10 \(GB\) or more, found 9"):
        idr_growth.plan(_wanted(9) | _wanted(6, "a-proxy", "cache"), KNOWN)


def test_a_volume_of_somebody_else_is_left_alone():
    with pytest.raises(ValueError, match="found at b-database"):
        idr_growth.plan(_wanted(12), {"a-database-db": {"size": 10, "attached_to": "b-database"}})


def test_paths():
    pillars = {"a": {"volumes": {"db": {"path": "/p"}}}, "b": {}, "c": {"volumes": {"x": {"path": "/q"}}}}
    assert idr_growth.mounted(pillars, ["a", "b"]) == {"a": {"db": "/p"}}
