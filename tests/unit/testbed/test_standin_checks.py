"""What keeps the stand-in from starting, and its sessions."""

import datetime

import pytest
from standin import checks
from standin.sessions import Sessions

DONE = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def test_the_newest_patch_counts():
    checks.schema_patch([("OMERO5.4", 0, DONE), ("OMERO5.3", 1, DONE)], "OMERO5.4", 0)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (None, "no schema yet"),
        ([], "no schema yet"),
        ([("OMERO5.3", 1, DONE), ("OMERO5.4", 0, DONE)], r"holds OMERO5.3\|1, expected OMERO5.4\|0"),
        ([("OMERO5.4", 1, DONE)], r"holds OMERO5.4\|1"),
        ([("OMERO5.4", 0, None)], "not finished"),
    ],
)
def test_any_other_patch_is_refused(rows, reason):
    with pytest.raises(checks.Refusal, match=reason):
        checks.schema_patch(rows, "OMERO5.4", 0)


@pytest.mark.parametrize(
    ("fault", "read_only", "starts"),
    [("", False, True), ("start", False, False), ("start", True, False)]
    + [("start-readonly", False, True), ("start-readonly", True, False)],
)
def test_a_release_made_to_fail_says_so(fault, read_only, starts):
    if starts:
        checks.fault(fault, read_only)
    else:
        with pytest.raises(checks.Refusal, match=f"standin.fault: {fault}: .*made to refuse"):
            checks.fault(fault, read_only)


def test_only_a_read_only_server_does_with_a_user_that_cannot_write():
    checks.database_access(True, read_only=False, user="omero")
    checks.database_access(True, read_only=True, user="omero")
    checks.database_access(False, read_only=True, user="omeroreadonly")
    with pytest.raises(checks.Refusal, match="'omeroreadonly' cannot write"):
        checks.database_access(False, read_only=False, user="omeroreadonly")


def test_a_server_that_writes_makes_its_data_directory(tmp_path):
    checks.data_directory(tmp_path, read_only=False, database_uuid="u-1")
    assert {p.name for p in tmp_path.iterdir()} == {*checks.FOLDERS, ".omero"}
    assert (tmp_path / ".omero/repository/u-1").is_dir()


def test_a_read_only_server_makes_nothing(tmp_path):
    checks.data_directory(tmp_path, read_only=True, database_uuid="u-1")
    assert not list(tmp_path.iterdir())


def test_a_missing_data_directory_is_refused(tmp_path):
    with pytest.raises(checks.Refusal, match="omero.data.dir: .*/none is not a directory"):
        checks.data_directory(tmp_path / "none", read_only=True, database_uuid="u-1")


@pytest.mark.parametrize(("denied", "reason"), [("r", "cannot be read"), ("w", "cannot be written")])
def test_rights_are_looked_at(tmp_path, monkeypatch, denied, reason):
    # root passes every check of the kernel's
    wanted = {"r": checks.os.R_OK | checks.os.X_OK, "w": checks.os.W_OK}[denied]
    monkeypatch.setattr(checks.os, "access", lambda path, mode: mode != wanted)
    with pytest.raises(checks.Refusal, match=reason):
        checks.data_directory(tmp_path, read_only=False, database_uuid="u-1")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def ended():
    return []


@pytest.fixture
def sessions(clock, ended):
    return Sessions(10, ended.append, lambda: clock[0])


def test_use_keeps_a_session_alive(sessions, clock, ended):
    session = sessions.create(3, "public", save=lambda uuid: 42)
    for _ in range(3):
        clock[0] += 9
        assert sessions.use(session.uuid) is session
    clock[0] += 11
    assert sessions.use(session.uuid) is None
    assert ended == [session]
    assert session.row_id == 42


def test_without_a_row_the_ids_are_negative_and_differ(sessions):
    found = [sessions.create(3, "public").row_id for _ in range(3)]
    assert max(found) < 0
    assert len(set(found)) == 3


def test_a_session_closes_once(sessions, ended):
    session = sessions.create(3, "public")
    assert sessions.close(session.uuid)
    assert not sessions.close(session.uuid)
    assert sessions.use(session.uuid) is None
    assert len(ended) == 1
