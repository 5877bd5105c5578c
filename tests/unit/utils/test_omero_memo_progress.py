"""What is asked of the worker, and how far it is."""

import json

import pytest
from omero_memo_progress import Progress

WHOLE = {"part": 0, "parts": 1, "turn": 0, "turns": 1}


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path / "omero-memo")


def test_nothing_was_asked(progress):
    assert progress.request() is None
    assert progress.status() is None
    assert not progress.is_wanted()


def test_asking_again_joins_resumes_or_begins_anew(progress):
    assert progress.ask(WHOLE) == "started"
    first = progress.request()
    assert progress.ask(WHOLE) == "joined"
    assert progress.request() == first
    progress.stop()
    assert not progress.is_wanted()
    assert progress.ask(WHOLE) == "resumed"
    assert progress.request() == first
    progress.tell({"id": first["id"], "state": "done"})
    progress.stop()
    assert progress.ask(WHOLE) == "started"
    assert progress.request()["id"] != first["id"]


def test_another_request_takes_the_place_of_the_one_under_way(progress):
    progress.ask(WHOLE)
    first = progress.request()
    assert progress.ask({**WHOLE, "newest": 3}) == "started"
    assert progress.request()["newest"] == 3
    assert progress.request()["id"] != first["id"]


def test_what_was_opened_is_of_one_round(progress):
    progress.ask(WHOLE)
    request = progress.request()
    assert progress.resume(request) == {}
    progress.note(51, "ok")
    progress.note(52, "failed")
    assert progress.opened(request) == {51: "ok", 52: "failed"}
    assert progress.opened({"id": "another"}) == {}
    assert progress.resume({"id": "another"}) == {}
    assert progress.opened(request) == {}


def test_line_that_a_power_cut_has_cut_off_is_left_out(progress):
    progress.ask(WHOLE)
    request = progress.request()
    progress.resume(request)
    progress.note(51, "ok")
    with (progress.folder / "seen").open("a") as file:
        file.write("5")
    assert progress.resume(request) == {51: "ok"}
    progress.note(53, "ok")
    assert progress.opened(request) == {51: "ok", 53: "ok"}


def test_files_that_are_not_whole_are_as_none(progress):
    progress.make()
    (progress.folder / "request.json").write_text('{"id": ')
    (progress.folder / "status.json").write_text("[]")
    assert progress.request() is None
    assert progress.status() is None


def test_files_are_replaced_as_a_whole(progress):
    progress.ask(WHOLE)
    progress.tell({"id": "x", "state": "warming"})
    assert json.loads((progress.folder / "status.json").read_text())["state"] == "warming"
    assert sorted(path.name for path in progress.folder.iterdir()) == ["request.json", "status.json", "wanted"]
    assert (progress.folder / "request.json").stat().st_mode & 0o777 == 0o600
