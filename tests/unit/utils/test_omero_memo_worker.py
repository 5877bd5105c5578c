"""The worker's loop, with doubles of the server, the database and the clock; the real ones are run by tests/local."""

import json
import os
import pathlib

import omero_memo
import pytest
from omero_memo_client import ImageError, LostError, ServerError
from omero_memo_progress import Progress
from omero_memo_worker import LOST, Settings, Worker

LIMITS = {
    "files_per_minute": 60,
    "max_load_per_processor": 10000,
    "max_database_sessions": 4,
    "check_seconds": 10,
    "image_timeout": 100,
    "server_timeout": 60,
}
WHOLE = {"part": 0, "parts": 1, "turn": 0, "turns": 1}


class Site:
    """A DOUBLE of a host with six images in files of their own; opening one makes its memo file."""

    def __init__(self, folder):
        self.folder, self.now = folder, 0.0
        self.opened, self.slept, self.errors, self.sessions, self.bare = [], [], {}, [], set()
        self.places = {
            "written": str(folder / "memo"),
            "read": [str(folder / "memo")],
            "managed": str(folder / "managed"),
        }
        self.rows = [(number, 100 + number, "p", f"{number}.tiff") for number in range(1, 7)]
        self.progress = Progress(folder / "progress")
        self.settings = folder / "settings.json"
        self.configure()

    def configure(self, **limits):
        text = {"login": {}, "omerodir": "/nowhere", "folders": self.places, "limits": {**LIMITS, **limits}}
        fresh = self.settings.with_suffix(".new")
        fresh.write_text(json.dumps(text))
        fresh.replace(self.settings)

    def memo(self, number):
        return pathlib.Path(omero_memo.memo(self.places["written"], f"{self.places['managed']}/p/{number}.tiff"))

    def worker(self):
        return Worker(
            Settings(self.settings), self.progress, lambda login: Opening(self), lambda values: Asking(self),
            clock=lambda: self.now, sleep=self.sleep,
        )  # fmt: skip

    def sleep(self, seconds):
        self.slept.append(round(seconds, 3))
        self.now += seconds

    def ask(self, **more):
        self.progress.ask({**WHOLE, **more})
        return self.progress.request()


class Opening:
    def __init__(self, site):
        self.site = site

    def open(self, pixels, timeout):
        self.site.opened.append(pixels)
        self.site.now += 0.1
        errors = self.site.errors.get(pixels)
        if errors:
            raise errors.pop(0)
        if pixels not in self.site.bare:
            self.site.memo(pixels).parent.mkdir(parents=True, exist_ok=True)
            self.site.memo(pixels).write_text("memo")

    def close(self):
        pass


class Asking:
    def __init__(self, site):
        self.site = site

    def ask(self, sql):
        return "".join(f"{pixels},{image},{path},{name}\n" for pixels, image, path, name in self.site.rows)

    def sessions(self):
        return self.site.sessions.pop(0) if self.site.sessions else 0


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_nothing_is_done_when_nothing_is_wanted(site):
    assert not site.worker().run()
    site.ask()
    site.progress.stop()
    assert not site.worker().run()
    assert site.opened == []


def test_every_file_is_opened_the_newest_first_and_then_nothing_is_wanted(site):
    site.ask()
    assert site.worker().run()
    assert site.opened == [6, 5, 4, 3, 2, 1]
    status = site.progress.status()
    assert status["state"] == "done"
    assert status["files"] == {"total": 6, "done": 6, "failed": 0, "without_memo": 0}
    assert status["eta_seconds"] == 0
    assert not site.progress.is_wanted()
    assert not site.worker().run()


def test_what_is_warm_is_not_opened(site):
    Opening(site).open(4, 1)
    site.opened.clear()
    site.ask()
    site.worker().run()
    assert site.opened == [6, 5, 3, 2, 1]
    assert site.progress.status()["files"]["done"] == 6


def test_what_somebody_else_opens_meanwhile_is_not_opened(site):
    site.ask()
    site.errors[6] = [ImageError("x")]
    worker = site.worker()
    worker.sleep = lambda seconds: (site.sleep(seconds), Opening(site).open(3, 1) if 3 not in site.opened else None)
    worker.run()
    assert site.opened.count(3) == 1


