"""
Loop devices that vanish with their last user.

With the autoclear flag the kernel frees a loop device when nothing has it open or mounted any more, so that neither a
crash nor a killed namespace leaves one behind.

A file has one device at most, however many attach it: two devices would be two filesystems that write over each other.
"""

import errno
import fcntl
import os
import shutil
import stat
import struct
import subprocess
import time
from pathlib import Path

CTL_GET_FREE = 0x4C82
CONFIGURE = 0x4C0A
SET_CAPACITY = 0x4C07
GET_STATUS = 0x4C05
MAJOR = 7
FLAG_AUTOCLEAR = 4
# struct loop_config: fd, block size, struct loop_info64 (flags in the middle, then the name), 64 reserved bytes
CONFIG = struct.Struct("=II 5Q 3I I 64s 64s 32s 2Q 8Q")
# struct loop_info64 begins with the backing file's device and inode
STATUS = struct.Struct("=2Q 216x")
TRIES = 64
THAW_LIMIT = 30


def attach(path):
    """
    Attach the file ``path`` to the loop device that it has already, or to a free one.

    Returns ``(device, fd)``; the device lives until nobody has it open or mounted any more.
    """
    # not the descriptor that the kernel is given: it would keep the lock as long as the device
    guard = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        return _attached(os.fstat(guard)) or _attach(path)
    finally:
        os.close(guard)


def _attached(file):
    """Open the loop device that has the file with this ``stat``; None if there is none."""
    for bound in sorted(Path("/sys/block").glob("loop*/loop")):
        number = int(bound.parent.name.removeprefix("loop"))
        try:
            fd = _open(number)
        except OSError as exc:
            # it went away meanwhile
            if exc.errno not in (errno.ENXIO, errno.ENOENT):
                raise
            continue
        # while it is open here it keeps its file
        if _backing(fd) == (file.st_dev, file.st_ino):
            return f"/dev/loop{number}", fd
        os.close(fd)
    return None


def _backing(fd):
    status = bytearray(STATUS.size)
    try:
        fcntl.ioctl(fd, GET_STATUS, status)
    except OSError as exc:
        if exc.errno != errno.ENXIO:
            raise
        return None
    return STATUS.unpack(status)


def _open(number):
    device = f"/dev/loop{number}"
    if not os.path.exists(device):
        os.mknod(device, stat.S_IFBLK | 0o660, os.makedev(MAJOR, number))
    return os.open(device, os.O_RDWR | os.O_CLOEXEC)


def _attach(path):
    backing = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
        try:
            for _ in range(TRIES):
                attached = _try_attach(control, backing, path)
                if attached:
                    return attached
        finally:
            os.close(control)
    finally:
        os.close(backing)
    raise OSError(errno.EBUSY, "no free loop device", path)


def _try_attach(control, backing, path):
    number = fcntl.ioctl(control, CTL_GET_FREE)
    fd = _open(number)
    label = os.path.basename(path).encode()[:63]
    config = CONFIG.pack(backing, 0, *[0] * 5, 0, 0, 0, FLAG_AUTOCLEAR, label, b"", b"", 0, 0, *[0] * 8)
    try:
        fcntl.ioctl(fd, CONFIGURE, config)
    except OSError as exc:
        os.close(fd)
        if exc.errno != errno.EBUSY:
            raise
        time.sleep(0.05)
        return None
    return f"/dev/loop{number}", fd


def resize(fd):
    """Make the loop device as large as its file is now; mounted filesystems do not mind."""
    fcntl.ioctl(fd, SET_CAPACITY, 0)


def claim(device):
    """Open ``device`` so that nothing can mount it until the returned fd is closed; None if it is in use."""
    try:
        return os.open(device, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC)
    except OSError as exc:
        if exc.errno != errno.EBUSY:
            raise
        return None


def thaw(device):
    """
    Thaw the file system of a device whose host has died; say whether it was frozen.

    A machine that dies takes its freeze along. Here the kernel goes on, and with it the freeze: whoever of the host was
    writing could not even be killed, and its next boot would find its volume frozen.
    """
    free = claim(device)
    if free is not None:
        os.close(free)
        return False
    # Somebody has it still, be it the freeze alone: another mount of it leads there, and goes with its namespace.
    command = ["--mount", "--propagation", "private", "sh", "-c", 'mount "$1" /mnt && fsfreeze --unfreeze /mnt', "sh"]
    done = subprocess.run(
        [shutil.which("unshare") or "unshare", *command, device], capture_output=True, timeout=THAW_LIMIT, check=False
    )
    return done.returncode == 0
