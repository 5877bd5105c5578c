"""Locks between the processes of this machine that work for a cloud driver; they end with their process."""

import contextlib
import fcntl
import time

from cloud_errors import CloudError

LOCK_LIMIT = 300


@contextlib.contextmanager
def lock(path, limit=LOCK_LIMIT):
    """Hold an exclusive flock on ``path``; give up with a CloudError after ``limit`` seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as handle:
        deadline = time.monotonic() + limit
        while not _try_lock(handle):
            if time.monotonic() > deadline:
                raise CloudError(f"{path}: another process has held this lock for {limit} seconds")
            time.sleep(0.05)
        yield


def _try_lock(handle):
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_locked(path):
    """Say whether some process holds the flock on ``path``."""
    try:
        with path.open("r", encoding="utf-8") as handle:
            return not _try_lock(handle)
    except FileNotFoundError:
        return False
