"""The map of a new environment, from the maps of the checkout."""

import types

import cloud_volumes
import idr_snapshot_store
import pytest

SET = "idr-prod-20250131-040000"


@pytest.fixture
def runner(load, master, monkeypatch):
    """The runner; the cloud has one set of production's volumes."""
    volumes = {
        f"idr-prod-{role}-{name}": {"host": f"idr-prod-{role}", "volume": name, "size": 7, "snapshot": f"{SET}-{name}"}
        for role, name in (("database", "db"), ("omeroreadwrite", "data"), ("proxy", "nginxcache"))
    }
    manifest = {"id": SET, "environment": "idr-prod", "complete": True, "volumes": volumes}
    store = types.SimpleNamespace(find=lambda set_id: {SET: manifest}[set_id])
    monkeypatch.setattr(idr_snapshot_store, "Store", lambda opts, environment: store)
    return load("runners", "release", opts=master, context={})


def test_production_as_another_environment(runner):
    found = runner.map("idr-trial", SET)
    entries = [entry for hosts in found.values() for entry in hosts]
    names = [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]
    assert all(name.startswith("idr-trial-") for name in names)
    settings = {name: own for entry in entries if isinstance(entry, dict) for name, own in entry.items()}
    assert not any("protected" in own for own in settings.values())
    assert settings["idr-trial-database"]["volumes"] == [{"name": "db", "size": 800, "snapshot": f"{SET}-db"}]
    for name, own in settings.items():
        cloud_volumes.parse(own.get("volumes"), name)
    # the management host's is never cloned
    assert settings["idr-trial-management"]["volumes"] == [{"name": "data", "size": 100}]


def test_what_does_not_fit_is_told(runner):
    assert "expected another name" in runner.map("idr-prod", SET)["errors"][0]
    assert "expected an id" in runner.map("idr-trial", "x")["errors"][0]
