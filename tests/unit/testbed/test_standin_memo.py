"""The stand-in's memo files: who writes them where, and what opening costs."""

import pytest
from standin.memo import Memo, Sources
from standin.settings import Settings, read_properties

from testbed.standin_release import SOURCE

FILE = "demo/study/set/a.tif"


class Time:
    """A clock that only moves while somebody sleeps."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def site(tmp_path):
    """Function: a Memo of a server, and how long its openings take."""
    defaults = read_properties((SOURCE / "etc/omero.properties").read_text())

    def server(**configured):
        named = {key.replace("__", "."): value for key, value in configured.items()}
        time = Time()
        memo = Memo(Settings(defaults, {"omero.data.dir": str(tmp_path / "OMERO"), **named}), time, time.sleep)

        def opened(source=FILE):
            before = time.now
            memo.open(source)
            return round(time.now - before, 6)

        memo.opened = opened
        return memo

    return server


def reader(tmp_path, **more):
    return {
        "omero__cluster__read_only__repo": "true",
        "omero__pixeldata__memoizer__dir__local": str(tmp_path / "local"),
        **more,
    }


def place(tmp_path, folder):
    return tmp_path / folder / str(tmp_path / "OMERO/ManagedRepository/demo/study/set/.a.tif.bfmemo").lstrip("/")


def test_the_second_opening_is_quick_until_the_memo_is_removed(site, tmp_path):
    memo = site()
    assert [memo.opened(), memo.opened()] == [0.3, 0]
    path = place(tmp_path, "OMERO/BioFormatsCache")
    assert path.read_text().startswith("STAND-IN for a Bio-Formats memo file, of release 5.6.18-STANDIN\n")
    path.unlink()
    assert [memo.opened(), memo.opened()] == [0.3, 0]


def test_a_read_only_server_has_its_own_and_copies_the_shared_one(site, tmp_path):
    alone = site(**reader(tmp_path))
    assert alone.opened() == 0.3
    assert not place(tmp_path, "OMERO/BioFormatsCache").exists()
    site().opened("demo/b.tif")
    shared = site(**reader(tmp_path))
    assert [shared.opened(), shared.opened("demo/b.tif")] == [0, 0]
    assert (place(tmp_path, "local").parents[2] / ".b.tif.bfmemo").is_file()


def test_the_local_folder_is_for_read_only_repositories(site, tmp_path):
    site(**reader(tmp_path, omero__cluster__read_only__repo="false")).opened()
    assert place(tmp_path, "OMERO/BioFormatsCache").is_file()
    assert not (tmp_path / "local").exists()


def test_a_memo_of_another_release_is_made_anew(site, tmp_path):
    site().opened()
    newer = site(omero__version="5.7.0-STANDIN")
    assert [newer.opened(), newer.opened()] == [0.3, 0]
    assert "5.7.0-STANDIN" in place(tmp_path, "OMERO/BioFormatsCache").read_text()


def test_what_opens_quicker_than_it_is_worth_gets_no_memo(site):
    memo = site(omero__pixeldata__memoizer_wait="301")
    assert [memo.opened(), memo.opened()] == [0.3, 0.3]


def test_where_nothing_can_be_written_every_opening_is_slow_and_the_log_says_it_once(site, tmp_path, caplog):
    caplog.set_level("INFO")
    (tmp_path / "OMERO").write_text("no folder")
    memo = site()
    assert [memo.opened(), memo.opened()] == [0.3, 0.3]
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_only_imported_pixels_have_memos_and_missing_ones_make_none(site):
    class Pixels:
        def __init__(self, number):
            self.id = type("Id", (), {"val": number})

    class Files:
        thumbnail = None

        def open(self, pixels):
            if pixels.id.val == 3:
                raise FileNotFoundError
            return "samples"

    memo = site()
    sources = Sources(Files(), memo, {1: FILE, 3: "demo/c.tif"})
    assert [sources.open(Pixels(2)), memo.clock.now] == ["samples", 0]
    with pytest.raises(FileNotFoundError):
        sources.open(Pixels(3))
    assert memo.clock.now == 0
    assert [sources.open(Pixels(1)), memo.clock.now] == ["samples", 0.3]
