"""Pillar omero:memo, and what the worker says."""

import omero_memo_settings as settings
import pytest

DATABASE = {"host": "db", "port": 5432, "name": "omero", "user": "omeroreadonly"}


def test_pillar_may_leave_out_everything():
    assert settings.checked(None) == settings.checked({})
    assert settings.checked({})["password"] == "secrets:omero:public"
    assert settings.checked({"login": "eve"})["password"] == "secrets:omero:eve"


@pytest.mark.parametrize(
    ("configured", "words"),
    [
        ({"rate": 5}, "unknown rate; expected check_seconds"),
        ({"files_per_minute": 0}, "files_per_minute: a number above 0"),
        ({"image_timeout": True}, "image_timeout: a number above 0"),
        ({"check_seconds": "5"}, "check_seconds: a number above 0"),
    ],
)
def test_wrong_pillar_is_named(configured, words):
    with pytest.raises(ValueError, match=words):
        settings.checked(configured)


def test_worker_gets_limits_and_places_and_no_password():
    memo = settings.checked({"files_per_minute": 5})
    found = settings.worker(memo, {"omero.data.dir": "/data"}, "/opt/OMERO.server", DATABASE)
    assert found["limits"]["files_per_minute"] == 5
    assert found["folders"]["managed"] == "/data/ManagedRepository"
    assert found["login"] == {"host": "127.0.0.1", "port": 4064, "user": "public"}
    assert "secrets" not in str(found)


def test_folder_is_shared_where_it_is_not_local_or_pillar_says_so():
    local = {"omero.cluster.read_only.repo": True, "omero.pixeldata.memoizer.dir.local": "/memo"}
    assert not settings.shared({}, local)
    assert settings.shared({}, {})
    assert settings.shared({"shared": True}, local)
    assert not settings.shared({"shared": False}, {})


def test_changes_show_no_password():
    old = {"login": {"user": "public", "password": "old-secret"}, "pgpass": "a:b"}
    new = {"login": {"user": "eve", "password": "new-secret"}, "pgpass": "a:c", "omerodir": "/opt"}
    found = settings.changes(old, new)
    assert found["login:user"] == {"old": "public", "new": "eve"}
    assert found["login:password"] == {"old": settings.MASK, "new": settings.MASK}
    assert found["omerodir"] == {"old": None, "new": "/opt"}
    assert "secret" not in str(found)
    assert "a:" not in str(found)
    assert settings.changes(new, new) == {}
    assert settings.changes({}, new)["pgpass"] == {"old": None, "new": settings.MASK}


STATUS = {"id": "1", "state": "warming", "why": None, "per_minute": 5, "eta_seconds": 9}


@pytest.mark.parametrize(
    ("request_id", "is_wanted", "status", "state"),
    [
        (None, False, None, "never"),
        ("1", True, None, "asked"),
        ("2", True, STATUS, "asked"),
        ("2", False, STATUS, "stopped"),
        ("1", True, STATUS, "warming"),
        ("1", False, STATUS, "stopped"),
        ("1", False, {**STATUS, "state": "done"}, "done"),
    ],
)
def test_state_of_the_worker(request_id, is_wanted, status, state):
    found = settings.told({"id": request_id} if request_id else None, is_wanted, status)
    assert found["state"] == state
    assert "id" not in found
    assert state != "stopped" or found.get("eta_seconds") is None
