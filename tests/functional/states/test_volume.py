"""Volumes on real loop devices with the real programs."""

import itertools
import os
import pathlib
import stat
import subprocess
import uuid

import pytest
from salt.exceptions import CommandExecutionError

pytestmark = pytest.mark.usefixtures("as_root")

GIB = 1024**3


def _run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Device:
    """A loop device over a sparse file."""

    def __init__(self, path):
        self.path = path
        self.resize(GIB)
        self.name = _run("losetup", "--find", "--show", str(path))

    def resize(self, size):
        """Make the file as large, and the device with it once there is one."""
        with self.path.open("ab") as stream:
            stream.truncate(size)
        if hasattr(self, "name"):
            _run("losetup", "--set-capacity", self.name)

    def close(self):
        """Free the device."""
        _run("losetup", "--detach", self.name)


@pytest.fixture
def label():
    """A label that no other device has."""
    return f"t-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def device_factory(tmp_path):
    """Function that makes devices, which are freed at the end."""
    made, numbers = [], itertools.count()

    def make():
        made.append(Device(tmp_path / f"disk{next(numbers)}"))
        return made[-1]

    yield make
    for device in made:
        device.close()


@pytest.fixture
def mounted(tmp_path):
    """Function that mounts a device, until the end."""
    path = tmp_path / "mnt"
    path.mkdir()

    def mount(device):
        _run("mount", device, str(path))
        return str(path)

    yield mount
    if os.path.ismount(path):
        _run("umount", str(path))


def _content(device):
    return _run("blkid", "-p", "-o", "value", "-s", "UUID", device)


def test_blank_device_is_formatted_once(apply, device_factory, label):
    device = device_factory()
    predicted = apply("volume.formatted", label, test=True, device=device.name)
    assert predicted["result"] is None
    done = apply("volume.formatted", label, device=device.name)
    assert (done["result"], done["changes"]) == (True, predicted["changes"])
    before = _content(device.name)
    again = apply("volume.formatted", label, device=device.name)
    assert (again["result"], again["changes"]) == (True, {})
    assert apply("volume.formatted", label, test=True, device=device.name)["result"] is True
    assert _content(device.name) == before


def test_test_mode_formats_nothing(apply, device_factory, label):
    device = device_factory()
    apply("volume.formatted", label, test=True, device=device.name)
    assert subprocess.run(["blkid", "-p", device.name], check=False, capture_output=True).returncode == 2


def test_label_is_enough_once_it_is_there(apply, device_factory, label):
    _run("mkfs.xfs", "-q", "-L", label, device_factory().name)
    ret = apply("volume.formatted", label, device=None)
    assert (ret["result"], ret["changes"]) == (True, {})


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (("mkfs.xfs", "-q", "-L", "other"), "TYPE=xfs"),
        (("mkfs.ext4", "-q"), "TYPE=ext4"),
        (("mkswap",), "TYPE=swap"),
    ],
)
def test_device_with_a_filesystem_is_left_alone(apply, device_factory, label, program, said):
    device = device_factory()
    _run(*program, device.name)
    before = _content(device.name)
    for test in (True, False):
        ret = apply("volume.formatted", label, test=test, device=device.name)
        assert ret["result"] is False
        assert said in ret["comment"]
    assert _content(device.name) == before


def test_device_with_partitions_is_left_alone(apply, device_factory, label):
    device = device_factory()
    entry = bytes([0, 0, 2, 0, 0x83, 0, 0, 0]) + (2048).to_bytes(4, "little") + (4096).to_bytes(4, "little")
    pathlib.Path(device.name).write_bytes(bytes(446) + entry + bytes(48) + b"\x55\xaa")
    ret = apply("volume.formatted", label, device=device.name)
    assert ret["result"] is False
    assert "PTTYPE=dos" in ret["comment"]


def test_device_in_use_is_left_alone(apply, device_factory, mounted, label):
    device = device_factory()
    _run("mkfs.ext4", "-q", device.name)
    mounted(device.name)
    ret = apply("volume.formatted", label, device=device.name)
    assert ret["result"] is False
    assert "in use" in ret["comment"]


def test_file_is_no_device(apply, tmp_path, label):
    path = tmp_path / "file"
    path.write_bytes(bytes(1024))
    ret = apply("volume.formatted", label, device=str(path))
    assert ret["result"] is False
    assert "not a block device" in ret["comment"]
    assert stat.S_ISREG(path.stat().st_mode)


@pytest.mark.parametrize(("device", "said"), [("/dev/no-such-device", "within 1 s"), (None, "grain volumes")])
def test_missing_device_is_waited_for_with_a_limit(apply, label, device, said):
    ret = apply("volume.formatted", label, device=device, timeout=1)
    assert ret["result"] is False
    assert said in ret["comment"]
    assert ret["changes"] == {}


def test_same_label_twice_is_refused(apply, device_factory, label):
    for _ in range(2):
        _run("mkfs.xfs", "-q", "-L", label, device_factory().name)
    ret = apply("volume.formatted", label)
    assert ret["result"] is False
    assert "more than one device" in ret["comment"]


def test_other_filesystem_with_the_label_is_refused(apply, device_factory, label):
    _run("mkfs.ext4", "-q", "-L", label, device_factory().name)
    ret = apply("volume.formatted", label)
    assert ret["result"] is False
    assert "expected xfs, found ext4" in ret["comment"]


def test_label_that_xfs_does_not_take_is_refused(apply):
    ret = apply("volume.formatted", "thirteen-char", device="/dev/null")
    assert ret["result"] is False
    assert "1 to 12" in ret["comment"]


def test_filesystem_grows_with_its_device(apply, device_factory, mounted, label):
    device = device_factory()
    _run("mkfs.xfs", "-q", "-L", label, device.name)
    path = mounted(device.name)
    kept = pathlib.Path(path) / "kept"
    kept.write_text("kept")
    assert apply("volume.grown", path)["changes"] == {}
    device.resize(2 * GIB)
    predicted = apply("volume.grown", path, test=True)
    assert predicted["result"] is None
    done = apply("volume.grown", path)
    assert (done["result"], done["changes"]) == (True, predicted["changes"])
    assert apply("volume.grown", path)["changes"] == {}
    assert os.statvfs(path).f_blocks * os.statvfs(path).f_frsize > 1.9 * GIB
    assert kept.read_text() == "kept"


def test_device_s_size_is_that_which_the_host_sees(salt_loaders, device_factory, mounted, label, tmp_path):
    device, functions = device_factory(), salt_loaders().functions
    _run("mkfs.xfs", "-q", "-L", label, device.name)
    path = mounted(device.name)
    assert functions["volume.size"](path) == GIB
    device.resize(2 * GIB)
    assert functions["volume.size"](path) == 2 * GIB
    with pytest.raises(CommandExecutionError, match="nothing is mounted there"):
        functions["volume.size"](str(tmp_path / "elsewhere"))


def test_nothing_mounted_does_not_grow(apply, tmp_path):
    assert apply("volume.grown", str(tmp_path))["result"] is False
    assert apply("volume.grown", str(tmp_path), test=True)["result"] is None
