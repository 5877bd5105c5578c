"""
Releases that an environment went back from: a record on the master, and the pillar that follows from it.

As long as pillar asks for the release that was rolled back, its hosts get the one before. Another release in pillar
makes the record moot.
"""

import pathlib
import re

import idr_files
import idr_ids

OPTION = "idr_state_dir"
_RELEASE = ("version", "url", "sha256")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def folder(opts):
    """
    Where the master keeps what it must know of its environments: option ``idr_state_dir``, or below ``root_dir``.
    """
    return pathlib.Path(opts.get(OPTION) or pathlib.Path(opts["root_dir"], "var/lib/idr-salt"))


def read(place, environment):
    """
    The record of an environment.

    :returns: ``{"from": release, "to": release, "since": str, ...}``, a release being ``{"version", "url",
        "sha256"}``; None without one
    :raises ValueError: the file is not of that form
    """
    path = _path(place, environment)
    record = idr_files.read_json(path)
    if record is None:
        return None
    for key in ("from", "to"):
        check(record.get(key), f"{path}: {key}")
    return record


def check(release, what):
    """
    :raises ValueError: it is no release with version, url and sha256
    """
    if not isinstance(release, dict) or not all(isinstance(release.get(key), str) for key in _RELEASE):
        raise ValueError(f"{what}: expected version, url and sha256 of a release")
    if not _SHA256.fullmatch(release["sha256"]):
        raise ValueError(f"{what}: sha256: expected 64 hexadecimal digits, found {release['sha256']!r}")


def write(place, environment, record):
    """
    Replace the record of an environment, whole or not at all. It is for root alone.
    """
    for key in ("from", "to"):
        check(record.get(key), key)
    idr_files.replace_json(_path(place, environment), record)


def forget(place, environment):
    """
    Remove the record of an environment.

    :returns: whether there was one
    """
    try:
        _path(place, environment).unlink()
    except FileNotFoundError:
        return False
    return True


def _path(place, environment):
    return pathlib.Path(place, "releases", f"{idr_ids.check_environment(environment)}.json")


def of_pillar(pillar):
    """
    The release that a compiled pillar asks for, as records have it; None where it asks for none.
    """
    server = (pillar.get("omero") or {}).get("server") or {}
    release = {"version": server.get("version"), **(server.get("release") or {})}
    found = {key: release.get(key) for key in _RELEASE}
    return found if all(found.values()) else None


def same(one, other):
    """
    Whether two releases are one; it may have moved to another URL.
    """
    return all(one[key] == other[key] for key in ("version", "sha256"))


def replaced(record, asked):
    """
    What pillar gets instead of what it asks for.

    :param record: as :func:`read` returns it
    :param asked: as :func:`of_pillar`
    :returns: the part of pillar; empty where the record is moot, which it never is before the rollback is done
    """
    if not record or not asked:
        return {}
    # In the middle of a rollback, with databases restored beside the one in use, nothing but its end will do.
    if not record.get("databases") and not same(asked, record["from"]):
        return {}
    to = record["to"]
    return {"omero": {"server": {"version": to["version"], "release": {"url": to["url"], "sha256": to["sha256"]}}}}


def beside(record, role, pillar):
    """
    What pillar gets while a rollback goes through a second database: servers of the release that is left need the
    present one, those that are back need that of before, and there is no moment without either.

    :param record: one that holds, or None
    :param role: of the host
    :param pillar: of the host
    :returns: the part of pillar; empty where no second database is in play, or the role has nothing to do with it
    """
    database = (record or {}).get("databases") or {}
    stage = database.get("stage")
    if stage and role == "database":
        present = ((pillar.get("postgresql") or {}).get("databases") or {}).get(database["name"])
        return {"postgresql": {"databases": {database["meanwhile"]: present}}} if present else {}
    if stage == "used" and role == "omeroreadonly":
        return {"omero": {"db": {"name": database["meanwhile"]}}}
    return {}


def notes(opts, environment, pillars):
    """
    What an operator should know of a rollback that holds.

    :param pillars: compiled ones of the environment's hosts
    :returns: list of lines
    """
    record = read(folder(opts), environment)
    if not record or not any((asked := of_pillar(one)) and same(asked, record["to"]) for one in pillars):
        return []
    return [
        f"rolled back from {record['from']['version']} to {record['to']['version']} at {record.get('since')}: pillar "
        f"still asks for the former; ends with another release in pillar, or salt-run upgrade.forget {environment}"
    ]
