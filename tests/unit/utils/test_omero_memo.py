"""Where memo files are, what counts, and in which order they are made."""

import os

import omero_memo
import pytest

DATA = {"omero.data.dir": "/data/OMERO"}


def test_folders_of_a_server_that_writes_to_the_repository():
    found = omero_memo.folders({**DATA, "omero.pixeldata.memoizer.dir.local": "/ignored"})
    assert found == {
        "written": "/data/OMERO/BioFormatsCache",
        "read": ["/data/OMERO/BioFormatsCache"],
        "managed": "/data/OMERO/ManagedRepository",
        "private": False,
    }


@pytest.mark.parametrize("key", ["omero.cluster.read_only", "omero.cluster.read_only.repo"])
@pytest.mark.parametrize("yes", [True, "true"])
def test_read_only_server_has_a_folder_of_its_own_and_looks_into_the_shared_one(key, yes):
    found = omero_memo.folders({**DATA, key: yes, "omero.pixeldata.memoizer.dir.local": "/memo"})
    assert (found["written"], found["private"]) == ("/memo", True)
    assert found["read"] == ["/memo", "/data/OMERO/BioFormatsCache"]


def test_folders_may_be_elsewhere_and_in_terms_of_the_data_folder():
    config = {
        **DATA,
        "omero.managed.dir": "${omero.data.dir}/Images",
        "omero.pixeldata.memoizer.dir": "/ssd/memo",
    }
    found = omero_memo.folders(config)
    assert (found["managed"], found["written"]) == ("/data/OMERO/Images", "/ssd/memo")


def test_memo_file_has_the_name_that_bio_formats_gives_it():
    assert omero_memo.memo("/memo", "/data/a b/x.tiff") == "/memo/data/a b/.x.tiff.bfmemo"


@pytest.fixture
def image(tmp_path):
    """An image's file of the time 1000, and a function that makes its memo file of another."""
    path, place = tmp_path / "x.tiff", tmp_path / "memo"
    path.write_text("")
    os.utime(path, (1000, 1000))

    def made(at):
        memo = tmp_path / omero_memo.memo(str(place), str(path))
        memo.parent.mkdir(parents=True, exist_ok=True)
        memo.write_text("12345")
        os.utime(memo, (at, at))

    return str(place), str(path), made


def test_image_is_warm_with_a_memo_file_that_is_not_older_than_it(image):
    place, path, made = image
    assert not omero_memo.is_warm([place], path)
    made(999)
    assert not omero_memo.is_warm([place], path)
    made(1000)
    assert omero_memo.is_warm(["/nowhere", place], path)


def test_memo_file_of_the_time_before_the_release_does_not_count(image):
    place, path, made = image
    made(2000)
    assert omero_memo.is_warm([place], path, since=2000)
    assert not omero_memo.is_warm([place], path, since=2001)


def test_release_is_as_old_as_the_link_to_it(tmp_path):
    (tmp_path / "release").mkdir()
    link = tmp_path / "OMERO.server"
    link.symlink_to("release")
    os.utime(link, (3000, 3000), follow_symlinks=False)
    assert omero_memo.since(link) == 3000
    assert omero_memo.since(tmp_path / "none") == 0


def test_count_is_of_memo_files_alone(image, tmp_path):
    place, _, made = image
    made(1)
    (tmp_path / "memo" / "notes.txt").write_text("x")
    assert omero_memo.count(place) == (1, 5)
    assert omero_memo.count(tmp_path / "none") == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({}, {}),
        ({"newest": 3}, {"newest": 3}),
        ({"newest": "3"}, {"newest": 3}),
        ({"images": [5, "4", 5]}, {"images": [4, 5]}),
        ({"images": 7}, {"images": [7]}),
    ],
)
def test_what_may_be_wanted(arguments, wanted):
    assert omero_memo.wanted(**arguments) == wanted


@pytest.mark.parametrize(
    "arguments",
    [
        {"newest": 0},
        {"newest": True},
        {"newest": "all"},
        {"images": []},
        {"images": [0]},
        {"images": ["1) or (true"]},
        {"images": [1], "newest": 1},
    ],
)
def test_what_may_not_be_wanted_is_named(arguments):
    with pytest.raises(ValueError, match=r"images|newest"):
        omero_memo.wanted(**arguments)


def test_query_has_numbers_only():
    with pytest.raises(ValueError, match="image ids"):
        omero_memo.query({"images": ["1); drop table pixels; --"]})
    assert "image in (4,5)" in omero_memo.query({"images": [5, 4]})
    assert "order by image desc limit 3" in omero_memo.query({"newest": 3})


def test_rows_of_any_name():
    text = '1,11,a/b,x.tiff\n2,12,"a,b","say ""hi"".tiff"\n3,13,c,"line\nbreak"\n4,14,c,"x\u2028y\x85z"\n'
    assert omero_memo.rows(text) == [
        (1, 11, "a/b", "x.tiff"),
        (2, 12, "a,b", 'say "hi".tiff'),
        (3, 13, "c", "line\nbreak"),
        (4, 14, "c", "x\u2028y\x85z"),
    ]
    assert omero_memo.rows("") == []


def test_all_images_are_listed_page_by_page():
    asked = []
    pages = ["1,11,p,a\n2,12,p,b\n", "7,13,p,c\n8,14,p,d\n", ""]

    def ask(sql):
        asked.append(sql)
        return pages[len(asked) - 1]

    found = omero_memo.listed({}, ask, page=2)
    assert [row[0] for row in found] == [1, 2, 7, 8]
    assert [part in sql for part, sql in zip(["id > 0", "id > 2", "id > 8"], asked, strict=True)] == [True] * 3


def test_each_file_is_opened_once_the_newest_images_first():
    rows = [(1, 11, "plate", "x.screen"), (2, 12, "plate/", "x.screen"), (3, 20, "/other", "y.tiff")]
    assert omero_memo.files(rows, "/managed") == [
        {"file": "/managed/other/y.tiff", "image": 20, "pixels": 3, "images": 1},
        {"file": "/managed/plate/x.screen", "image": 12, "pixels": 2, "images": 2},
    ]


def test_parts_are_each_file_once_and_the_same_each_time():
    items = [{"file": f"/m/{number}.tiff"} for number in range(300)]
    parts = [omero_memo.part(items, number, 3) for number in range(3)]
    assert sorted(one["file"] for part in parts for one in part) == sorted(one["file"] for one in items)
    assert all(50 < len(part) < 150 for part in parts)
    assert omero_memo.part(items[::-1], 1, 3) == parts[1][::-1]


def test_turns_begin_elsewhere_and_leave_out_nothing():
    items = list(range(10))
    turns = [omero_memo.turned(items, number, 3) for number in range(3)]
    assert [turn[0] for turn in turns] == [0, 3, 6]
    assert all(sorted(turn) == items for turn in turns)
    assert omero_memo.turned([], 1, 2) == []
