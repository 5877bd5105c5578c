"""Real XFS file systems on loop devices, frozen and thawed as a host does it."""

import json
import os
import subprocess
import sys
import threading

import idr_freeze
import nspawn_loop
import pytest

SIZE = 320 << 20


def call(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture
def volumes(as_root, tmp_path):
    """Two mounted XFS file systems: their paths."""
    made = []
    try:
        for name in ("one", "two"):
            image, path = tmp_path / f"{name}.xfs", tmp_path / name
            with image.open("wb") as file:
                file.truncate(SIZE)
            path.mkdir()
            call("mkfs.xfs", "-q", str(image))
            call("mount", "-o", "loop", str(image), str(path))
            made.append(path)
        yield [str(path) for path in made]
    finally:
        for path in made:
            subprocess.run(["fsfreeze", "--unfreeze", path], capture_output=True, check=False)
            subprocess.run(["umount", path], capture_output=True, check=False)


@pytest.fixture
def armed(volumes, tmp_path):
    """``(paths, folder of the records)`` with a set ``s`` that is armed."""
    folder = tmp_path / "records"
    idr_freeze.arm("s", volumes, 10, folder)
    return volumes, folder


def frozen(path):
    """Whether a file system is frozen: to thaw it, which it is afterwards, would be an error otherwise."""
    return subprocess.run(["fsfreeze", "--unfreeze", path], capture_output=True, check=False).returncode == 0


class Writer(threading.Thread):
    """Writes one file, which waits while the file system is frozen."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.file = os.path.join(folder, "written")
        self.start()

    def run(self):
        with open(self.file, "w") as file:
            file.write("x")


def test_writers_wait_until_the_master_thaws_and_readers_do_not(armed):
    paths, folder = armed
    with open(f"{paths[0]}/before", "w") as file:
        file.write("read me")
    seen = idr_freeze.freeze("s", folder)
    writers = [Writer(path) for path in paths]
    for writer in writers:
        writer.join(0.3)
        assert writer.is_alive()
    with open(f"{paths[0]}/before") as file:
        assert file.read() == "read me"
    assert (seen["whole"], seen["thawed_at"], seen["by"]) == (False, None, None)
    seen = idr_freeze.thaw("s", folder)
    for writer in writers:
        writer.join(10)
        assert not writer.is_alive()
    assert (seen["whole"], seen["by"]) == (True, "master")
    assert 0.6 < seen["seconds"] < 5
    assert seen["seconds"] == pytest.approx(seen["thawed_at"] - seen["frozen_at"], abs=0.001)


def test_what_the_timer_thaws_is_not_whole_when_the_master_comes(armed):
    paths, folder = armed
    idr_freeze.freeze("s", folder)
    by_timer = idr_freeze.expire("s", folder)
    assert not any(frozen(path) for path in paths)
    seen = idr_freeze.thaw("s", folder)
    assert (seen["whole"], seen["by"], seen["thawed_at"]) == (False, "timer", by_timer["thawed_at"])


def test_what_somebody_else_thaws_is_not_whole(armed):
    paths, folder = armed
    idr_freeze.freeze("s", folder)
    assert frozen(paths[1])
    seen = idr_freeze.thaw("s", folder)
    assert (seen["whole"], seen["by"]) == (False, "somebody else")
    assert not any(frozen(path) for path in paths)


def test_nothing_is_frozen_when_the_time_is_up(armed):
    paths, folder = armed
    idr_freeze.expire("s", folder)
    with pytest.raises(idr_freeze.FreezeError, match="expired before it was frozen"):
        idr_freeze.freeze("s", folder)
    assert not any(frozen(path) for path in paths)


def test_an_order_to_freeze_that_comes_after_the_thaw_is_too_late(armed):
    paths, folder = armed
    assert idr_freeze.thaw("s", folder)["whole"] is False
    with pytest.raises(idr_freeze.FreezeError, match="thawed before it was frozen"):
        idr_freeze.freeze("s", folder)
    assert not any(frozen(path) for path in paths)


def test_what_is_known_goes_after_a_week(armed, volumes):
    _, folder = armed
    os.utime(folder / "s.json", (0, 0))
    idr_freeze.arm("t", volumes, 10, folder)
    assert [path.name for path in folder.glob("*.json")] == ["t.json"]


@pytest.mark.parametrize("end", [idr_freeze.thaw, idr_freeze.expire])
def test_a_mark_says_that_nothing_is_to_be_written(armed, end):
    _, folder = armed
    assert (folder / "armed").exists()
    # for everybody, who sees nothing else there
    assert folder.stat().st_mode & 0o777 == 0o711
    assert (folder / "s.json").stat().st_mode & 0o777 == 0o600
    idr_freeze.freeze("s", folder)
    assert (folder / "armed").exists()
    end("s", folder)
    assert not (folder / "armed").exists()


def test_all_or_nothing_is_frozen(armed):
    paths, folder = armed
    call("fsfreeze", "--freeze", paths[1])
    with pytest.raises(idr_freeze.FreezeError, match=f"{paths[1]}: frozen already, by somebody else"):
        idr_freeze.freeze("s", folder)
    assert not frozen(paths[0])
    # that of somebody else is left to him
    assert frozen(paths[1])


def test_only_a_mounted_volume_can_be_armed(volumes, tmp_path):
    for path in ("/", str(tmp_path), "/etc"):
        with pytest.raises(idr_freeze.FreezeError, match="expected a mounted volume"):
            idr_freeze.arm("s", [path], 10, tmp_path / "records")


def test_another_file_system_than_the_one_that_was_armed_is_not_frozen(armed):
    paths, folder = armed
    call("umount", paths[1])
    with pytest.raises(idr_freeze.FreezeError, match="another file system"):
        idr_freeze.freeze("s", folder)
    assert not frozen(paths[0])


def test_who_was_not_armed_is_neither_frozen_nor_thawed(tmp_path):
    for step in (idr_freeze.freeze, idr_freeze.thaw, idr_freeze.seen):
        with pytest.raises(idr_freeze.FreezeError):
            step("s", tmp_path)


def test_the_timers_command_needs_nothing_but_python(armed, checkout):
    paths, folder = armed
    idr_freeze.freeze("s", folder)
    command = [sys.executable, "-I", checkout / "_utils/idr_freeze.py", "expire", "s", folder]
    done = subprocess.run(command, capture_output=True, text=True, env={}, timeout=60, check=True)
    assert json.loads(done.stdout)["by"] == "timer"
    assert not any(frozen(path) for path in paths)


def test_the_freeze_of_a_host_that_died_does_not_outlive_it(armed):
    paths, folder = armed
    device = call("findmnt", "-no", "SOURCE", paths[0]).strip()
    idr_freeze.freeze("s", folder)
    call("umount", "--lazy", paths[0])
    assert nspawn_loop.thaw(device)
    assert not nspawn_loop.thaw(device)
    idr_freeze.thaw("s", folder)


def test_a_clone_is_mounted_beside_its_frozen_origin(armed, tmp_path):
    paths, folder = armed
    idr_freeze.freeze("s", folder)
    image, place = tmp_path / "clone.xfs", tmp_path / "clone"
    place.mkdir()
    call("cp", "--sparse=always", str(tmp_path / "one.xfs"), str(image))
    idr_freeze.thaw("s", folder)
    assert subprocess.run(["mount", "-o", "loop", image, place], capture_output=True, check=False).returncode
    call("mount", "-o", "loop,nouuid", str(image), str(place))
    call("umount", str(place))
