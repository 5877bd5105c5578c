"""
The map of an environment that is made of another one's set of snapshots.
"""

import cloud_volumes
import idr_ids

# Of one host alone: the new environment protects itself, and asks for addresses of its own.
_NOT_TAKEN = ("protected",)


def host(name, environment, new):
    """
    The name of a host's counterpart.

    :param name: minion id of the environment
    :param new: name of the new environment
    :raises ValueError: it is a host of another environment, or the new name would be too long
    """
    if idr_ids.parse(name)["environment"] != environment:
        raise ValueError(f"{name}: expected a host of {environment}")
    return idr_ids.parse(f"{new}{name.removeprefix(environment)}")["id"]


def mapped(entries, environment, new, manifest, sizes):
    """
    A map with clones of a set for volumes.

    :param entries: map of the environment, ``{profile: [host, or {host: settings}]}``
    :param environment: its name
    :param new: name of the new environment
    :param manifest: of a complete set of the environment
    :param sizes: ``{host: {volume: size in GB, or None}}`` that profiles and map give its hosts
    :returns: the map, of the same form; volumes that are not in the set are made empty
    :raises ValueError: the set is not complete or of another environment, the name is taken by it, or a volume of the
        set has no host in the map
    """
    idr_ids.check_environment(new)
    if new == environment:
        raise ValueError(f"{new}: expected another name than that of the environment that is cloned")
    if manifest["environment"] != environment or not manifest["complete"]:
        raise ValueError(f"set {manifest['id']}: expected a complete one of {environment}")
    lost = sorted(name for name, one in manifest["volumes"].items() if one["host"] not in sizes)
    if lost:
        raise ValueError(f"set {manifest['id']}: {', '.join(lost)}: expected their hosts in the map of {environment}")
    return {
        profile: [_entry(name, own, environment, new, manifest, sizes) for name, own in _named(hosts)]
        for profile, hosts in entries.items()
    }


def _named(hosts):
    for entry in hosts:
        yield from entry.items() if isinstance(entry, dict) else [(entry, {})]


def _entry(name, own, environment, new, manifest, sizes):
    parts = own if isinstance(own, list) else [own or {}]
    settings = {key: value for part in parts for key, value in part.items() if key not in _NOT_TAKEN}
    volumes = [_volume(name, short, size, manifest) for short, size in (sizes.get(name) or {}).items()]
    if volumes:
        given = {one["name"]: one for one in settings.get("volumes", [])}
        origins = ("snapshot", "source")
        kept = {key: {k: v for k, v in one.items() if k not in origins} for key, one in given.items()}
        settings["volumes"] = [{**kept.get(one["name"], {}), **one} for one in volumes]
    renamed = host(name, environment, new)
    return {renamed: settings} if settings else renamed


def _volume(name, short, size, manifest):
    taken = manifest["volumes"].get(cloud_volumes.cloud_name(name, short))
    if not taken:
        return {"name": short, **({"size": size} if size else {})}
    # It may have been made larger than the profile knows.
    return {"name": short, "size": max(size or 0, taken["size"]), "snapshot": taken["snapshot"]}
