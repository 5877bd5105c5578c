"""
What pgBackRest says of its backups, and from which of them a time can be restored.
"""

import datetime
import json
import re
import struct

_FORMAT = "%Y-%m-%d %H:%M:%S"
EXAMPLE = "2026-01-31 12:00:00+00:00"
TYPES = ("full", "diff", "incr")
# pgBackRest's codes of a stanza that is simply not there yet, or has no backup yet
_MISSING, _EMPTY = (1, 3), 2


def stanza(text, name):
    """
    What ``pgbackrest info --output=json`` says of a stanza.

    :param text: what it printed
    :param name: of the stanza
    :returns: ``{"there": bool, "problem": text or None, "running": whether a backup is, "cluster": {"system",
        "version"} or None, "backups": [{"label", "type", "start", "stop": seconds since 1970, "size", "repository":
        bytes, "usable": whether it is without errors and of the present version, "present": and of the present
        cluster}, ...]}``, the oldest first
    :raises ValueError: it is not what pgBackRest prints
    """
    try:
        found = next((one for one in json.loads(text) if one["name"] == name), None)
        if not found or found["status"]["code"] in _MISSING:
            return {"there": False, "problem": None, "running": False, "cluster": None, "backups": []}
        status, clusters = found["status"], found.get("db", [])
        present = clusters[-1] if clusters else None
        return {
            "there": bool(present),
            "problem": status["message"] if status["code"] not in (0, _EMPTY) else None,
            "running": bool(status.get("lock", {}).get("backup", {}).get("held")),
            "cluster": {"system": str(present["system-id"]), "version": present["version"]} if present else None,
            "backups": [_backup(one, clusters) for one in found.get("backup", [])],
        }
    except (IndexError, KeyError, TypeError, ValueError) as exc:
        raise ValueError(f"pgbackrest info: expected its list of stanzas as JSON: {type(exc).__name__} {exc}") from None


def _backup(one, clusters):
    versions = {cluster["id"]: cluster["version"] for cluster in clusters}
    own, present = one["database"]["id"], clusters[-1]["id"]
    usable = versions.get(own) == versions[present] and not one.get("error")
    return {
        "label": one["label"],
        "type": one["type"],
        "start": one["timestamp"]["start"],
        "stop": one["timestamp"]["stop"],
        "size": one["info"]["size"],
        "repository": one["info"]["repository"]["delta"],
        "usable": usable,
        "present": usable and own == present,
    }


def rows(backups):
    """
    Backups as an operator reads them: by label, times in UTC.
    """
    return {
        one["label"]: {
            **{key: value for key, value in one.items() if key != "label"},
            "start": _shown(one["start"]),
            "stop": _shown(one["stop"]),
        }
        for one in backups
    }


def moment(text, now):
    """
    The time that is to be restored.

    :param text: date, time and zone, in the form of :data:`EXAMPLE`
    :param now: aware datetime
    :returns: aware datetime in UTC
    :raises ValueError: it has another form or no zone, or is still to come
    """
    try:
        found = datetime.datetime.fromisoformat(str(text).strip())
    except ValueError:
        raise ValueError(f"target: expected a time such as {EXAMPLE!r}, found {text!r}") from None
    if found.tzinfo is None:
        raise ValueError(f"target: expected a time with its zone, such as {EXAMPLE!r}, found {text!r}")
    found = found.astimezone(datetime.UTC)
    if found > now:
        raise ValueError(f"target: expected a time that is over, found {text!r}; now it is {now.strftime(_FORMAT)} UTC")
    return found


def chosen(backups, when):
    """
    The backup from which a time is restored: the last one that was whole by then.

    :param backups: as :func:`stanza` has them
    :param when: as :func:`moment` returns it
    :returns: the backup
    :raises ValueError: there is none of the present version, or all ended later
    """
    usable = sorted((one for one in backups if one["usable"]), key=lambda one: one["stop"])
    if not usable:
        raise ValueError(
            "expected a backup of the present version of PostgreSQL, found none: salt-run backup.create makes one"
        )
    # pgBackRest tells whole seconds
    fit = [one for one in usable if one["stop"] < when.timestamp()]
    if not fit:
        first = usable[0]
        raise ValueError(
            f"target: expected a time after {_shown(first['stop'])}, when the oldest backup ({first['label']}) was "
            f"whole, found {written(when)}"
        )
    return fit[-1]


def written(when):
    """
    A time for pgBackRest and PostgreSQL, to the microsecond, in UTC.
    """
    return f"{when.astimezone(datetime.UTC).strftime(_FORMAT + '.%f')}+00"


def _shown(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(sep=" ", timespec="seconds")


def errors(text):
    """
    The lines in which pgBackRest says what is wrong, without its hints; one line.
    """
    found, inside = [], False
    for line in text.splitlines():
        if "ERROR: [" in line:
            found.append(line.split("ERROR: ", 1)[1])
            inside = True
        elif inside and line.startswith("   ") and not line.strip().startswith("HINT:"):
            found[-1] += f" {line.strip()}"
        else:
            inside = inside and line.strip().startswith("HINT:")
    return " / ".join(found)


def system(control):
    """
    The identifier of a cluster, which its clones have as well.

    :param control: the first bytes of its ``global/pg_control``
    :returns: text of digits
    :raises ValueError: there are too few
    """
    try:
        return str(struct.unpack_from("=Q", control)[0])
    except struct.error:
        raise ValueError("global/pg_control: expected at least 8 bytes") from None


# what a database host says of its cluster in the mine goes into the configuration of another host
_BELIEVED = {
    "stanza": re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"),
    "path": re.compile(r"(/[A-Za-z0-9._-]+)+"),
    "system": re.compile(r"[0-9]{1,20}"),
    "version": re.compile(r"[0-9]{1,3}"),
}


def believed(said):
    """
    What a host says of its cluster, if it can be that.

    :param said: what the mine has
    :returns: ``{"stanza", "path", "system", "version"}``, each str
    :raises ValueError: it is anything else; names the key
    """
    if not isinstance(said, dict):
        raise ValueError(f"expected the keys {', '.join(_BELIEVED)}, found {type(said).__name__}")
    for key, form in _BELIEVED.items():
        if not isinstance(said.get(key), str) or not form.fullmatch(said[key]):
            raise ValueError(f"{key}: expected text of the form {form.pattern}, found {said.get(key)!r}")
    return {key: said[key] for key in _BELIEVED}


def configured(text):
    """
    Stanzas of a configuration of pgBackRest.

    :returns: ``{stanza: {option: value}}``, without ``global``
    """
    found: dict = {}
    section = None
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif "=" in line and not line.startswith("#") and section and not section.startswith("global"):
            key, value = line.split("=", 1)
            found.setdefault(section, {})[key.strip()] = value.strip()
    return found


def owned(marked, environment, now):
    """
    The stanza that the cluster on a volume belongs to.

    A volume that says it is another environment's is a clone: it has the other's system identifier, and its WAL has the
    names of the other's with other contents. Each clone gets a stanza of its own.

    :param marked: what the volume says, ``{"environment": str, "stanza": str}``, or None
    :param environment: the present one
    :param now: aware datetime
    :returns: ``{"environment": str, "stanza": str}``
    """
    if marked and marked.get("environment") == environment:
        return {"environment": environment, "stanza": marked["stanza"]}
    return {"environment": environment, "stanza": later(environment, now) if marked else environment}


def later(environment, now):
    """
    Name of a stanza that an environment did not have before.
    """
    return f"{environment}-{now.astimezone(datetime.UTC).strftime('%Y%m%d-%H%M%S')}"
