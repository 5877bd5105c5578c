"""
Which hosts the maps at the root of the checkout say there are.
"""

import pathlib

import idr_ids
import yaml


def hosts(root, environment=None):
    """
    Hosts of the maps, or of one environment.

    :param root: folder of the ``*.map`` files
    :param environment: only this one; all without
    :returns: sorted list of minion ids
    :raises ValueError: a map is not readable or names a host of another form, or the environment has no host
    """
    if environment is not None:
        idr_ids.check_environment(environment)
    paths = sorted(pathlib.Path(root).glob("*.map"))
    parsed = [host for path in paths for host in _hosts_of(path)]
    chosen = {host["id"] for host in parsed if environment in (None, host["environment"])}
    if environment is not None and not chosen:
        known = ", ".join(sorted({host["environment"] for host in parsed})) or "none"
        raise ValueError(f"environment {environment!r}: no map in {root} has a host of it (environments: {known})")
    return sorted(chosen)


def _hosts_of(path):
    for profile, entries in _read(path).items():
        if not isinstance(entries, list) or not entries:
            raise ValueError(f"{path}: {profile}: expected a list of hosts, found {entries!r}")
        for entry in entries:
            names = list(entry) if isinstance(entry, dict) else [entry]
            for name in names:
                try:
                    yield idr_ids.parse(name)
                except ValueError as exc:
                    raise ValueError(f"{path}: {profile}: {exc}") from None


def _read(path):
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as exc:
        raise ValueError(f"{path}: {exc}") from exc
    if not isinstance(data, dict):
        raise ValueError(f"{path}: expected profiles with lists of hosts, found {type(data).__name__}")
    return data


def volumes(root, host):
    """
    Volumes that maps and profiles give a host.

    :param root: folder of the ``*.map`` files and of ``cloud.profiles.d``
    :param host: minion id
    :returns: ``{name: size in GB, or None where nothing says}``; None when no map has the host with a known profile
    :raises ValueError: a map or a profile is not readable
    """
    profiles: dict = {}
    for path in sorted(pathlib.Path(root, "cloud.profiles.d").glob("*.conf")):
        profiles.update(_read(path))
    for path in sorted(pathlib.Path(root).glob("*.map")):
        for profile, entries in _read(path).items():
            for entry in entries if isinstance(entries, list) else []:
                own = entry.get(host) if isinstance(entry, dict) else None
                if profile in profiles and (own is not None or entry == host):
                    return _sizes({**_extended(profiles, profile), **_flat(own)}.get("volumes"))
    return None


def _sizes(volumes):
    """Sizes by name; what has no right form is the driver's to refuse."""
    named = [volume for volume in volumes or [] if isinstance(volume, dict) and "name" in volume]
    return {volume["name"]: volume["size"] if isinstance(volume.get("size"), int) else None for volume in named}


def _extended(profiles, name, seen=()):
    own = profiles.get(name, {})
    base = own.get("extends")
    if base in seen or base not in profiles:
        return own
    return {**_extended(profiles, base, (*seen, name)), **own}


def _flat(own):
    """A map gives a host's settings as a mapping or as a list of them."""
    parts = own if isinstance(own, list) else [own or {}]
    return {key: value for part in parts for key, value in part.items()}
