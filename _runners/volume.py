"""
Volumes of an environment grow, and their file systems with them, while everything runs.
"""

import pathlib

import idr_cloud
import idr_growth
import idr_lock
import idr_maps
import idr_minions
import idr_pillar
import idr_releases
import idr_site
import omero_wait
from runner_errors import failed
from salt.exceptions import CommandExecutionError

__virtualname__ = "volume"

# Seconds for a host to see a larger device, for a file system to grow, and to wait for an upgrade or the like.
SEEN, GROW, PATIENCE = 90, 600, 30


def __virtual__():
    return __virtualname__


def grow(environment, test=False):
    """
    Extend the volumes that maps or profiles want larger than the cloud has them, and grow the file systems of all of
    the environment's volumes to their devices' sizes. Nothing is unmounted or stopped; a size that is smaller than the
    volume's is refused before anything is done.

    :param environment: name of the environment
    :param test: only say what would be done
    :returns: ``{"extended": {volume's name in the cloud: {"host", "volume", "from": GB, "to": GB}}, "grown": {host:
        {path: bytes}}}``; with ``"errors": [...]`` and ``retcode`` 1 where something failed. In test mode ``grown``
        has what there is to grow already.

    CLI Example:

    .. code-block:: bash

        salt-run volume.grow idr-local test=True
    """
    folder, what = idr_releases.folder(__opts__), "volume.grow"
    try:
        with (
            # neither in the middle of a freeze, nor of an upgrade
            idr_lock.holding(folder, f"{environment}.snapshot", 0, what=what),
            idr_lock.holding(folder, environment, PATIENCE, shared=True, what=what),
        ):
            return _grow(environment, test)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, str(exc))


def _grow(environment, test):
    hosts = idr_site.managed(__opts__, environment)
    cloud = idr_cloud.Cloud(__opts__)
    servers, unknown = cloud.servers()
    aliases = sorted({servers[host]["provider"] for host in hosts if host in servers})
    if not aliases:
        why = "; ".join(filter(None, unknown.values()))
        raise ValueError(f"{environment}: expected a cloud that has its hosts, found none{': ' if why else ''}{why}")
    drivers = {alias: cloud.driver(alias) for alias in aliases}
    planned = _planned(hosts, servers, drivers)
    extended, errors = (planned, []) if test else _extended(drivers, servers, planned)
    running = [host for host in hosts if servers.get(host, {}).get("state") == "running"]
    grown, wrong = _systems(running, {} if test else extended, test)
    errors += wrong
    told = {"extended": extended, "grown": grown}
    return {**told, **failed(__context__, *errors)} if errors else told


def _planned(hosts, servers, drivers):
    """All volumes are looked at before the first is extended."""
    root, config = idr_pillar.root(__opts__).parent, pathlib.Path(__opts__["conf_file"]).parent
    found: dict = {}
    for alias, driver in drivers.items():
        own = [host for host in hosts if servers.get(host, {}).get("provider") == alias]
        wanted = {host: idr_maps.sized(root, host, config) for host in own}
        found |= idr_growth.plan(wanted, driver.call("list_volumes"))
    return found


def _extended(drivers, servers, planned):
    done, errors = {}, []
    for name, one in planned.items():
        try:
            drivers[servers[one["host"]]["provider"]].call("extend_volume", name=name, size=one["to"])
            done[name] = one
        except ValueError as exc:
            errors.append(f"{name}: {exc}")
    return done, errors


def _systems(hosts, extended, test):
    """``({host: {path: bytes}}, errors)``; those too that were left by a run that was interrupted."""
    pillars = {host: idr_pillar.compiler(__opts__, host).compile_pillar() for host in hosts}
    sizes = {(one["host"], one["volume"]): one["to"] * idr_growth.GIB for one in extended.values()}
    grown: dict = {}
    errors = []
    for host, paths in idr_growth.mounted(pillars, hosts).items():
        for volume, path in paths.items():
            try:
                spare = _grown(host, path, sizes.get((host, volume)), test)
            except CommandExecutionError as exc:
                errors.append(str(exc))
                continue
            if spare:
                grown.setdefault(host, {})[path] = spare
    return grown, errors


def _grown(host, path, size, test):
    """Bytes by which a file system grew, or would."""
    call = idr_minions.Minions(__opts__).call
    if size:
        done, seen = omero_wait.until(lambda: _seen(call(host, "volume.size", path), size), SEEN, interval=1)
        if not done:
            raise CommandExecutionError(
                f"{host}: {path}: expected a device of {size} bytes within {SEEN} s, found {seen}"
            )
    spare = call(host, "volume.growth", path)
    if spare and not test:
        call(host, "volume.grow", path, limit=GROW)
    return spare


def _seen(found, size):
    return found >= size, found
