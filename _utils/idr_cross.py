"""
What in pillar has to fit to something else: to other keys, to the host's volumes, to other hosts and environments.

Errors are as in :mod:`idr_check`. Whatever has no right form is passed over here, because its schema says so.
"""

import ipaddress
import re

import idr_check
import idr_proxy
import idr_secrets

# Connections that nobody of OMERO may take: superuser_reserved_connections, backups, monitoring, an operator.
RESERVED = 10
# Of a volume nginx's caches may have this part: it goes over their sizes before it removes anything.
CACHE_SHARE = 0.95

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SIZE = re.compile(r"(\d+)([kmg]?)", re.IGNORECASE)
# What the schema lets through as a network.
_ADDRESS = re.compile(r"[0-9a-fA-F.:]+/[0-9]{1,3}")
_POOLED = ("Blitz", "Indexer", "PixelData")


def within(pillar, volumes=None):
    """
    What does not fit inside the pillar of one host.

    :param pillar: the compiled pillar
    :param volumes: ``{name: size in GB}`` of the host, None if it is not known
    :returns: sorted list of errors
    """
    found = [*_roles_of_databases(pillar), *_zones_of_locations(pillar), *_ports_of_the_proxy(pillar)]
    if volumes is not None:
        found += [*_known_volumes(pillar, volumes), *_caches(pillar, volumes)]
    return idr_check.ordered(found)


def _ports_of_the_proxy(pillar):
    for path, owner, port in idr_proxy.double_ports(pillar):
        yield idr_check.error(path, f"a port that {owner} does not have", port)


def _get(data, *path):
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _mapping(data, *path):
    found = _get(data, *path)
    return found if isinstance(found, dict) else {}


def _roles_of_databases(pillar):
    roles = _mapping(pillar, "postgresql", "roles")
    expected = f"one of postgresql:roles ({', '.join(sorted(roles)) or 'none'})"
    for name, database in _mapping(pillar, "postgresql", "databases").items():
        path = ["postgresql", "databases", name]
        owner = _get(database, "owner")
        if isinstance(owner, str) and owner not in roles:
            yield idr_check.error([*path, "owner"], expected, owner)
        for reader in _mapping(database, "readers"):
            if reader not in roles:
                yield idr_check.error([*path, "readers", reader], expected, str(reader))


def _zones_of_locations(pillar):
    zones = _mapping(pillar, "proxy", "cache", "zones")
    locations = _get(pillar, "proxy", "cache", "locations")
    for number, location in enumerate(locations if isinstance(locations, list) else []):
        zone = _get(location, "zone")
        if isinstance(zone, str) and zone not in zones:
            expected = f"one of proxy:cache:zones ({', '.join(sorted(zones)) or 'none'})"
            yield idr_check.error(["proxy", "cache", "locations", number, "zone"], expected, zone)


def _known_volumes(pillar, volumes):
    for name in _mapping(pillar, "volumes"):
        if name not in volumes:
            expected = f"a volume of the host's profile ({', '.join(sorted(volumes)) or 'it has none'})"
            yield idr_check.error(["volumes", name], expected, name)


def _caches(pillar, volumes):
    gigabytes = volumes.get("nginxcache")
    zones = _mapping(pillar, "proxy", "cache", "zones")
    sizes = {name: size for name, zone in zones.items() if (size := size_in_bytes(_get(zone, "max_size")))}
    if not gigabytes or not sizes:
        return
    limit = gigabytes * _UNITS["g"] * CACHE_SHARE
    for name, size in sizes.items():
        if size > limit:
            expected = f"at most {_gigabytes(limit)}g, {CACHE_SHARE:.0%} of volume nginxcache ({gigabytes} GB)"
            yield idr_check.error(["proxy", "cache", "zones", name, "max_size"], expected, zones[name]["max_size"])
    if sum(sizes.values()) > limit >= max(sizes.values()):
        expected = f"zones of at most {_gigabytes(limit)}g in all, {CACHE_SHARE:.0%} of volume nginxcache"
        total = f"{_gigabytes(sum(sizes.values()))}g"
        yield {**idr_check.error(["proxy", "cache", "zones"], expected, None), "found": total}


