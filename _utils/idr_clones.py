"""
The map of an environment that is made of another one's set of snapshots.
"""

import cloud_volumes
import idr_ids

# Of one host alone: the new environment protects itself, and asks for addresses of its own.
_NOT_TAKEN = ("protected",)
_ORIGINS = ("snapshot", "source")


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
    _check(environment, new, manifest)
    lost = sorted(name for name, one in manifest["volumes"].items() if one["host"] not in sizes)
    if lost:
        raise ValueError(f"set {manifest['id']}: {', '.join(lost)}: expected their hosts in the map of {environment}")
    return {
        profile: [_entry(name, own, environment, new, manifest, sizes) for name, own in _named(hosts)]
        for profile, hosts in entries.items()
    }


def laid(entries, new, environment, manifest, sizes):
    """
    The map of an environment that the maps have already, with clones of a set laid under its hosts' volumes.

    :param entries: map of the new environment
    :param new: its name
    :param environment: name of the environment that the set is of
    :param manifest: of a complete set of it
    :param sizes: ``{host: {volume: size in GB, or None}}`` that profiles and map give the new environment's hosts
    :returns: the map; volumes whose counterpart is not in the set are made empty
    :raises ValueError: the set is not complete or of another environment, or one of its volumes has no counterpart
    """
    of_source = {host(name, new, environment): volumes for name, volumes in sizes.items()}
    _check(environment, new, manifest)
    _all_have_hosts(environment, new, manifest, of_source)
    return {
        profile: [
            _entry(host(name, new, environment), own, environment, new, manifest, of_source, without=())
            for name, own in _named(hosts)
        ]
        for profile, hosts in entries.items()
    }


def _check(environment, new, manifest):
    idr_ids.check_environment(new)
    if new == environment:
        raise ValueError(f"{new}: expected another name than that of the environment that is cloned")
    if manifest["environment"] != environment or not manifest["complete"]:
        raise ValueError(f"set {manifest['id']}: expected a complete one of {environment}")


def _all_have_hosts(environment, new, manifest, sizes):
    given = {cloud_volumes.cloud_name(name, short) for name, volumes in sizes.items() for short in volumes or ()}
    lost = [one for name, one in sorted(manifest["volumes"].items()) if name not in given]
    if lost:
        hosts = ", ".join(f"{host(one['host'], environment, new)} ({one['volume']})" for one in lost)
        raise ValueError(f"set {manifest['id']}: expected these hosts with these volumes in the map of {new}: {hosts}")


def without_origins(entries):
    """
    A map whose volumes are empty ones: what a checkout keeps, as a set of snapshots goes.
    """
    return {profile: [_emptied(name, own) for name, own in _named(hosts)] for profile, hosts in entries.items()}


def _emptied(name, own):
    volumes = [{key: value for key, value in one.items() if key not in _ORIGINS} for one in own.get("volumes", [])]
    settings = {**own, **({"volumes": volumes} if volumes else {})}
    return {name: settings} if settings else name


def foreign(manifest, environment, new, volumes):
    """
    Volumes of the new environment that are there and are not of the set, though they should be.

    :param volumes: answer of the driver's ``list_volumes``
    :returns: sorted list of names
    """
    found = []
    for one in manifest["volumes"].values():
        name = cloud_volumes.cloud_name(host(one["host"], environment, new), one["volume"])
        origin = volumes.get(name, {}).get("origin") or {}
        if name in volumes and (origin.get("kind"), origin.get("id")) != ("snapshot", one["snapshot_id"]):
            found.append(name)
    return sorted(found)


def _named(hosts):
    for entry in hosts:
        yield from entry.items() if isinstance(entry, dict) else [(entry, {})]


def _entry(name, own, environment, new, manifest, sizes, without=_NOT_TAKEN):
    parts = own if isinstance(own, list) else [own or {}]
    settings = {key: value for part in parts for key, value in part.items() if key not in without}
    volumes = [_volume(name, short, size, manifest) for short, size in (sizes.get(name) or {}).items()]
    if volumes:
        given = {one["name"]: one for one in settings.get("volumes", [])}
        kept = {key: {k: v for k, v in one.items() if k not in _ORIGINS} for key, one in given.items()}
        settings["volumes"] = [{**kept.get(one["name"], {}), **one} for one in volumes]
    renamed = host(name, environment, new)
    return {renamed: settings} if settings else renamed


def _volume(name, short, size, manifest):
    taken = manifest["volumes"].get(cloud_volumes.cloud_name(name, short))
    if not taken:
        return {"name": short, **({"size": size} if size else {})}
    # It may have been made larger than the profile knows.
    return {"name": short, "size": max(size or 0, taken["size"]), "snapshot": taken["snapshot"]}