def test_after_a_kill_it_goes_on_where_it_was(site):
    site.ask()
    site.bare, site.errors[4] = {5}, [ImageError("x")]
    site.errors[3] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        site.worker().run()
    assert site.progress.status()["files"]["done"] < 6
    site.opened.clear()
    site.worker().run()
    # 5 was opened in this round, and 4 could not be
    assert site.opened == [3, 2, 1]
    assert site.progress.status()["files"] == {"total": 6, "done": 6, "failed": 1, "without_memo": 1}


def test_memo_file_that_is_gone_again_is_made_again(site):
    site.ask()
    site.errors[3] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        site.worker().run()
    site.memo(6).unlink()
    site.opened.clear()
    site.worker().run()
    assert site.opened == [6, 3, 2, 1]


def test_image_that_cannot_be_opened_is_counted_and_the_rest_is_done(site):
    site.ask()
    site.errors[4] = [ImageError("ResourceError: no pixels")]
    site.worker().run()
    status = site.progress.status()
    assert status["state"] == "done"
    assert status["images"] == {"total": 6, "done": 6, "failed": 1}
    assert status["failures"] == [{"image": 104, "why": "ResourceError: no pixels"}]
    assert site.memo(1).exists()


def test_error_after_the_memo_file_was_made_is_none(site):
    site.ask()
    Opening(site).open(4, 1)
    os.utime(site.memo(4), (0, 0))
    worker = site.worker()
    request = worker.make_opener(None)

    def late(pixels, timeout):
        request.open(pixels, timeout)
        raise ImageError("MissingPyramidException")

    worker.make_opener = lambda login: type("Late", (), {"open": staticmethod(late), "close": staticmethod(list)})
    worker.run()
    assert site.progress.status()["files"]["failed"] == 0


def test_errors_of_a_server_without_its_database_are_not_the_images(site):
    site.ask()
    site.errors[6] = [ImageError("InternalException: database")]
    # fine at first, away after the error and at the look that follows, then back
    site.sessions = [0, None, None, 0]
    site.worker().run()
    assert site.opened[:2] == [6, 6]
    assert site.progress.status()["files"]["failed"] == 0


def test_file_that_the_server_dies_of_is_given_up(site):
    site.ask()
    site.errors[5] = [LostError("ConnectionLostException")] * LOST
    site.worker().run()
    assert site.opened.count(5) == LOST
    assert site.progress.status()["files"] == {"total": 6, "done": 6, "failed": 1, "without_memo": 0}


def test_server_that_restarts_is_waited_for(site):
    site.ask()
    site.errors[5] = [LostError("ConnectionLostException"), ServerError("refused"), ServerError("refused")]
    site.worker().run()
    assert site.progress.status()["files"]["failed"] == 0


def test_server_that_stays_away_ends_the_worker_not_the_round(site):
    site.ask()
    site.errors[6] = [ServerError("refused")] * 100
    with pytest.raises(ServerError):
        site.worker().run()
    assert site.now <= LIMITS["server_timeout"] + 2 * LIMITS["check_seconds"]
    assert site.progress.status()["state"] == "waiting"
    assert site.progress.is_wanted()


def test_it_keeps_to_the_rate(site):
    site.configure(files_per_minute=6)
    site.ask()
    site.worker().run()
    assert site.now >= 50
    assert site.progress.status()["per_minute"] == pytest.approx(6, rel=0.01)


def test_it_pauses_while_the_database_is_busy_and_says_so(site):
    site.ask()
    site.sessions = [9, 9, 0]
    told = []
    worker = site.worker()
    worker.sleep = lambda seconds: (told.append(site.progress.status()["why"]), site.sleep(seconds))
    worker.run()
    assert told[:2] == ["9.0 sessions keep the database busy"] * 2
    assert site.slept[:2] == [10, 10]
    assert site.progress.status()["state"] == "done"


def test_changed_settings_count_at_once(site):
    site.configure(files_per_minute=1)
    site.ask()
    worker = site.worker()

    def sleep(seconds):
        site.sleep(seconds)
        site.configure(files_per_minute=6000)

    worker.sleep = sleep
    worker.run()
    assert 59 < site.now < 70


def test_parts_leave_the_rest_to_others(site):
    site.ask(part=0, parts=2)
    site.worker().run()
    first = list(site.opened)
    site.opened.clear()
    site.ask(part=1, parts=2)
    site.worker().run()
    assert sorted(first + site.opened) == [1, 2, 3, 4, 5, 6]
    assert not set(first) & set(site.opened)
