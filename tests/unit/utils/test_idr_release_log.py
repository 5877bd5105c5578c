"""The durable log of releases, and what follows from it."""

import json

import idr_events
import idr_release_log as log
import pytest


@pytest.fixture
def opts(tmp_path, monkeypatch):
    fired = []
    monkeypatch.setattr(idr_events, "fire", lambda opts, tag, data: fired.append(tag))
    return {"root_dir": str(tmp_path), "fired": fired}


def prepared(opts, name, source):
    log.append(opts, name, "preparing", **{"set": f"{source}-20250131-040000", "from": source})
    log.append(opts, name, "prepared")


def moved(opts, name, old, **more):
    log.append(opts, name, "moved", address="198.51.100.7", replaces=old, **more)


def test_each_step_is_a_line_and_an_event_and_root_s_alone(opts):
    prepared(opts, "idr-b", "idr-a")
    assert opts["fired"] == ["idr/release/idr-b/preparing", "idr/release/idr-b/prepared"]
    assert [line["step"] for line in log.read(opts)] == ["preparing", "prepared"]
    assert log.path(opts).stat().st_mode & 0o777 == 0o600


def test_half_a_line_of_a_power_cut_is_passed_over(opts):
    prepared(opts, "idr-b", "idr-a")
    with log.path(opts).open("a") as file:
        file.write('{"at": "2025')
    moved(opts, "idr-b", "idr-a")
    assert [line["step"] for line in log.read(opts)] == ["preparing", "prepared", "moved"]
    assert all(json.loads(line) for line in log.path(opts).read_text().splitlines() if not line.endswith("2025"))


def test_without_a_log_nothing_is_known(opts):
    assert log.read(opts) == []
    assert log.stands([]) == {}
    assert log.serving([]) is log.back([]) is None


def test_where_environments_stand(opts):
    prepared(opts, "idr-b", "idr-a")
    log.append(opts, "idr-b", "failed", error="no space")
    assert log.stands(log.read(opts))["idr-b"]["error"] == "no space"
    moved(opts, "idr-b", "idr-a")
    stands = log.stands(log.read(opts))
    assert (stands["idr-a"]["state"], stands["idr-b"]["state"]) == ("stood down", "serving")
    assert "error" not in stands["idr-b"]
    assert stands["idr-b"]["from"] == "idr-a"
    log.append(opts, "idr-a", "retired")
    assert log.stands(log.read(opts))["idr-a"]["state"] == "retired"


def test_the_way_back_is_the_way_that_was_come(opts):
    moved(opts, "idr-b", "idr-a")
    assert log.back(log.read(opts)) == "idr-a"
    moved(opts, "idr-c", "idr-b")
    assert log.back(log.read(opts)) == "idr-b"
    moved(opts, "idr-b", "idr-c", back=True)
    assert log.serving(log.read(opts))["environment"] == "idr-b"
    assert log.back(log.read(opts)) == "idr-a"
    moved(opts, "idr-a", "idr-b", back=True)
    assert log.back(log.read(opts)) is None
    moved(opts, "idr-d", "idr-a")
    assert log.back(log.read(opts)) == "idr-a"
