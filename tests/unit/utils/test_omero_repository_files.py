"""omero_repository_files: whether a data folder is somebody's."""

import omero_repository_files
import pytest


def test_folders_alone_are_nobodys(tmp_path):
    assert omero_repository_files.first(tmp_path / "missing") is None
    (tmp_path / "ManagedRepository/demo_2").mkdir(parents=True)
    (tmp_path / "other").write_text("")
    assert omero_repository_files.first(tmp_path) is None


@pytest.mark.parametrize("name", [".omero/repository/uuid", "Files/1", "ManagedRepository/a/b/c.tif", "Pixels/Dir-1/1"])
def test_one_file_is_enough(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text("")
    assert omero_repository_files.first(tmp_path) == str(path)
