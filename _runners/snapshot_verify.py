"""
A set of snapshots is proved by what can be made of it: part of the runner ``snapshot``.
"""

import time

import idr_capture
import idr_cloud
import idr_events
import idr_lock
import idr_minions
import idr_releases
import idr_snapshot_store
import idr_snapshots
from runner_errors import failed
from salt.exceptions import CommandExecutionError

__virtualname__ = "snapshot"

PROFILE = "idr-scratch"
# Modules of ours that snapshot.prove is made of.
NEEDED = {"utils": ["command_errors", "snapshot_proof"], "modules": ["snapshot_proof"]}
# Seconds for the scratch host's minion to answer, for modules, and for the proof, which reads a whole database.
UP, SYNC, PROVE = 300, 300, 24 * 3600


def __virtual__():
    return __virtualname__


def verify(set_id):
    """
    Prove a set: clone it onto a scratch host, start PostgreSQL on the clone, check that with amcheck, count tables
    against the manifest, and look for the files that OMERO's rows name. The scratch host and its volumes are destroyed,
    whatever comes of it.

    :param set_id: id of a set that is complete
    :returns: ``{"id": str, "good": bool, "mounted": [volume, ...], "tables": {database: how many}, "files": how many
        rows were looked at, "seconds": float}``; with ``"errors": [what is wrong]`` and ``retcode`` 1 where it is not
        good, or (then without ``good``) where it could not be looked at

    CLI Example:

    .. code-block:: bash

        salt-run snapshot.verify idr-local-20250131-040000
    """
    try:
        environment = idr_snapshots.environment(set_id)
        with idr_lock.holding(
            idr_releases.folder(__opts__), f"{environment}.verify", 0, what=f"snapshot.verify {set_id}"
        ):
            return _verify(environment, set_id)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, str(exc))


def _verify(environment, set_id):
    began = time.monotonic()
    manifest = idr_snapshot_store.Store(__opts__, environment).find(set_id)
    host, cloud = f"{environment}-scratch", idr_cloud.Cloud(__opts__)
    own = {name: name.removeprefix(f"{environment}-") for name in manifest["volumes"]}
    volumes = [
        {"name": own[name], "snapshot": one["snapshot"], "delete_on_termination": True}
        for name, one in manifest["volumes"].items()
    ]
    # One that was interrupted has left it.
    _destroy(cloud, host)
    _tell(set_id, "verifying", host=host)
    try:
        wrong = cloud.make(PROFILE, [host], {host: {"volumes": volumes}})[host]
        if wrong:
            raise CommandExecutionError(f"{host}: {wrong}")
        told = _proved(host, own, manifest)
    finally:
        _destroy(cloud, host)
    told = {"id": set_id, "good": not told["errors"], **told, "seconds": round(time.monotonic() - began, 1)}
    errors = told.pop("errors")
    _tell(set_id, "verified", good=told["good"], errors=errors)
    return {**told, **failed(__context__, *errors)} if errors else told


def _proved(host, own, manifest):
    minions = idr_minions.Minions(__opts__)
    _await(minions, host)
    # It has no role, so that no state brings it our modules, and needs no others than these.
    for kind, names in NEEDED.items():
        minions.call(host, f"saltutil.sync_{kind}", saltenv="base", extmod_whitelist=names, limit=SYNC)
    parts = {part: manifest[part] for part in ("postgresql", "omero") if part in manifest}
    return minions.call(host, "snapshot.prove", own, limit=PROVE, **parts)


def _await(minions, host):
    end = time.monotonic() + UP
    while True:
        try:
            return minions.call(host, "test.ping", limit=20)
        except CommandExecutionError:
            if time.monotonic() > end:
                raise
            time.sleep(1)


def _destroy(cloud, host):
    servers, wrong = cloud.servers()
    if host in servers:
        cloud.destroy(host)
    elif any(wrong.values()):
        raise ValueError(f"{'; '.join(filter(None, wrong.values()))}: {host} may still be there")


def _tell(set_id, step, **data):
    found = {"id": set_id, "environment": idr_snapshots.environment(set_id), "at": idr_capture.now(), **data}
    idr_events.fire(__opts__, f"idr/snapshot/{set_id}/{step}", found)
