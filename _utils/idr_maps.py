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
