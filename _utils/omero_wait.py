"""Waiting with a limit."""

import time


def until(check, timeout, interval=2, clock=time.monotonic, sleep=time.sleep):
    """
    Call ``check`` until it says that it is done, or the time is up. It is called at least once.

    :param check: takes nothing, returns ``(done, value)``
    :param timeout: seconds; a call that is under way when they are over is not cut short
    :param interval: seconds between two calls
    :returns: the last ``(done, value)``
    """
    limit = clock() + timeout
    while True:
        done, value = check()
        if done or clock() + interval > limit:
            return done, value
        sleep(interval)
