"""What the user sees: steps with the time they took, and errors of one line."""

import contextlib
import os
import subprocess
import sys
import time

STARTED = time.monotonic()


class Problem(Exception):
    """An error that the user can act on; its text is all that is printed."""


def elapsed():
    """Time since the start as `mm:ss`."""
    minutes, seconds = divmod(int(time.monotonic() - STARTED), 60)
    return f"{minutes:02}:{seconds:02}"


def say(text):
    print(f"[{elapsed()}] {text}", flush=True)


@contextlib.contextmanager
def step(title):
    """Print `title` before and the duration in seconds after the block."""
    say(f"{title} ...")
    begun = time.monotonic()
    yield
    say(f"{title}: done in {time.monotonic() - begun:.0f} s")


def run(arguments, *, log=None, timeout=900, env=None, cwd=None, check=True, merge=True, name=None):
    """Run a command quietly and return its CompletedProcess (text output, errors in stdout too if `merge`).

    arguments: list of strings. log: file that the output is appended to. timeout: seconds. name: what to call the
    command in errors and logs when its first words do not tell.
    Raises Problem with the last lines of the output when the command fails (and `check`) or takes too long.
    """
    name = name or " ".join(map(str, arguments[:4]))
    try:
        done = subprocess.run(
            [str(a) for a in arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.PIPE,
            text=True,
            timeout=timeout,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )
    except subprocess.TimeoutExpired:
        raise Problem(f"`{name}` did not finish within {timeout} s") from None
    said = done.stdout + (done.stderr or "")
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as out:
            out.write(f"$ {name}\n{said}\n")
    if check and done.returncode:
        tail = "\n".join(f"    {line}" for line in said.strip().splitlines()[-12:])
        raise Problem(
            f"`{name}` failed with exit code {done.returncode}\n{tail}" + (f"\n  all of it: {log}" if log else "")
        )
    return done


def fail(problem):
    print(f"idr-salt: {problem}", file=sys.stderr, flush=True)
    return 1
