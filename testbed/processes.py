"""Background processes of the local cloud, each remembered by a file with its pid and start time.

A pid alone could be another process's by now; pid and start time together are one process for good.
"""

import os
import pathlib
import signal
import subprocess
import time

from testbed.console import Problem
from testbed.paths import LOG, RUN


def start_time(pid):
    """Kernel's start time of `pid` in clock ticks, or None when there is no such process (a zombie is none)."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def pid_of(name):
    """The pid of the background process `name`, or None when it does not run."""
    try:
        pid, began = (RUN / f"{name}.pid").read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid) if start_time(pid) == began else None


def start(name, arguments, env=None, within=10, ready=None):
    """Start `arguments` as background process `name` unless it runs; wait up to `within` s until `ready()`.

    Raises Problem with the end of its log when it stops at once or is not ready in time.
    """
    if pid_of(name):
        return
    RUN.mkdir(parents=True, exist_ok=True)
    LOG.mkdir(parents=True, exist_ok=True)
    log = LOG / f"{name}.log"
    with log.open("a") as out:
        process = subprocess.Popen(
            [str(a) for a in arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )
    (RUN / f"{name}.pid").write_text(f"{process.pid} {start_time(process.pid)}\n")
    deadline = time.monotonic() + within
    while process.poll() is None and time.monotonic() < deadline:
        if ready is None or ready():
            return
        time.sleep(0.1)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
    how = "stopped at once" if process.poll() is not None else f"was not ready within {within} s"
    raise Problem(f"{name} {how}; {log} ends with:\n{tail}")


def stop(name, within=10):
    """End the background process `name` and its session; does nothing when it does not run."""
    pid = pid_of(name)
    if pid:
        end([pid], within)
    (RUN / f"{name}.pid").unlink(missing_ok=True)


def end(pids, within=10):
    """SIGTERM to `pids`, SIGKILL to what is left after `within` seconds."""
    began = {pid: start_time(pid) for pid in pids}
    for sig in (signal.SIGTERM, signal.SIGKILL):
        for pid, time_ in began.items():
            if time_ and start_time(pid) == time_:
                os.kill(pid, sig)
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if not any(time_ and start_time(pid) == time_ for pid, time_ in began.items()):
                return
            time.sleep(0.1)