def size_in_bytes(text):
    """
    Bytes of one of nginx's sizes (``200m``, ``10g``), or None if it is none.
    """
    match = _SIZE.fullmatch(str(text))
    return int(match[1]) * _UNITS[match[2].lower()] if match else None


def _gigabytes(size):
    return f"{size / _UNITS['g']:.1f}".removesuffix(".0")


def connections(pillars):
    """
    More database connections than the database has.

    :param pillars: ``{host: its compiled pillar}`` of an environment
    :returns: ``{host: [error, ...]}``, the host being the database's
    """
    pools = {host: pool for host, pillar in pillars.items() if (pool := _pool(pillar))}
    needed = sum(pools.values()) + RESERVED
    found = {}
    for host, pillar in pillars.items():
        limit = _get(pillar, "postgresql", "parameters", "max_connections")
        if isinstance(limit, int) and limit < needed:
            each = ", ".join(f"{name} {pool}" for name, pool in sorted(pools.items()))
            expected = f"at least {needed}: {RESERVED} in reserve and omero.db.poolsize of each process ({each})"
            found[host] = [idr_check.error(["postgresql", "parameters", "max_connections"], expected, limit)]
    return found


def _pool(pillar):
    roles = _get(pillar, "roles")
    if not any(str(role).startswith("omero") for role in (roles if isinstance(roles, list) else [])):
        return 0
    config = _mapping(pillar, "omero", "server", "config")
    size = config.get("omero.db.poolsize")
    nodes = config.get("omero.server.nodedescriptors")
    if not isinstance(size, int):
        return 0
    if not isinstance(nodes, str):
        return size * len(_POOLED)
    return size * sum(part.startswith(_POOLED) for part in re.split(r"[:,\s]+", nodes))


def shared_secrets(pillars, role_of):
    """
    Secrets that hosts must have in common and don't.

    :param pillars: ``{host: its compiled pillar}`` of an environment
    :param role_of: function that gives a host's role
    :returns: ``{host: [error, ...]}``; no value is shown
    """
    found: dict = {}
    for name, roles in sorted(idr_secrets.NEEDED.items()):
        group, key = name.split(":")
        known = {
            host: value
            for host, pillar in sorted(pillars.items())
            if role_of(host) in roles and (value := _get(pillar, "secrets", group, key))
        }
        first = next(iter(known), None)
        for host, value in known.items():
            if value != known[first]:
                wrong = idr_check.error(["secrets", group, key], f"the same value as on {first}", value)
                found.setdefault(host, []).append({**wrong, "found": "another"})
    return found


def networks(environments, name):
    """
    Networks of other environments that overlap with the one of an environment.

    :param environments: ``{environment: data of its environment.yaml}``
    :param name: the environment
    :returns: list of errors
    """
    own = environments.get(name) or {}
    mine = _network(own)
    found = []
    if mine is None and _ADDRESS.fullmatch(str(own.get("network"))):
        found.append(idr_check.error(["environment", "network"], "a network such as 10.99.0.0/24", own["network"]))
    for other, data in sorted(environments.items()):
        theirs = _network(data or {})
        if other == name or mine is None or theirs is None or mine.version != theirs.version:
            continue
        if mine.overlaps(theirs) and other not in _sharing(own) and name not in _sharing(data):
            expected = f"a network that does not overlap with {theirs} of {other} (or shares_network_with: [{other}])"
            found.append(idr_check.error(["environment", "network"], expected, str(mine)))
    return found


def _sharing(data):
    return data.get("shares_network_with") or []


def _network(data):
    try:
        return ipaddress.ip_network(data.get("network"), strict=False)
    except ValueError:
        return None
