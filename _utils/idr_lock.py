"""
One of a kind at a time: locks that end with the process that has them.
"""

import contextlib
import datetime
import fcntl
import os
import pathlib
import time

# The runners of one orchestration run in one process, each loaded anew: what they hold is kept here.
_HELD: dict = {}
# Somebody may just be looking whether a lock is free: that takes no time, but is a lock.
PATIENCE = 0.5


def take(folder, name, what, shared=False, limit=PATIENCE):
    """
    Take a lock for the rest of this process; having it already is as good.

    :param folder: where its file is; made if missing
    :param what: what it is taken for, for whom it keeps out
    :param shared: with others that share it; it keeps out those that do not
    :param limit: seconds to wait for it
    :raises ValueError: another process has it; says since when, which, and what for
    """
    path = _path(folder, name)
    if str(path) in _HELD and _HELD[str(path)][0] == os.getpid():
        return
    handle = _opened(path)
    if not _locked(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, limit):
        holder = _holder(handle)
        handle.close()
        raise ValueError(f"{name} is taken: {holder}")
    _say(handle, what)
    _HELD[str(path)] = (os.getpid(), handle)


def give(folder, name):
    """
    Give a lock back that this process has; nothing where it has none.
    """
    _, handle = _HELD.pop(str(_path(folder, name)), (None, None))
    if handle:
        handle.truncate(0)
        handle.close()


@contextlib.contextmanager
def holding(folder, name, limit, shared=False, what=""):
    """
    Have a lock for a while, among threads as well as processes.

    :param limit: seconds to wait for it
    :param shared: with others that share it
    :param what: what it is taken for, for whom it keeps out
    :raises ValueError: somebody has it for longer; says who where that is known
    """
    with contextlib.closing(_opened(_path(folder, name))) as handle:
        if not _locked(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, limit):
            raise ValueError(f"{name} is taken for more than {limit} s: {_holder(handle)}")
        if what or not shared:
            # Who had it last may have died.
            _say(handle, what)
        try:
            yield
        finally:
            if what:
                handle.truncate(0)


def taken(folder, name):
    """
    Whether somebody has a lock, be it this process.
    """
    path = _path(folder, name)
    if not path.exists():
        return False
    with contextlib.closing(_opened(path)) as handle:
        return not _locked(handle, fcntl.LOCK_EX, 0)


def _path(folder, name):
    return pathlib.Path(folder, f"{name}.lock")


def _say(handle, what):
    handle.truncate(0)
    if what:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        handle.write(f"{what}, process {os.getpid()}, since {now}\n")
        handle.flush()


def _opened(path):
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return open(path, "a+", encoding="utf-8")  # noqa: SIM115 - it is open for as long as the lock is held


def _holder(handle):
    handle.seek(0)
    return handle.read().strip() or "another process"


def _locked(handle, kind, limit):
    end = time.monotonic() + limit
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.05)
