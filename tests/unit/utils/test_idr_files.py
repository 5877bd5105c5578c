"""Files that are whole or not there."""

import json

import idr_files
import pytest


def test_file_and_folder_are_for_root_alone(tmp_path):
    path = tmp_path / "made/one.json"
    idr_files.replace_json(path, {"b": 1, "a": "ü"})
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert idr_files.read_json(path) == {"b": 1, "a": "ü"}
    assert [one.name for one in path.parent.iterdir()] == ["one.json"]


def test_what_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path):
    path = tmp_path / "one.json"
    idr_files.replace_json(path, {"a": 1})
    with pytest.raises(TypeError):
        idr_files.replace_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_its_place_is_an_error(tmp_path):
    (tmp_path / "one.json").mkdir()
    with pytest.raises(OSError, match="one.json"):
        idr_files.replace_json(tmp_path / "one.json", {})
    assert [one.name for one in tmp_path.iterdir()] == ["one.json"]


@pytest.mark.parametrize(
    ("text", "said"), [("{", "one.json"), ("", "one.json"), ("[1]", "expected dict, found list"), ("null", "NoneType")]
)
def test_other_texts_are_named(tmp_path, text, said):
    (tmp_path / "one.json").write_text(text)
    with pytest.raises(ValueError, match=said):
        idr_files.read_json(tmp_path / "one.json")


def test_none_is_none(tmp_path):
    assert idr_files.read_json(tmp_path / "one.json") is None
    (tmp_path / "one.json").write_text("[1]")
    assert idr_files.read_json(tmp_path / "one.json", list) == [1]
