"""Locks between processes."""

import cloud_locks
import pytest
from cloud_errors import CloudError


def test_lock_is_seen_and_waits_no_longer_than_its_limit(tmp_path):
    path = tmp_path / "locks" / "one"
    assert not cloud_locks.is_locked(path)
    with cloud_locks.lock(path):
        assert cloud_locks.is_locked(path)
        with pytest.raises(CloudError, match="held this lock"), cloud_locks.lock(path, limit=0.2):
            pass
    assert not cloud_locks.is_locked(path)
