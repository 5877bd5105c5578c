"""The share states through Salt's real loaders, on real folders. Mounts are tried by tests/local."""

import os

import pytest

FOLDERS = ["Files", "Pixels"]


@pytest.fixture
def place(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "mount").mkdir()
    return tmp_path


def _linked(apply, place, test=False):
    return apply("share.linked", str(place / "data"), test=test, target=str(place / "mount"), folders=FOLDERS)


def test_links_are_predicted_and_made_in_the_place_of_empty_trees(apply, place):
    (place / "data/Files/a/b").mkdir(parents=True)
    (place / "data/Pixels").symlink_to("/elsewhere")
    predicted = _linked(apply, place, test=True)
    assert predicted["result"] is None
    assert (place / "data/Files/a/b").is_dir()
    ret = _linked(apply, place)
    assert (ret["result"], ret["changes"]) == (True, predicted["changes"])
    assert [os.readlink(place / "data" / name) for name in FOLDERS] == [str(place / "mount" / name) for name in FOLDERS]
    for test in (True, False):
        again = _linked(apply, place, test=test)
        assert (again["result"], again["changes"]) == (True, {})


@pytest.mark.parametrize("test", [True, False])
@pytest.mark.parametrize("path", ["Files/a/precious", "Files"])
def test_a_file_is_never_touched(apply, place, path, test):
    (place / "data" / path).parent.mkdir(parents=True, exist_ok=True)
    (place / "data" / path).write_text("kept")
    ret = _linked(apply, place, test=test)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert str(place / "data/Files") in ret["comment"]
    assert (place / "data" / path).read_text() == "kept"
    assert not (place / "data/Pixels").exists()


def test_complete_waits_no_longer_than_its_limit_and_names_what_is_missing(apply, place):
    (place / "mount/Files").mkdir()
    arguments = {"folders": FOLDERS, "timeout": 0}
    assert apply("share.complete", str(place / "mount"), test=True, **arguments)["result"] is None
    ret = apply("share.complete", str(place / "mount"), **arguments)
    assert ret["result"] is False
    assert "did not make Pixels within 0 s" in ret["comment"]
    (place / "mount/Pixels").mkdir()
    assert apply("share.complete", str(place / "mount"), **arguments)["result"] is True


@pytest.mark.parametrize("test", [True, False])
def test_bound_without_the_volume(apply, test):
    ret = apply("share.bound", "/data/no-such-mount", test=test, label="no-such-labl", folder="OMERO", timeout=0)
    assert ret["result"] is (None if test else False)
    assert "no device has the label no-such-labl" in ret["comment"]
    assert bool(ret["changes"]) is test
    assert not os.path.exists("/data/no-such-mount")


def test_bound_refuses_another_path(apply):
    ret = apply("share.bound", "data", label="x", folder="OMERO", timeout=0)
    assert ret["result"] is False
    assert "expected an absolute path" in ret["comment"]
