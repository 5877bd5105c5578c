"""
Loop devices that vanish with their last user.

With the autoclear flag the kernel frees a loop device when nothing has it open or mounted any more, so that neither a
crash nor a killed namespace leaves one behind.
"""

import errno
import fcntl
import os
import stat
import struct
import time

CTL_GET_FREE = 0x4C82
CONFIGURE = 0x4C0A
SET_CAPACITY = 0x4C07
MAJOR = 7
FLAG_AUTOCLEAR = 4
# struct loop_config: fd, block size, struct loop_info64 (flags in the middle, then the name), 64 reserved bytes
CONFIG = struct.Struct("=II 5Q 3I I 64s 64s 32s 2Q 8Q")
TRIES = 64


def attach(path):
    """
    Attach the file ``path`` to a free loop device.

    Returns ``(device, fd)``; the device lives until ``fd`` is closed and nothing has it mounted.
    """
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
    device = f"/dev/loop{number}"
    if not os.path.exists(device):
        os.mknod(device, stat.S_IFBLK | 0o660, os.makedev(MAJOR, number))
    fd = os.open(device, os.O_RDWR | os.O_CLOEXEC)
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
    return device, fd


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
