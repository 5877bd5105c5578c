"""
Snapshots of all volumes of an environment, of one instant, as sets that are whole or nobody's source.
"""

import datetime
import json
import os

import idr_capture
import idr_lock
import idr_pillar
import idr_releases
import idr_snapshot_store
import idr_snapshots
from runner_errors import failed
from salt.exceptions import CommandExecutionError

__virtualname__ = "snapshot"
__func_alias__ = {"list_": "list"}

# Seconds after which hosts thaw by themselves.
LIMIT = 15
# Seconds to wait for an upgrade or the like to be done.
PATIENCE = 30


def __virtual__():
    return __virtualname__


def create(environment, limit=LIMIT):
    """
    Take snapshots of all volumes that the pillar of an environment lists, of one instant: its writers wait meanwhile,
    its read-only servers go on. A set that is not of one instant is marked as incomplete.

    :param environment: name of the environment
    :param limit: seconds after which each host thaws by itself, whatever happens
    :returns: ``{"id": str, "complete": bool, "freeze_seconds": the longest of any host, from freeze to thaw, or None,
        "volumes": {name: {"host", "volume", "path", "snapshot", "snapshot_id", "size" in GB, "used" in bytes}}}``; with
        ``"errors": [...]`` and ``retcode`` 1 where it is not complete, or where nothing was begun

    CLI Example:

    .. code-block:: bash

        salt-run snapshot.create idr-local
    """
    folder, what = idr_releases.folder(__opts__), "snapshot.create"
    try:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise ValueError(f"limit: expected a whole number of seconds, at least 1, found {limit!r}")
        with (
            idr_lock.holding(folder, f"{environment}.snapshot", 0, what=what),
            idr_lock.holding(folder, environment, PATIENCE, shared=True, what=what),
        ):
            return _create(environment, limit)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, f"{exc}. Nothing was frozen.")


def _create(environment, limit):
    now = datetime.datetime.now(datetime.UTC)
    set_id = idr_snapshots.new_id(environment, now)
    with idr_capture.Capture(__opts__, environment, set_id, limit) as capture:
        manifest = {
            "id": set_id,
            "environment": environment,
            "complete": False,
            "created_at": now.isoformat(timespec="seconds"),
            "instant": None,
            "limit": limit,
            "revision": idr_capture.revision(idr_pillar.root(__opts__).parent),
            "volumes": {},
        }
        idr_snapshot_store.write(__opts__, manifest)
        capture.tell("started", volumes=list(capture.volumes))
        errors = _captured(capture, manifest)
        manifest["errors"] = errors
        try:
            idr_snapshot_store.write(__opts__, manifest)
        except OSError as exc:
            # The cloud has what matters of it.
            errors.append(f"manifest of {set_id}: {exc}")
        capture.tell("complete" if manifest["complete"] else "incomplete", errors=errors)
    told = {key: manifest.get(key) for key in ("id", "complete", "freeze_seconds", "volumes")}
    return {**told, **failed(__context__, *errors)} if errors else told


def _captured(capture, manifest):
    """Fill the manifest; returns what went wrong."""
    errors: list = []
    try:
        said = capture.prepare()
        manifest |= idr_snapshots.facts(said)
        capture.arm()
        manifest["volumes"] = capture.volumes
        metadata = idr_snapshots.metadata({**manifest, "instant": ""})
        manifest["instant"] = capture.freeze()
        capture.take({**metadata, "instant": manifest["instant"]})
    except CommandExecutionError as exc:
        errors.append(str(exc))
    finally:
        thawed, silent = capture.thaw()
    manifest["hosts"], manifest["freeze_seconds"] = thawed, idr_snapshots.freeze_seconds(thawed)
    # A host that was never armed has nothing to tell.
    errors += idr_snapshots.broken(capture.hosts, thawed, silent) if manifest["instant"] else []
    taken, refused = capture.taken()
    errors += refused
    if refused:
        errors += capture.remove(one["name"] for one in taken.values())
        taken = {}
    manifest["volumes"] = {
        name: {
            **capture.volumes[name],
            "snapshot": one["name"],
            "snapshot_id": one["id"],
            "size": one["size"],
            "used": said[capture.volumes[name]["host"]]["used"][capture.volumes[name]["volume"]],
        }
        for name, one in taken.items()
    }
    return errors or _completed(capture, manifest)


def _completed(capture, manifest):
    """Say of all snapshots that they are whole, as the last of all; returns what went wrong."""
    database = manifest.get("postgresql")
    if database:
        database["tables"] = idr_snapshots.between(database["tables"], capture.tables(database["host"]))
    metadata = idr_snapshots.metadata({**manifest, "complete": True})
    try:
        capture.driver.call("tag_snapshots", set=manifest["id"], metadata=metadata)
    except ValueError as exc:
        return [str(exc)]
    manifest["complete"] = True
    return []


