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


def known(opts, environment=None):
    """
    Hosts of the maps beside the checkout's pillar, which is one of the pillar roots.

    :param opts: Salt's options
    :param environment: only its hosts, of which there may be none; all without
    :returns: sorted list of minion ids; empty where no pillar root has a folder ``schemas``
    :raises ValueError: as :func:`hosts`
    """
    roots = [pathlib.Path(one) for one in opts["pillar_roots"].get("base", [])]
    found = {host for root in roots if (root / "schemas").is_dir() for host in hosts(root.parent)}
    return sorted(host for host in found if environment in (None, idr_ids.parse(host)["environment"]))


def _hosts_of(path):
    return [host for _, host in _profiled(path)]


def _profiled(path):
    for profile, entries in _read(path).items():
        if not isinstance(entries, list) or not entries:
            raise ValueError(f"{path}: {profile}: expected a list of hosts, found {entries!r}")
        for entry in entries:
            names = list(entry) if isinstance(entry, dict) else [entry]
            for name in names:
                try:
                    yield profile, idr_ids.parse(name)
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


def entries(root, environment):
    """
    What the maps say of an environment, as a map of its own.

    :returns: ``{profile: [host, or {host: settings}]}``, in the order of the files
    :raises ValueError: as :func:`hosts`
    """
    hosts(root, environment)
    found: dict = {}
    for path in sorted(pathlib.Path(root).glob("*.map")):
        for profile, listed in _read(path).items():
            for entry in listed:
                for name, own in entry.items() if isinstance(entry, dict) else [(entry, None)]:
                    if idr_ids.parse(name)["environment"] == environment:
                        found.setdefault(profile, []).append({name: own} if own else name)
    return found


def volumes(root, host):
    """
    Volumes that maps and profiles give a host.

    :param root: folder of the ``*.map`` files and of ``cloud.profiles.d``
    :param host: minion id
    :returns: ``{name: size in GB, or None where nothing says}``; None when no map has the host with a known profile
    :raises ValueError: a map or a profile is not readable
    """
    found = _settings(root, host, _merged([root], "cloud.profiles.d"))
    return None if found is None else _sizes(found.get("volumes"))


def sized(root, host, config=None):
    """
    Sizes that maps and profiles give a host's volumes, and where they do.

    :param config: the master's folder of configuration, whose profiles count as well
    :returns: ``{name: {"size": GB, "file": path}}``, without volumes for which nothing says a size
    :raises ValueError: a map or a profile is not readable
    """
    for path in sorted(pathlib.Path(root).glob("*.map")):
        for name, entries in _read(path).items():
            for entry in entries if isinstance(entries, list) else []:
                own = entry.get(host) if isinstance(entry, dict) else None
                if own is not None or entry == host:
                    volumes, file = _flat(own).get("volumes"), path
                    if volumes is None:
                        volumes, file = _inherited([root, *([config] if config else [])], name)
                    known = _sizes(volumes).items()
                    return {volume: {"size": size, "file": str(file)} for volume, size in known if size}
    return {}


def _inherited(folders, name):
    """The volumes of a profile, and the file of the one in its line that has them."""
    found = {
        profile: (own, path)
        for folder in folders
        for path in sorted(pathlib.Path(folder, "cloud.profiles.d").glob("*.conf"))
        for profile, own in _read(path).items()
    }
    seen: set = set()
    while name in found and name not in seen:
        seen.add(name)
        own, path = found[name]
        if "volumes" in own:
            return own["volumes"], path
        name = own.get("extends")
    return None, None


def profile(root, environment, role):
    """
    The profile with which the maps make an environment's hosts of a role.

    :raises ValueError: none, or more than one
    """
    found = {
        name
        for path in sorted(pathlib.Path(root).glob("*.map"))
        for name, host in _profiled(path)
        if (host["environment"], host["role"]) == (environment, role)
    }
    if len(found) != 1:
        names = ", ".join(sorted(found)) or "none"
        raise ValueError(f"{environment}: expected one profile for hosts of role {role} in the maps, found {names}")
    return found.pop()


def provider(root, name, config=None):
    """
    The provider of a profile, or None where nothing says.

    :param config: the master's folder of configuration, whose profiles count as well
    :raises ValueError: a profile is not readable
    """
    return _extended(_merged([root, *([config] if config else [])], "cloud.profiles.d"), name).get("provider")


def memory(root, host, config=None):
    """
    Memory that maps, profiles and providers give a host.

    :param root: folder of the ``*.map`` files, of ``cloud.profiles.d`` and of ``cloud.providers.d``
    :param host: minion id
    :param config: the master's folder of configuration, whose profiles and providers count as well
    :returns: MB, or None where nothing says; a cloud whose sizes are known to itself alone says nothing
    :raises ValueError: a map, a profile or a provider is not readable
    """
    folders = [root, *([config] if config else [])]
    found = _settings(root, host, _merged(folders, "cloud.profiles.d")) or {}
    provider = _merged(folders, "cloud.providers.d").get(found.get("provider")) or {}
    size = (provider.get("sizes") or {}).get(found.get("size"))
    return size.get("ram") if isinstance(size, dict) else None


def settings(root, host, config=None):
    """
    What map and profile say of a host.

    :param config: the master's folder of configuration, whose profiles count as well
    :returns: dict; empty where no map has the host with a known profile
    :raises ValueError: a map or a profile is not readable
    """
    return _settings(root, host, _merged([root, *([config] if config else [])], "cloud.profiles.d")) or {}


def _merged(folders, name):
    found: dict = {}
    for folder in folders:
        for path in sorted(pathlib.Path(folder, name).glob("*.conf")):
            found.update(_read(path))
    return found


def _settings(root, host, profiles):
    """What profile and map say of a host; None when no map has it with one of the profiles."""
    for path in sorted(pathlib.Path(root).glob("*.map")):
        for profile, entries in _read(path).items():
            for entry in entries if isinstance(entries, list) else []:
                own = entry.get(host) if isinstance(entry, dict) else None
                if profile in profiles and (own is not None or entry == host):
                    return {**_extended(profiles, profile), **_flat(own)}
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
