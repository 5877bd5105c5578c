"""Whose a volume is, and what the two hosts know of each other."""

import json

import pytest
from salt.exceptions import CommandExecutionError

CLUSTER = {"stanza": "idr-x", "path": "/d", "system": "7", "version": "15"}


@pytest.fixture
def module(load, tmp_path, monkeypatch):
    """The execution module, with ``.mine`` and ``.pillar`` to be changed; its files are below tmp_path."""
    mine, pillar = {}, {"environment:name": "idr-x", "volumes:db:path": str(tmp_path), "postgresql": {"roles": {}}}
    found = load(
        "modules",
        "pgbackrest",
        salt={
            "mine.get": lambda target, alias, tgt_type: dict(mine),
            "pillar.get": lambda key, unmask: pillar.get(key) if unmask else "***",
        },
    )
    monkeypatch.setattr(found, "CONFIGURATION", str(tmp_path / "pgbackrest.conf"))
    found.mine, found.pillar = mine, pillar
    return found


def test_a_volume_without_a_mark_is_the_environment_s(module):
    assert module.marked() is None
    assert module.owned() == {"environment": "idr-x", "stanza": "idr-x"}
    assert module.stanza() == "idr-x"


def test_a_clone_gets_a_stanza_of_its_own(module, tmp_path):
    (tmp_path / module.MARK).write_text(json.dumps({"environment": "idr-prod", "stanza": "idr-prod"}))
    assert module.owned()["environment"] == "idr-x"
    assert module.stanza().startswith("idr-x-2")


def test_a_fresh_stanza_is_another_one(module):
    found = module.fresh_stanza()
    assert found["stanza"] != "idr-x"
    assert module.stanza() == found["stanza"]


def test_a_mark_that_is_none_is_named(module, tmp_path):
    (tmp_path / module.MARK).write_text("[]")
    with pytest.raises(CommandExecutionError, match=module.MARK):
        module.stanza()


def test_cluster_is_told_once_it_is_there(module, tmp_path):
    assert module.cluster() is None
    (tmp_path / "pgbackrest.conf").write_text(f"[global]\na=b\n[idr-x]\npg1-path={tmp_path}/15/main\n")
    assert module.cluster() is None
    assert module.data() == f"{tmp_path}/15/main"
    (tmp_path / "15/main/global").mkdir(parents=True)
    (tmp_path / "15/main/global/pg_control").write_bytes((7).to_bytes(8, "little") + b"more")
    (tmp_path / "15/main/PG_VERSION").write_text("15\n")
    assert module.cluster() == {**CLUSTER, "path": f"{tmp_path}/15/main"}


def test_management_asks_the_mine_and_then_its_own_configuration(module, tmp_path):
    module.pillar["postgresql"] = None
    assert module.known() is False
    with pytest.raises(CommandExecutionError, match="the mine has no cluster of idr-x-database"):
        module.stanza()
    (tmp_path / "pgbackrest.conf").write_text("[idr-x-1]\npg1-path=/d\npg1-host=h\n")
    assert module.database() == {
        "stanza": "idr-x-1", "path": "/d", "system": None, "version": None, "host": "idr-x-database"
    }  # fmt: skip
    module.mine["idr-x-database"] = CLUSTER
    assert module.database() == {**CLUSTER, "host": "idr-x-database"}
    assert module.stanza() == "idr-x"


def test_kinds_of_backups(module):
    with pytest.raises(CommandExecutionError, match="expected one of full, diff, incr, found 'half'"):
        module.backup("half")
