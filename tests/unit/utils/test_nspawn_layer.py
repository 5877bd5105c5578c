"""A host's own layer."""

import nspawn_layer
from nspawn_files import File


def test_files_are_below_upper_with_their_modes(tmp_path):
    nspawn_layer.write(tmp_path, [File("etc/a/one", "1\n", 0o440), File("etc/two", link="/etc/a/one")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root", "upper", "work"]
    one = tmp_path / "upper/etc/a/one"
    assert (one.read_text(), one.stat().st_mode & 0o777) == ("1\n", 0o440)
    assert str((tmp_path / "upper/etc/two").readlink()) == "/etc/a/one"


def test_a_later_file_replaces_an_earlier_one(tmp_path):
    nspawn_layer.write(tmp_path, [File("etc/one", "old\n"), File("etc/one", "new\n", 0o600)])
    one = tmp_path / "upper/etc/one"
    assert (one.read_text(), one.stat().st_mode & 0o777) == ("new\n", 0o600)


def test_what_a_link_leads_to_is_not_written(tmp_path):
    (tmp_path / "other").write_text("kept\n")
    nspawn_layer.write(tmp_path, [File("one", link=str(tmp_path / "other")), File("one", "new\n")])
    assert (tmp_path / "other").read_text() == "kept\n"
