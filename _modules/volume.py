"""
Block devices with one filesystem and no partitions, found by the filesystem's label.
"""

import errno
import os
import stat

import idr_volumes
from salt.exceptions import CommandExecutionError

__virtualname__ = "volume"


def __virtual__():
    return __virtualname__


def _run(command):
    return __salt__["cmd.run_all"](command, python_shell=False, ignore_retcode=True, timeout=600)


def by_label(label):
    """
    Find the device that carries a label.

    :returns: ``{"device": str, "fstype": str}``, or None if there is none
    :raises CommandExecutionError: more than one device carries it, or blkid failed

    CLI Example:

    .. code-block:: bash

        salt '*' volume.by_label idr-database
    """
    # Without its cache, which remembers devices that have gone.
    result = _run(["blkid", "-c", os.devnull, "-o", "export", "-t", f"LABEL={label}"])
    if result["retcode"] not in (0, 2):
        raise CommandExecutionError(f"blkid: {result['stderr']}")
    found = idr_volumes.devices(result["stdout"])
    if len(found) > 1:
        names = ", ".join(sorted(device["DEVNAME"] for device in found))
        raise CommandExecutionError(f"label {label} is on more than one device: {names}")
    return {"device": found[0]["DEVNAME"], "fstype": found[0].get("TYPE")} if found else None


def state_of(device):
    """
    What is on a device, as far as it matters before it is formatted.

    :returns: one of ``missing``, ``not a block device``, ``in use``, ``blank``, or the signatures that it carries, such
        as ``TYPE=ext4``
    :raises CommandExecutionError: blkid failed, so nothing is known

    CLI Example:

    .. code-block:: bash

        salt '*' volume.state_of /dev/disk/by-id/virtio-0123
    """
    try:
        mode = os.stat(device).st_mode
    except FileNotFoundError:
        return "missing"
    if not stat.S_ISBLK(mode):
        return "not a block device"
    if _in_use(device):
        return "in use"
    # The low-level probe reads the device itself. 2: no signature at all, 8: contradicting ones.
    result = _run(["blkid", "-p", "-c", os.devnull, "-o", "export", device])
    if result["retcode"] == 2:
        return "blank"
    if result["retcode"] == 8:
        return "more than one signature"
    if result["retcode"]:
        raise CommandExecutionError(f"blkid {device}: {result['stderr']}")
    found = idr_volumes.devices(result["stdout"])
    signatures = [f"{key}={value}" for key, value in sorted(found[0].items()) if key in ("LABEL", "PTTYPE", "TYPE")]
    return " ".join(signatures) or "an unknown signature"


def _in_use(device):
    try:
        # The kernel refuses an exclusive open of a device that is mounted or held by another one.
        os.close(os.open(device, os.O_RDONLY | os.O_EXCL))
    except OSError as exc:
        if exc.errno == errno.EBUSY:
            return True
        raise CommandExecutionError(f"{device}: {exc.strerror}") from exc
    return False


def make_xfs(device, label):
    """
    Make an XFS filesystem. mkfs.xfs itself refuses a device with a signature.

    :raises CommandExecutionError: with what mkfs.xfs said

    CLI Example:

    .. code-block:: bash

        salt '*' volume.make_xfs /dev/disk/by-id/virtio-0123 idr-database
    """
    result = _run(["mkfs.xfs", "-q", "-L", label, device])
    if result["retcode"]:
        raise CommandExecutionError(f"mkfs.xfs {device}: {result['stderr']}")
    return True


def size(path):
    """
    Size of the device of a mounted filesystem, as this host sees it.

    :returns: bytes
    :raises CommandExecutionError: nothing is mounted there

    CLI Example:

    .. code-block:: bash

        salt '*' volume.size /data
    """
    return _bytes(path, _mounted(path)["device"])


def _mounted(path):
    mounted = __salt__["mount.active"]().get(path)
    if not mounted:
        raise CommandExecutionError(f"{path}: nothing is mounted there")
    return mounted


def _bytes(path, device):
    result = _run(["blockdev", "--getsize64", device])
    if result["retcode"]:
        raise CommandExecutionError(f"{path}: {result['stderr']}")
    return int(result["stdout"])


def growth(path):
    """
    How much a mounted XFS filesystem could grow into its device.

    :returns: bytes; 0 if nothing worth the while
    :raises CommandExecutionError: nothing is mounted there, or it is not XFS

    CLI Example:

    .. code-block:: bash

        salt '*' volume.growth /data
    """
    mounted = _mounted(path)
    if mounted["fstype"] != "xfs":
        raise CommandExecutionError(f"{path}: expected xfs, found {mounted['fstype']}")
    available = _bytes(path, mounted["device"])
    info = _run(["xfs_info", path])
    if info["retcode"]:
        raise CommandExecutionError(f"{path}: {info['stderr']}")
    return idr_volumes.growth(available, info["stdout"])


def grow(path):
    """
    Grow a mounted XFS filesystem to the size of its device.

    :returns: True
    :raises CommandExecutionError: with what xfs_growfs said

    CLI Example:

    .. code-block:: bash

        salt '*' volume.grow /data
    """
    result = _run(["xfs_growfs", path])
    if result["retcode"]:
        raise CommandExecutionError(f"xfs_growfs {path}: {result['stderr']}")
    return True