def list_(environment=None):
    """
    The sets there are, of all clouds.

    :param environment: only its sets; all without
    :returns: ``{id: {"environment", "complete", "instant", "freeze_seconds", "volumes": how many, "size": GB, "used
        by": [volumes that are clones of it]}}``; where a cloud does not answer, that under ``sets``, with ``"errors":
        [...]`` and ``retcode`` 1

    CLI Example:

    .. code-block:: bash

        salt-run snapshot.list idr-local
    """
    try:
        store = idr_snapshot_store.Store(__opts__, environment)
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    rows = {
        set_id: {
            **{key: one.get(key) for key in ("environment", "complete", "instant", "freeze_seconds")},
            "volumes": len(one["volumes"]),
            "size": sum(volume["size"] for volume in one["volumes"].values()),
            "used by": store.used.get(set_id, []),
        }
        for set_id, one in store.sets.items()
    }
    return {"sets": rows, **failed(__context__, *store.wrong.values())} if store.wrong else rows


def show(set_id):
    """
    All that is known of a set, complete or not. What the master has forgotten comes from the snapshots' own metadata.

    :param set_id: its id
    :returns: the manifest; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run snapshot.show idr-local-20250131-040000
    """
    try:
        store = idr_snapshot_store.Store(__opts__, idr_snapshots.environment(set_id))
        if set_id not in store.sets:
            store.find(set_id)
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {**store.sets[set_id], "used by": store.used.get(set_id, [])}


def export(set_id, path=None):
    """
    The manifest of a set, for other programs.

    :param set_id: its id
    :param path: file on the master that it is written to, as JSON, for its owner alone; it must not exist
    :returns: the manifest, or ``{"written": path}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run snapshot.export idr-local-20250131-040000 path=/var/backups/set.json
    """
    manifest = show(set_id)
    if path is None or "retcode" in manifest:
        return manifest
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(manifest, file, indent=2, sort_keys=True)
            file.write("\n")
    except OSError as exc:
        return failed(__context__, f"{path}: {exc.strerror}")
    return {"written": path}


def prune(environment, keep=3, daily=7, weekly=4, monthly=6, test=False):
    """
    Remove sets that are not needed any more. Never the last complete one, and none that a volume is a clone of.

    :param environment: name of the environment
    :param keep: how many of the last complete sets stay
    :param daily: of so many days that have one the last set stays
    :param weekly: of so many weeks
    :param monthly: of so many months
    :param test: only say what would be removed
    :returns: ``{"kept": {id: why}, "removed": [id, ...]}``; with ``"errors": [...]`` and ``retcode`` 1 where something
        failed

    CLI Example:

    .. code-block:: bash

        salt-run snapshot.prune idr-local keep=3 daily=7 weekly=4 monthly=6 test=True
    """
    folder = idr_releases.folder(__opts__)
    try:
        for name, value in {"keep": keep, "daily": daily, "weekly": weekly, "monthly": monthly}.items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ValueError(f"{name}: expected a whole number, 0 or more, found {value!r}")
        # Neither one that is being made nor one that is being verified is removed.
        with (
            idr_lock.holding(folder, f"{environment}.snapshot", 0, what="snapshot.prune"),
            idr_lock.holding(folder, f"{environment}.verify", 0, what="snapshot.prune"),
        ):
            store = idr_snapshot_store.Store(__opts__, environment)
            if store.wrong:
                raise ValueError(f"{'; '.join(store.wrong.values())}: nothing removed, as there may be clones")
            kept = idr_snapshots.kept(store.sets, keep, daily, weekly, monthly, store.used)
            going = [set_id for set_id in store.sets if set_id not in kept]
            removed, errors = (going, []) if test else _removed(store, going)
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    told = {"kept": kept, "removed": removed}
    return {**told, **failed(__context__, *errors)} if errors else told


def _removed(store, going):
    removed, errors = [], []
    for set_id in going:
        try:
            driver = store.drivers.get(set_id)
            if driver and store.sets[set_id]["complete"]:
                # Whoever dies in the middle leaves none that looks whole.
                driver.call("tag_snapshots", set=set_id, metadata={"complete": "false"})
            for one in store.sets[set_id]["volumes"].values():
                driver.call("delete_snapshot", name=one["snapshot"], protected=idr_snapshots.environment(set_id))
            idr_snapshot_store.forget(__opts__, set_id)
        except (OSError, ValueError) as exc:
            errors.append(f"{set_id}: {exc}")
            continue
        removed.append(set_id)
    return removed, errors
