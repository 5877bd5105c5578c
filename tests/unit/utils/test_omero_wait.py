"""omero_wait: waiting with a limit."""

import omero_wait
import pytest


class Clock:
    """Time that passes only in sleep."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.mark.parametrize(
    ("timeout", "ready_at", "done", "calls"),
    [(10, 0, True, 1), (10, 3, True, 3), (10, 10, True, 6), (10, 11, False, 6), (0, 1, False, 1), (1, 1, False, 1)],
)
def test_until(timeout, ready_at, done, calls):
    clock, seen = Clock(), []

    def check():
        seen.append(clock.now)
        return clock.now >= ready_at, clock.now

    assert omero_wait.until(check, timeout, interval=2, clock=clock, sleep=clock.sleep) == (done, seen[-1])
    assert len(seen) == calls
    assert clock.now <= timeout
