"""
File systems of this host, frozen for a moment, and thawed by the host's own timer at the latest.

    python idr_freeze.py expire SET [FOLDER]

is what that timer runs: it needs neither the master nor the minion nor a network. Needs nothing but the standard
library. All times are seconds of the host's monotonic clock, which nobody can set.

A freeze has three files below ``FOLDER``, each written by one party alone, so that nobody waits for a lock while file
systems are frozen: ``SET.json`` (what is frozen, since when), ``SET.thawed.json`` and ``SET.expired.json`` (who has
thawed it, the master or the timer).
"""

import contextlib
import errno
import fcntl
import json
import os
import pathlib
import sys
import time

FIFREEZE, FITHAW = 0xC0045877, 0xC0045878
# On no volume, and gone with a reboot, as a freeze is.
FOLDER = pathlib.Path("/run/idr-snapshot")
# Is there from before a freeze until after it, for who had better not write meanwhile, as nginx.
ARMED = "armed"
# What ends a freeze: the master and the timer.
ENDS = ("thawed", "expired")
# Seconds for which it is known who was frozen when.
KEPT = 7 * 24 * 3600


class FreezeError(Exception):
    """A freeze that did not come about, or did not last."""


def arm(name, paths, limit, folder=FOLDER):
    """
    Note what is going to be frozen.

    :param name: of the set
    :param paths: where the file systems are mounted
    :param limit: seconds from now after which the timer thaws them
    :raises FreezeError: nothing is mounted at a path, or it is the root's own file system
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Others may look whether the mark is there, and no more.
    folder.chmod(0o711)
    root = os.stat("/").st_dev
    devices = {}
    for path in paths:
        # To freeze a folder is to freeze the file system that it is in: without its mount that would be the root's.
        if not os.path.ismount(path) or os.stat(path).st_dev == root:
            raise FreezeError(f"{path}: expected a mounted volume")
        devices[path] = os.stat(path).st_dev
    for kind in ENDS:
        _file(folder, name, kind).unlink(missing_ok=True)
    for old in folder.glob("*.json"):
        if time.time() - old.stat().st_mtime > KEPT:
            old.unlink()
    _write(_file(folder, name), {"devices": devices, "limit": limit, "armed_at": time.monotonic()})
    (folder / ARMED).touch()


def freeze(name, folder=FOLDER):
    """
    Freeze what was armed: all of it, or nothing.

    :returns: as :func:`seen`
    :raises FreezeError: it was not armed, its time is up, or a file system is another one or frozen already
    """
    record = _read(_file(folder, name))
    if record is None:
        raise FreezeError(f"{name}: expected to be armed first")
    frozen: list = []
    record["frozen_at"] = time.monotonic()
    _write(_file(folder, name), record)
    try:
        for path, device in record["devices"].items():
            _freeze(path, device)
            frozen.append(path)
        # Who thaws makes his mark first: what he did not see frozen is thawed here. An order to freeze may be late.
        for kind in ENDS:
            if _file(folder, name, kind).exists():
                raise FreezeError(f"{name}: {kind} before it was frozen, of {record['limit']} s")
    except BaseException:
        for path in frozen:
            _thaw(path)
        raise
    return seen(name, folder)


def thaw(name, folder=FOLDER):
    """
    Thaw what was frozen, for the master.

    :returns: as :func:`seen`
    :raises FreezeError: nothing was frozen under this name since the host has booted
    """
    return _thawed(name, "thawed", folder)


def expire(name, folder=FOLDER):
    """
    Thaw what was frozen, for the timer; from now on nothing is frozen under this name any more.

    :returns: as :func:`seen`
    """
    return _thawed(name, "expired", folder)


def _thawed(name, kind, folder):
    record = _read(_file(folder, name))
    if record is None:
        raise FreezeError(f"{name}: nothing was frozen here since this host has booted")
    mark = _file(folder, name, kind)
    if not mark.exists():
        _write(mark, {})
    thawed = [path for path in record["devices"] if _thaw(path)]
    if not _read(mark):
        _write(mark, {"at": time.monotonic(), "paths": thawed})
    (folder / ARMED).unlink(missing_ok=True)
    return seen(name, folder)


def seen(name, folder=FOLDER):
    """
    What is known of a freeze.

    :returns: ``{"paths": [...], "limit": s, "armed_at", "frozen_at", "thawed_at": s or None, "by": "master", "timer",
        "somebody else" or None, "seconds": from freeze to thaw or None, "whole": whether everything stayed frozen until
        the master thawed it}``
    :raises FreezeError: nothing is known of it
    """
    record = _read(_file(folder, name))
    if record is None:
        raise FreezeError(f"{name}: nothing was frozen here since this host has booted")
    master, timer = (_read(_file(folder, name, kind)) for kind in ("thawed", "expired"))
    paths, began = sorted(record["devices"]), record.get("frozen_at")
    # A mark that is empty is of one who is at it.
    whole = bool(began and master and not timer and sorted(master["paths"]) == paths)
    ended = min((one["at"] for one in (master, timer) if one and one.get("at")), default=None)
    by = "master" if whole else "timer" if timer is not None else "somebody else" if master else None
    return {
        "paths": paths,
        "limit": record["limit"],
        "armed_at": record["armed_at"],
        "frozen_at": began,
        "thawed_at": ended,
        "by": by,
        "seconds": round(ended - began, 3) if began and ended else None,
        "whole": whole,
    }


def _file(folder, name, kind=""):
    return pathlib.Path(folder, f"{name}.{kind}.json" if kind else f"{name}.json")


def _write(path, data):
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(data), encoding="utf-8")
    fresh.replace(path)


def _read(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _opened(path):
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def _freeze(path, device):
    with _opened(path) as handle:
        if os.fstat(handle).st_dev != device:
            raise FreezeError(f"{path}: another file system than when it was armed")
        try:
            fcntl.ioctl(handle, FIFREEZE, 0)
        except OSError as exc:
            why = "frozen already, by somebody else" if exc.errno == errno.EBUSY else exc.strerror
            raise FreezeError(f"{path}: {why}") from exc


def _thaw(path):
    """Whether it was frozen."""
    with _opened(path) as handle:
        try:
            fcntl.ioctl(handle, FITHAW, 0)
        except OSError as exc:
            if exc.errno != errno.EINVAL:
                raise
            return False
    return True


def main(command, name, folder=FOLDER):
    """What the timer runs; the last line says what it found."""
    if command != "expire":
        raise SystemExit(f"expected expire, found {command}")
    print(json.dumps(expire(name, pathlib.Path(folder))))


if __name__ == "__main__":
    main(*sys.argv[1:])
