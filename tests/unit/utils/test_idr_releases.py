import json

import idr_releases
import pytest

OLD = {"version": "5.6.18", "url": "https://x.example/old.zip", "sha256": "a" * 64}
NEW = {"version": "5.7.0", "url": "https://x.example/new.zip", "sha256": "b" * 64}
RECORD = {"from": NEW, "to": OLD, "since": "2026-01-01T00:00:00+00:00"}


def _pillar(release):
    return {"omero": {"server": {"version": release["version"], "release": {k: release[k] for k in ("url", "sha256")}}}}


def test_record_comes_back_and_is_for_its_owner_alone(tmp_path):
    assert idr_releases.read(tmp_path, "idr-x") is None
    idr_releases.write(tmp_path, "idr-x", RECORD)
    (path,) = tmp_path.rglob("*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    assert idr_releases.read(tmp_path, "idr-x") == RECORD
    assert idr_releases.read(tmp_path, "idr-y") is None
    assert [idr_releases.forget(tmp_path, "idr-x") for _ in range(2)] == [True, False]


def test_bad_record_is_not_written_and_the_old_one_stays(tmp_path):
    idr_releases.write(tmp_path, "idr-x", RECORD)
    with pytest.raises(ValueError, match="to: sha256: expected 64"):
        idr_releases.write(tmp_path, "idr-x", {**RECORD, "to": {**OLD, "sha256": "none"}})
    assert idr_releases.read(tmp_path, "idr-x") == RECORD
    assert len(list(tmp_path.rglob("*"))) == 2


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", json.dumps({"from": NEW}), json.dumps({"from": NEW, "to": {"version": "1"}})]
)
def test_broken_record_is_an_error_with_its_file(tmp_path, text):
    idr_releases.write(tmp_path, "idr-x", RECORD)
    (path,) = tmp_path.rglob("*.json")
    path.write_text(text)
    with pytest.raises(ValueError, match=str(path)):
        idr_releases.read(tmp_path, "idr-x")


@pytest.mark.parametrize("name", ["../x", "", "idr-proxy", "X"])
def test_environment_cannot_lead_elsewhere(tmp_path, name):
    with pytest.raises(ValueError, match="environment"):
        idr_releases.read(tmp_path, name)


def test_pillar_gets_the_release_before_until_it_asks_for_another():
    assert idr_releases.of_pillar(_pillar(NEW)) == NEW
    assert idr_releases.replaced(RECORD, NEW) == _pillar(OLD)
    moved = {**NEW, "url": "https://elsewhere.example/new.zip"}
    assert idr_releases.replaced(RECORD, moved) == _pillar(OLD)
    for other in (OLD, {**NEW, "version": "5.7.1"}, {**NEW, "sha256": "c" * 64}, None):
        assert idr_releases.replaced(RECORD, other) == {}
    assert idr_releases.replaced(None, NEW) == {}
    unfinished = {**RECORD, "databases": {"stage": "used"}}
    assert idr_releases.replaced(unfinished, {**NEW, "version": "5.7.1"}) == _pillar(OLD)


@pytest.mark.parametrize("pillar", [{}, {"omero": None}, {"omero": {"server": {"version": "5.7.0"}}}])
def test_pillar_without_a_release(pillar):
    assert idr_releases.of_pillar(pillar) is None


def test_folder_is_below_the_masters_root_unless_it_says_otherwise(tmp_path):
    assert idr_releases.folder({"root_dir": "/r"}).as_posix() == "/r/var/lib/idr-salt"
    assert idr_releases.folder({"root_dir": "/r", "idr_state_dir": "/s"}).as_posix() == "/s"


def test_note_is_for_a_rollback_that_holds(tmp_path):
    opts = {"root_dir": "/r", "idr_state_dir": str(tmp_path)}
    assert idr_releases.notes(opts, "idr-x", [_pillar(OLD)]) == []
    idr_releases.write(tmp_path, "idr-x", RECORD)
    (note,) = idr_releases.notes(opts, "idr-x", [{}, _pillar(OLD)])
    assert "from 5.7.0 to 5.6.18" in note
    assert idr_releases.notes(opts, "idr-x", [_pillar({**NEW, "version": "5.8.0"})]) == []


@pytest.mark.parametrize(
    ("stage", "role", "expected"),
    [
        ("prepared", "omeroreadonly", {}),
        ("used", "omeroreadonly", {"omero": {"db": {"name": "omero_meanwhile"}}}),
        ("left", "omeroreadonly", {}),
        ("used", "omeroreadwrite", {}),
        ("prepared", "database", {"postgresql": {"databases": {"omero_meanwhile": {"owner": "omero"}}}}),
        ("left", "database", {"postgresql": {"databases": {"omero_meanwhile": {"owner": "omero"}}}}),
        (None, "database", {}),
    ],
)
def test_second_database_is_for_the_read_only_servers_while_it_is_used(stage, role, expected):
    names = {"name": "omero", "meanwhile": "omero_meanwhile", "stage": stage}
    pillar = {"postgresql": {"databases": {"omero": {"owner": "omero"}}}}
    assert idr_releases.beside({**RECORD, "databases": names}, role, pillar) == expected
    assert idr_releases.beside(RECORD, role, pillar) == idr_releases.beside(None, role, pillar) == {}
