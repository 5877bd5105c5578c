"""
The log of releases: a line of JSON for each step, on the master's disk before the next step begins, and an event.

What the lines say of an environment is where it stands: nothing else is written down.
"""

import datetime
import json
import os
import pathlib

import idr_events
import idr_releases

# Steps after which an environment stands elsewhere, and how.
STANDS = {
    "preparing": "preparing",
    "prepared": "prepared",
    "moving": "moving",
    "moved": "serving",
    "retiring": "retiring",
    "retired": "retired",
}


def path(opts):
    """
    Where it is.
    """
    return pathlib.Path(idr_releases.folder(opts), "releases.log")


def append(opts, environment, step, **data):
    """
    Add a line and send the event ``idr/release/<environment>/<step>``.

    :param step: one of :data:`STANDS`, or any other word
    :param data: what else belongs to it; never a secret
    :raises OSError: it cannot be written
    """
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    line = {"at": now, "environment": environment, "step": step, **data}
    file = path(opts)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab+") as stream:
        # A power cut may have left half a line.
        if stream.tell() and _last(stream) != b"\n":
            stream.write(b"\n")
        stream.write(json.dumps(line, sort_keys=True).encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    idr_events.fire(opts, f"idr/release/{environment}/{step}", line)


def _last(stream):
    stream.seek(-1, os.SEEK_END)
    return stream.read(1)


def read(opts):
    """
    All lines there are, the oldest first; half a line is passed over.

    :returns: list of ``{"at", "environment", "step", ...}``
    """
    try:
        text = path(opts).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [line for line in map(_parsed, text.splitlines()) if line]


def _parsed(text):
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and {"at", "environment", "step"} <= line.keys() else None


def stands(lines):
    """
    Where each environment stands.

    :param lines: of :func:`read`
    :returns: ``{environment: {"state", "since", "set", "from", "error"}}``; of those that others replaced the state is
        ``stood down``
    """
    found: dict = {}
    for line in lines:
        one = found.setdefault(line["environment"], {"state": None, "since": None, "set": None, "from": None})
        if line["step"] == "failed":
            one["error"] = line.get("error")
            continue
        one.pop("error", None)
        if line["step"] in STANDS:
            one.update(state=STANDS[line["step"]], since=line["at"])
        if line["step"] == "preparing":
            one.update({key: line.get(key) for key in ("set", "from")})
        if line["step"] == "moved":
            _stand_down(found, line)
    return {name: one for name, one in found.items() if one["state"]}


def _stand_down(found, line):
    empty = {"state": None, "since": None, "set": None, "from": None}
    found.setdefault(line["replaces"], empty).update(state="stood down", since=line["at"])


def serving(lines):
    """
    The move that brought the site where it is now: the line ``moved``; None before the first.
    """
    return next((line for line in reversed(lines) if line["step"] == "moved"), None)


def back(lines):
    """
    The environment that served before the one that serves now, to which a rollback goes; None where there is none.

    A rollback is a move as well, which says so by ``back``: after it the way leads to what was before both.
    """
    way: list = []
    for line in lines:
        if line["step"] != "moved":
            continue
        if line.get("back"):
            way = way[:-1]
        else:
            way = [*(way or [line["replaces"]]), line["environment"]]
    return way[-2] if len(way) > 1 else None
