"""
Sets of snapshots of all volumes of an environment: their ids, manifests and metadata, and what is decided about them.

The truth about a set is in the cloud, as metadata of each of its snapshots; the manifest on the master says more. What
the metadata lacks for a set to be complete makes it incomplete, whatever the manifest says.
"""

import datetime
import json
import re

import cloud_volumes
import idr_ids

_ID = re.compile(r"(?P<environment>.+)-(?P<date>[0-9]{8})-(?P<time>[0-9]{6})")
_FORMAT = "%Y%m%d-%H%M%S"
# What a manifest and the metadata say in the same words.
_PARTS = ("postgresql", "omero")


def new_id(environment, now):
    """
    The id of a set that is made now, such as ``idr-prod-20250131-040000``.

    :param now: datetime with its time zone
    """
    return f"{idr_ids.check_environment(environment)}-{now.astimezone(datetime.UTC):{_FORMAT}}"


def environment(set_id):
    """
    The environment of a set.

    :raises ValueError: the id has another form
    """
    match = _ID.fullmatch(set_id) if isinstance(set_id, str) else None
    if not match:
        raise ValueError(f"set {set_id!r}: expected an id such as idr-prod-20250131-040000")
    return idr_ids.check_environment(match["environment"])


def instant(set_id):
    """
    When a set was asked for, as its id says: datetime in UTC.

    :raises ValueError: the id has another form
    """
    environment(set_id)
    return datetime.datetime.strptime(set_id[-15:], _FORMAT).replace(tzinfo=datetime.UTC)


def volumes(pillars):
    """
    What belongs into a set.

    :param pillars: ``{host: compiled pillar}``
    :returns: ``{volume's name in the cloud: {"host", "volume", "path"}}``, sorted
    :raises ValueError: there is nothing
    """
    found = {
        cloud_volumes.cloud_name(host, name): {"host": host, "volume": name, "path": volume["path"]}
        for host, pillar in sorted(pillars.items())
        for name, volume in sorted((pillar.get("volumes") or {}).items())
        if volume.get("snapshot", True)
    }
    if not found:
        raise ValueError(f"pillar volumes: expected one at least on {', '.join(sorted(pillars)) or 'a host'}")
    return found


def missing(wanted, known):
    """
    Why a set cannot be made of these volumes: one line for each that the cloud does not have where it should be.

    :param wanted: as :func:`volumes` returns it
    :param known: answer of the driver's ``list_volumes``
    """
    lines = []
    for name, one in wanted.items():
        owner = known.get(name, {}).get("attached_to")
        if owner != one["host"]:
            found = f"found it attached to {owner}" if owner else "found none"
            lines.append(f"volume {name}: expected in the cloud, attached to {one['host']}; {found}")
    return lines


def unlike(wanted, answers):
    """
    Hosts that would freeze other volumes than are taken snapshots of, as their pillar is from before a change.

    :param wanted: as :func:`volumes` returns it
    :param answers: ``{host: answer of snapshot.facts}``
    :returns: ``{host: what is wrong}``
    """
    expected: dict = {host: set() for host in answers}
    for one in wanted.values():
        expected[one["host"]].add(one["volume"])
    return {
        host: f"{host}: expected volumes {', '.join(sorted(expected[host])) or 'none'} in its pillar, found"
        f" {', '.join(sorted(said['used'])) or 'none'}: salt {host} saltutil.refresh_pillar"
        for host, said in sorted(answers.items())
        if set(said["used"]) != expected[host]
    }


def facts(answers):
    """
    What hosts say of themselves, as a manifest has it.

    :param answers: ``{host: answer of snapshot.facts}``
    :returns: ``{"postgresql": {"host", "version", "volume": its name in the cloud, "data", "tables": {database: [least,
        most]}}, "omero": {...}}``, what nobody has being left out
    """
    found: dict = {}
    for host, said in sorted(answers.items()):
        for part in _PARTS:
            if said.get(part):
                found[part] = {**said[part], "host": host}
                found[part]["volume"] = cloud_volumes.cloud_name(host, said[part]["volume"])
    tables = found.get("postgresql", {}).get("tables")
    if tables is not None:
        found["postgresql"]["tables"] = {name: [count, count] for name, count in tables.items()}
    return found


def between(before, after):
    """
    How many tables each database may have had at the instant: what was counted before and after it.

    :param before: ``{database: [least, most]}``
    :param after: ``{database: how many}``
    """
    counts = {name: [*before.get(name, []), *([after[name]] if name in after else [])] for name in {*before, *after}}
    # A database that came or went meanwhile may be there or not.
    return {name: [min(each), max(each)] for name, each in sorted(counts.items()) if name in before and name in after}


def broken(hosts, thawed, errors):
    """
    Why the volumes were not all of one instant: one line for each host that was not frozen until its thaw.

    :param hosts: all of them
    :param thawed: ``{host: answer of snapshot.thaw}``
    :param errors: ``{host: why there is none}``
    """
    lines = []
    for host in hosts:
        found = thawed.get(host)
        if found is None:
            lines.append(errors.get(host) or f"{host}: no answer")
        elif not found["whole"]:
            lasted = f"after {found['seconds']} s" if found["seconds"] is not None else "before it was frozen"
            lines.append(f"{host}: thawed by {found['by'] or 'nobody'} {lasted}, and not by the master")
    return lines


def freeze_seconds(thawed):
    """
    The longest freeze of any host, from freeze to thaw, in seconds; None where nothing was frozen.
    """
    return max((one["seconds"] for one in thawed.values() if one.get("seconds") is not None), default=None)


