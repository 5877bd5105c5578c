import idr_ids
import idr_upgrade
import pytest

RW, RO1, RO2 = "idr-x-omeroreadwrite", "idr-x-omeroreadonly-1", "idr-x-omeroreadonly-2"
WHERE = {"readwrite": RW, "readers": [RO1, RO2], "proxies": ["idr-x-proxy"], "database": "idr-x-database"}
OLD = {"version": "5.6.18", "url": "https://x.example/old.zip", "sha256": "a" * 64}
NEW = {**OLD, "version": "5.7.0", "sha256": "b" * 64}
UP = {RO1: "up", RO2: "up"}


def _sight(installed, running=None, error=None, sha256=NEW["sha256"]):
    return {"installed": installed, "sha256": sha256, "running": running or installed, "error": error}


@pytest.mark.parametrize(
    ("older", "newer"), [("5.6.9", "5.6.18"), ("5.6.18-x", "5.7.0-x"), ("5.6", "5.6.1"), ("5.6.18", "5.10")]
)
def test_versions_are_compared_by_their_numbers(older, newer):
    assert idr_upgrade.order(older) < idr_upgrade.order(newer)
    assert idr_upgrade.newer({RW: _sight(newer)}, older)
    assert not idr_upgrade.newer({RW: _sight(older)}, newer)


def test_what_has_no_number_is_not_newer():
    assert not idr_upgrade.newer({RW: _sight(None), RO1: _sight("nightly")}, "5.6.18")


def test_a_server_leaves_out_what_follows_its_numbers():
    assert idr_upgrade.runs("5.6.13", "5.6.13-ice36")
    assert not idr_upgrade.runs("5.6.1", "5.6.13")
    assert not idr_upgrade.runs(None, "5.6.13")


def test_hosts_of_an_environment():
    names = ["idr-x-database", RO1, RO2, RW, "idr-x-proxy", "idr-x-management"]
    assert idr_upgrade.hosts(names, idr_ids.parse) == WHERE
    for missing in ("idr-x-database", RW, "idr-x-proxy"):
        with pytest.raises(ValueError, match="expected"):
            idr_upgrade.hosts([name for name in names if name != missing], idr_ids.parse)
    with pytest.raises(ValueError, match="idr-x-omeroreadwrite, idr-x-omeroreadwrite-2"):
        idr_upgrade.hosts([*names, "idr-x-omeroreadwrite-2"], idr_ids.parse)


def test_all_hosts_want_one_release():
    assert idr_upgrade.wanted({RW: NEW, RO1: NEW}) == NEW
    with pytest.raises(ValueError, match=f"5.6.18 for {RO1}; 5.7.0 for {RW}"):
        idr_upgrade.wanted({RW: NEW, RO1: OLD})
    with pytest.raises(ValueError, match=RO1):
        idr_upgrade.wanted({RW: NEW, RO1: None})


def test_nothing_is_left_when_all_run_it():
    sights = dict.fromkeys([RW, RO1, RO2], _sight("5.7.0"))
    assert idr_upgrade.steps(WHERE, NEW, sights, UP, closed=False) == {"readwrite": False, "readers": []}


@pytest.mark.parametrize(
    ("changed", "status", "closed", "expected"),
    [
        ({RW: _sight("5.6.18")}, UP, False, (True, [])),
        ({RW: _sight("5.7.0", "5.6.18")}, UP, False, (True, [])),
        ({}, UP, True, (True, [])),
        ({RO2: _sight("5.6.18")}, UP, False, (False, [RO2])),
        ({RO2: _sight("5.7.0", sha256="c" * 64)}, UP, False, (False, [RO2])),
        ({}, {**UP, RO1: "drained"}, False, (False, [RO1])),
        ({}, {RO1: "up"}, False, (False, [RO2])),
        ({RO1: _sight("5.6.18"), RO2: _sight("5.6.18")}, {**UP, RO2: "down"}, False, (False, [RO2, RO1])),
        ({RO1: _sight(None, error="silent"), RO2: _sight("5.6.18")}, UP, False, (False, [RO2, RO1])),
    ],
)
def test_what_is_left_after_a_part_of_it(changed, status, closed, expected):
    sights = {**dict.fromkeys([RW, RO1, RO2], _sight("5.7.0")), **changed}
    left = idr_upgrade.steps(WHERE, NEW, sights, status, closed)
    assert (left["readwrite"], left["readers"]) == expected


def test_one_proxy_that_has_a_server_out_counts():
    good, bad = {RO1: {"status": "up"}, RO2: {"status": "up"}}, {RO1: {"status": "drained"}, RO2: {"status": "up"}}
    expected = {RO1: "drained", RO2: "up"}
    assert idr_upgrade.served({"a": good, "b": bad}) == idr_upgrade.served({"a": bad, "b": good}) == expected


def test_a_server_is_proved_by_its_own_word():
    looked = {"up": True, "db": True, "repo": True, "version": "5.7.0"}
    assert idr_upgrade.unproved(looked, "5.7.0-x", read_only=True) == ""
    assert "version 5.6.18, found 5.7.0" in idr_upgrade.unproved(looked, "5.6.18", read_only=True)
    assert "db to be False, found True" in idr_upgrade.unproved(looked, None, read_only=False)
    assert "found None" in idr_upgrade.unproved({"up": True}, None, read_only=True)
