"""
What in pillar has to fit to something else: to other keys, to the host's volumes, to other hosts and environments.

Errors are as in :mod:`idr_check`. Whatever has no right form is passed over here, because its schema says so.
"""

import ipaddress
import re

import idr_check
import idr_jvm
import idr_memory
import idr_proxy
import idr_secrets
import omero_config
import omero_known
from idr_check import find as _get
from idr_check import mapping as _mapping

# Connections that nobody of OMERO may take: superuser_reserved_connections, backups, monitoring, an operator.
RESERVED = 10
# omero.db.poolsize where nothing says
POOL = 10
# Of a volume nginx's caches may have this part: it goes over their sizes before it removes anything.
CACHE_SHARE = 0.95

_GIGABYTE = 1024**3
# What the schema lets through as a network.
_ADDRESS = re.compile(r"[0-9a-fA-F.:]+/[0-9]{1,3}")
# Java processes of OMERO with a pool of connections of their own.
_POOLED = idr_jvm.RUNNING
# Properties that states need as well, or that follow from them.
_ELSEWHERE = {
    **{f"omero.db.{key}": f"it under omero:db:{key}" for key in ("host", "name", "port", "user")},
    **dict.fromkeys(
        ("omero.glacier2.IceSSL.CertFile", "omero.glacier2.IceSSL.DefaultDir", "omero.glacier2.IceSSL.KeyFile"),
        "nothing here, as the states make the certificate",
    ),
    "omero.server.servicemanager.checkenv": "nothing here, as the server is systemd's",
}


def within(pillar, volumes=None, memory=None):
    """
    What does not fit inside the pillar of one host.

    :param pillar: the compiled pillar
    :param volumes: ``{name: size in GB}`` of the host, None if it is not known
    :param memory: of the host in MB, None if it is not known
    :returns: sorted list of errors
    """
    found = [*_roles_of_databases(pillar), *_zones_of_locations(pillar), *_ports_of_the_proxy(pillar)]
    found += _properties(pillar)
    if memory is not None:
        found += idr_memory.within(pillar, memory)
    if volumes is not None:
        found += [*_known_volumes(pillar, volumes), *_caches(pillar, volumes)]
    return idr_check.ordered(found)


def _properties(pillar):
    for part in ("server", "web"):
        config, path = _mapping(pillar, "omero", part, "config"), ["omero", part, "config"]
        config = {str(name): value for name, value in config.items() if value is not None}
        for name, expected in omero_known.wrong(config):
            yield idr_check.error([*path, name], expected, config[name])
        for name in sorted(set(config) & set(_ELSEWHERE)):
            yield idr_check.error([*path, name], _ELSEWHERE[name], config[name])
        for name in filter(omero_config.SECRET.search, config):
            expected = f"no secret here, but the key of pillar that has it, under omero:{part}:secrets"
            yield idr_check.error([*path, name], expected, None, "a value")


def notes(pillars):
    """
    What in pillars may be meant otherwise.

    :param pillars: ``{host: its compiled pillar}`` of an environment
    :returns: sorted list of lines, each once for all hosts
    """
    found = {
        f"omero:{part}:config:{name} is not known; {known} is"
        for pillar in pillars.values()
        for part in ("server", "web")
        for name, known in omero_known.misspelt(_mapping(pillar, "omero", part, "config"))
    }
    return sorted(found)


def _ports_of_the_proxy(pillar):
    for path, owner, port in idr_proxy.double_ports(pillar):
        yield idr_check.error(path, f"a port that {owner} does not have", port)


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
    if _get(pillar, "environment", "volumes") is False:
        return
    for name in _mapping(pillar, "volumes"):
        if name not in volumes:
            expected = f"a volume of the host's profile ({', '.join(sorted(volumes)) or 'it has none'})"
            yield idr_check.error(["volumes", name], expected, name)


def _caches(pillar, volumes):
    gigabytes = volumes.get("nginxcache")
    zones = _mapping(pillar, "proxy", "cache", "zones")
    sizes = {name: size for name, zone in zones.items() if (size := idr_proxy.size_in_bytes(_get(zone, "max_size")))}
    if not gigabytes or not sizes:
        return
    limit = gigabytes * _GIGABYTE * CACHE_SHARE
    for name, size in sizes.items():
        if size > limit:
            expected = f"at most {_gigabytes(limit)}g, {CACHE_SHARE:.0%} of volume nginxcache ({gigabytes} GB)"
            yield idr_check.error(["proxy", "cache", "zones", name, "max_size"], expected, zones[name]["max_size"])
    if sum(sizes.values()) > limit >= max(sizes.values()):
        expected = f"zones of at most {_gigabytes(limit)}g in all, {CACHE_SHARE:.0%} of volume nginxcache"
        total = f"{_gigabytes(sum(sizes.values()))}g"
        yield idr_check.error(["proxy", "cache", "zones"], expected, None, total)


def _gigabytes(size):
    return f"{size / _GIGABYTE:.1f}".removesuffix(".0")


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
    if not idr_jvm.runs(pillar):
        return 0
    config = _mapping(pillar, "omero", "server", "config")
    # OMERO's own default where pillar says nothing
    size = str(config.get("omero.db.poolsize", POOL))
    return int(size) * sum(name in _POOLED for name in idr_jvm.processes(config)) if size.isdigit() else 0


def shared_secrets(pillars, roles_of):
    """
    Secrets that hosts must have in common and don't.

    :param pillars: ``{host: its compiled pillar}`` of an environment
    :param roles_of: function that gives a list of a host's roles
    :returns: ``{host: [error, ...]}``; no value is shown
    """
    found: dict = {}
    for name, roles in sorted(idr_secrets.NEEDED.items()):
        group, key = name.split(":")
        known = {
            host: value
            for host, pillar in sorted(pillars.items())
            if set(roles_of(host)) & set(roles) and (value := _get(pillar, "secrets", group, key))
        }
        first = next(iter(known), None)
        for host, value in known.items():
            if value != known[first]:
                expected = f"the same value as on {first}"
                wrong = idr_check.error(["secrets", group, key], expected, None, "another")
                found.setdefault(host, []).append(wrong)
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