def metadata(manifest):
    """
    What each snapshot of a set says of it: ``{name: text}``.
    """
    found = {
        cloud_volumes.COMPLETE: "true" if manifest["complete"] else "false",
        "environment": manifest["environment"],
        "instant": manifest["instant"],
        "of": str(len(manifest["volumes"])),
        "revision": manifest.get("revision") or "",
        "freeze_seconds": str(manifest.get("freeze_seconds") or ""),
    }
    tables = manifest.get("postgresql", {}).get("tables")
    parts = {part: {key: value for key, value in manifest.get(part, {}).items() if key != "tables"} for part in _PARTS}
    for name, value in {**parts, "tables": tables}.items():
        text = json.dumps(value, separators=(",", ":"), sort_keys=True) if value else ""
        # What a cloud cannot keep is in the manifest alone.
        if text and len(text) <= cloud_volumes.MAX_TEXT:
            found[name] = text
    return found


def of_cloud(snapshots):
    """
    The sets in a cloud.

    :param snapshots: answer of the driver's ``list_snapshots``
    :returns: ``{set: manifest}`` as far as metadata says; snapshots of other sets than ours are passed over
    """
    sets: dict = {}
    for name, snapshot in sorted(snapshots.items()):
        if snapshot.get("set") and "of" in (snapshot.get("metadata") or {}) and _ID.fullmatch(snapshot["set"]):
            sets.setdefault(snapshot["set"], {})[name] = snapshot
    return {set_id: _manifest(set_id, members) for set_id, members in sets.items()}


def _manifest(set_id, members):
    said = [one["metadata"] for one in members.values()]
    first = said[0]
    found = {
        "id": set_id,
        "environment": environment(set_id),
        "instant": first.get("instant"),
        "complete": len(said) == int(first["of"]) and all(one.get(cloud_volumes.COMPLETE) == "true" for one in said),
        "freeze_seconds": float(first["freeze_seconds"]) if first.get("freeze_seconds") else None,
        "revision": first.get("revision") or None,
        "volumes": {
            one["volume"]: {**_owner(one["volume"]), "snapshot": name, "snapshot_id": one["id"], "size": one["size"]}
            for name, one in members.items()
        },
    }
    for part in _PARTS:
        if first.get(part):
            found[part] = json.loads(first[part])
    if first.get("tables") and "postgresql" in found:
        found["postgresql"]["tables"] = json.loads(first["tables"])
    return found


def _owner(name):
    """Host and short name of a volume: the longest beginning that is a minion id is its host's."""
    parts = name.split("-")
    for count in range(len(parts) - 1, 0, -1):
        try:
            host = idr_ids.parse("-".join(parts[:count]))["id"]
        except ValueError:
            continue
        return {"host": host, "volume": "-".join(parts[count:])}
    return {"host": None, "volume": name}


def merged(written, seen):
    """
    What is known of sets.

    :param written: ``{set: manifest}`` of the master's files
    :param seen: ``{set: manifest}`` as :func:`of_cloud` returns it
    :returns: ``{set: manifest}``, by id; one that the cloud has not, or has a part of, is not complete
    """
    found: dict = {}
    for set_id in sorted({*written, *seen}):
        own, there = written.get(set_id, {}), seen.get(set_id)
        if there is None:
            found[set_id] = {**own, "complete": False, "volumes": {}}
            continue
        volumes = {name: {**own.get("volumes", {}).get(name, {}), **one} for name, one in there["volumes"].items()}
        found[set_id] = {**there, **own, "complete": there["complete"], "volumes": volumes}
    return found


def in_use(sets, volumes):
    """
    Sets that volumes are clones of.

    :param volumes: answer of the driver's ``list_volumes``
    :returns: ``{set: [volume, ...]}``
    """
    owners = {one["snapshot_id"]: set_id for set_id, each in sets.items() for one in each["volumes"].values()}
    found: dict = {}
    for name, volume in sorted(volumes.items()):
        origin = volume.get("origin") or {}
        if origin.get("kind") == "snapshot" and origin["id"] in owners:
            found.setdefault(owners[origin["id"]], []).append(name)
    return found


def kept(sets, keep=3, daily=7, weekly=4, monthly=6, used=()):
    """
    Why which sets of one environment stay: of complete ones the last ``keep``, the last of each of so many days, weeks
    and months that have one, and always the last; what a volume is a clone of; and incomplete ones that are newer
    than any complete one, so that somebody sees them.

    :param sets: ``{set: manifest}``
    :param used: sets that volumes are clones of
    :returns: ``{set: reason}``
    """
    whole = sorted((set_id for set_id, one in sets.items() if one["complete"]), key=instant, reverse=True)
    found: dict = {}
    for set_id in whole[: max(keep, 1)]:
        found.setdefault(set_id, "last" if set_id == whole[0] else "one of the last")
    for reason, count, period in (("daily", daily, "%Y%m%d"), ("weekly", weekly, "%G%V"), ("monthly", monthly, "%Y%m")):
        newest: dict = {}
        for set_id in whole:
            newest.setdefault(f"{instant(set_id):{period}}", set_id)
        for set_id in list(newest.values())[: max(count, 0)]:
            found.setdefault(set_id, reason)
    for set_id in sets:
        if set_id in used:
            found.setdefault(set_id, "in use")
        elif not sets[set_id]["complete"] and (not whole or instant(set_id) > instant(whole[0])):
            found.setdefault(set_id, "incomplete, and the last")
    return found
