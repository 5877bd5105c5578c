"""What proves a clone."""

import pytest
import snapshot_proof


@pytest.mark.parametrize(
    ("number", "place"), [(0, "0"), (999, "999"), ("1000", "Dir-001/1000"), (1234567, "Dir-001/Dir-234/1234567")]
)
def test_place(number, place):
    assert snapshot_proof.place(number) == place


@pytest.fixture
def root(tmp_path):
    for path, size in {"Pixels/1": 8, "Pixels/Dir-001/1000": 8, "ManagedRepository/a/b/c.tif": 3, "Files/7": 5}.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size)
    (tmp_path / "ManagedRepository/a/link.tif").symlink_to("/nowhere/at/all")
    return tmp_path


def test_pixels_have_a_file_of_their_own_or_that_of_their_import(root):
    rows = [
        ["1", "4", "uint16", "", ""],
        ["1000", "8", "uint8", "a/b", "c.tif"],
        ["2", "4", "uint16", "a/b", "c.tif"],
        ["3", "4", "uint16", "a", "link.tif"],
    ]
    assert list(snapshot_proof.pixels_missing(root, rows)) == []


def test_pixels_that_are_gone_or_short_are_told(root):
    rows = [["1", "5", "uint16", "", ""], ["4", "4", "uint8", "", ""], ["5", "4", "uint8", "a/b", "d.tif"]]
    short, gone, imported = snapshot_proof.pixels_missing(root, rows)
    assert short.endswith("Pixels/1: expected 10 bytes, found 8")
    assert gone == f"pixels 4: expected the file {root}/Pixels/4, found none"
    assert imported.endswith(f"Pixels/5 or {root}/ManagedRepository/a/b/d.tif, found none")


def test_original_files(root):
    good = [
        ["7", "5", "", "", "x", ""],
        ["8", "3", "uuid", "a/b/", "c.tif", "image/tiff"],
        ["9", "0", "uuid", "a/", "b", "Directory"],
        ["10", "3", "uuid", "/a/", "link.tif", "image/tiff"],
    ]
    assert list(snapshot_proof.files_missing(root, good)) == []
    short, gone = snapshot_proof.files_missing(root, [["7", "6", "", "", "x", ""], ["11", "1", "", "", "x", ""]])
    assert short.endswith("Files/7: expected 6 bytes, found 5")
    assert gone.endswith("Files/11, found none")


def test_counts():
    expected = {"omero": [3, 3], "moving": [3, 5], "gone": [1, 1]}
    assert snapshot_proof.counts(expected, {"omero": 3, "moving": 4, "gone": 1, "new": 9}) == []
    assert snapshot_proof.counts(expected, {"omero": 2, "moving": 6}) == [
        "database gone: expected, found none of this name",
        "database moving: expected 3 to 5 tables, found 6",
        "database omero: expected 3 tables, found 2",
    ]


def test_the_configuration_lets_nobody_in_from_outside():
    text = snapshot_proof.configuration("/srv/data", "/run/x")
    assert "listen_addresses = ''\n" in text
    assert "unix_socket_directories = '/run/x'\n" in text
    assert "data_directory = '/srv/data'\n" in text
