"""
Volumes: formatted once, then known by their label.
"""

import time

import idr_volumes
from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

__virtualname__ = "volume"

PAUSE = 1


def __virtual__():
    return __virtualname__


def formatted(name, device=None, timeout=60):
    """
    An XFS filesystem with this label exists. Only a device without any signature, and in nobody's use, is formatted.

    :param name: the label, at most 12 characters
    :param device: the blank device, needed only as long as no filesystem has the label
    :param timeout: limit in seconds of the wait for the device

    .. code-block:: yaml

        idr-database:
          volume.formatted:
            - device: /dev/disk/by-id/virtio-0123
    """
    try:
        idr_volumes.check_label(name)
        found, state = _wait(name, device, 0 if __opts__["test"] else timeout)
        if found:
            return _existing(name, found)
        return _format(name, device, state, timeout)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return _ret(name, False, str(exc))


def _wait(label, device, timeout):
    """Return the device of the label if there is one, and the state of the blank one."""
    deadline = time.monotonic() + timeout
    while True:
        found = __salt__["volume.by_label"](label)
        state = __salt__["volume.state_of"](device) if device and not found else None
        if found or state not in (None, "missing") or time.monotonic() >= deadline:
            return found, state
        time.sleep(PAUSE)


def _existing(label, found):
    if found["fstype"] != "xfs":
        return _ret(label, False, f"{found['device']} has this label: expected xfs, found {found['fstype']}")
    return _ret(label, True, f"{found['device']} has this label")


def _format(label, device, state, timeout):
    if device is None:
        return _ret(label, False, "No device has this label, and grain volumes names no blank one")
    if state == "missing" and __opts__["test"]:
        return _ret(label, None, f"Would wait up to {timeout} s for {device} and format it", {device: f"xfs {label}"})
    if state == "missing":
        return _ret(label, False, f"{device} did not appear within {timeout} s")
    if state != "blank":
        return _ret(label, False, f"{device} is not formatted, because it is not blank: {state}")
    if __opts__["test"]:
        return _ret(label, None, f"{device} would be formatted", {device: f"xfs {label}"})
    __salt__["volume.make_xfs"](device, label)
    if not __salt__["volume.by_label"](label):
        return _ret(
            label, False, f"{device} was formatted, but blkid does not find the label", {device: f"xfs {label}"}
        )
    return _ret(label, True, f"{device} formatted", {device: f"xfs {label}"})


def grown(name):
    """
    The XFS filesystem mounted at a path is as large as its device.

    :param name: the path

    .. code-block:: yaml

        /data:
          volume.grown
    """
    try:
        spare = __salt__["volume.growth"](name)
        if not spare:
            return _ret(name, True, "As large as its device")
        if __opts__["test"]:
            return _ret(name, None, f"Would grow by {spare} bytes", {name: f"+{spare} bytes"})
        __salt__["volume.grow"](name)
        left = __salt__["volume.growth"](name)
    except (CommandExecutionError, ValueError) as exc:
        if __opts__["test"]:
            return _ret(name, None, f"Would be looked at once it is mounted: {exc}")
        return _ret(name, False, str(exc))
    if left:
        return _ret(name, False, f"Still {left} bytes smaller than its device after xfs_growfs")
    return _ret(name, True, f"Grown by {spare} bytes", {name: f"+{spare} bytes"})
