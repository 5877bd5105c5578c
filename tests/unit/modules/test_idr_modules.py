"""Modules reach a minion when the master has others than it, and only then."""

import shutil

import pytest


def write(top, folder, files):
    for name, text in files.items():
        path = top / folder.format(name.split("/")[0]) / name.split("/")[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


FILES = {"modules/one.py": "ONE = 1\n", "states/one.py": "TWO = 2\n", "utils/three.py": "THREE = 3\n"}


@pytest.fixture
def master(load, tmp_path):
    top = tmp_path / "checkout"
    write(top, "_{}", FILES)
    return load("modules", "idr_modules", opts={"module_dirs": [str(top)]}), top


@pytest.fixture
def minion(load, tmp_path):
    """A minion whose saltutil.sync_all takes what the master has."""
    extmods, calls = tmp_path / "extmods", []

    def sync_all(saltenv, refresh):
        calls.append((saltenv, refresh))
        shutil.rmtree(extmods, ignore_errors=True)
        write(extmods, "{}", FILES)

    salt = {"saltutil.sync_all": sync_all}
    return load("modules", "idr_modules", opts={"extension_modules": str(extmods)}, salt=salt), extmods, calls


def test_a_new_minion_synchronizes_once(master, minion):
    version, (module, _, calls) = master[0].version(), minion
    assert module.sync(version) is True
    assert module.sync(version) is False
    # Without the environment's name sync_all would render top.sls, which calls this.
    assert calls == [("base", True)]


@pytest.mark.parametrize("path", ["_modules/one.py", "_utils/new.py"])
def test_a_file_that_changed_or_came_gives_another_version(master, path):
    module, top = master
    before = module.version()
    (top / path).write_text("OTHER = 1\n")
    assert module.version() != before


def test_what_python_leaves_beside_them_gives_none(master):
    module, top = master
    before = module.version()
    (top / "_utils/__pycache__").mkdir()
    (top / "_utils/__pycache__/three.cpython-311.pyc").write_bytes(b"code")
    assert module.version() == before


@pytest.mark.parametrize("damage", ["lost", "edited", "added"])
def test_a_minion_whose_files_are_others_synchronizes_again(master, minion, damage):
    version, (module, extmods, calls) = master[0].version(), minion
    module.sync(version)
    path = extmods / "utils" / ("three.py" if damage != "added" else "four.py")
    path.unlink() if damage == "lost" else path.write_text("EDITED = 1\n")
    assert module.sync(version) is True
    assert len(calls) == 2


def test_a_file_that_another_was_still_writing_is_fetched_again(load, master, tmp_path, monkeypatch):
    extmods, texts = tmp_path / "extmods", ["", FILES["modules/one.py"]]

    def sync_all(saltenv, refresh):
        write(extmods, "{}", FILES | {"modules/one.py": texts.pop(0)})

    opts = {"extension_modules": str(extmods)}
    module = load("modules", "idr_modules", opts=opts, salt={"saltutil.sync_all": sync_all})
    monkeypatch.setattr(module, "PAUSE", 0)
    version = master[0].version()
    assert module.sync(version) is True
    assert texts == []
    assert module.sync(version) is False


def test_without_a_version_there_is_nothing_to_do(load, minion):
    module, _, calls = minion
    assert module.sync(None) is False
    assert load("modules", "idr_modules", opts={"module_dirs": []}).version() is None
    assert calls == []
