"""
Volumes and snapshots as sparse files on a folder whose filesystem can copy by reference (XFS or btrfs).

    <pool>/volumes/<id>/{volume.json,data}      <pool>/snapshots/<id>/{snapshot.json,data}

Names are unique per kind. Sizes are in GB (GiB). Whoever changes something holds :meth:`Pool.lock`.
"""

import datetime
import errno
import fcntl
import os
import shutil
import uuid
from pathlib import Path

import cloud_locks
import nspawn_records
from cloud_errors import CloudError

FICLONE = 0x40049409
GIB = 1 << 30


class Pool:
    """
    The volumes and snapshots below ``path``.

    reserve
        GB that have to be free for one more: volumes take their room only when they are written to, and a host whose
        volume finds none any more loses its file system.
    """

    def __init__(self, path, reserve=0):
        self.path, self.reserve = Path(path), reserve

    def lock(self):
        """Hold what guards every change of the pool."""
        if not self.path.is_dir():
            raise CloudError(f"pool {self.path}: expected a folder with room for volumes, there is none")
        return cloud_locks.lock(self.path / "lock")

    def _all(self, kind):
        folder = self.path / f"{kind}s"
        if not folder.is_dir():
            return {}
        records = [nspawn_records.read(path / f"{kind}.json") for path in sorted(folder.iterdir())]
        return {record["name"]: record for record in sorted(filter(None, records), key=lambda each: each["name"])}

    def volumes(self):
        """Return all volumes' records as ``{name: record}``, sorted by name."""
        return self._all("volume")

    def snapshots(self):
        """Return all snapshots' records as ``{name: record}``, sorted by name."""
        return self._all("snapshot")

    def find(self, kind, name, where):
        """Return the record of the ``volume`` or ``snapshot`` called ``name``, which may also be its id."""
        records = self._all(kind)
        for record in records.values():
            if name in (record["name"], record["id"]):
                return record
        known = ", ".join(records) or "(there is none)"
        raise CloudError(f"{where}: no {kind} {name!r}, expected one of {known}")

    def attached_to(self, host):
        """Return the records of the volumes of a host."""
        return [volume for volume in self.volumes().values() if volume["attached_to"] == host]

    def data(self, record):
        """Return the path of the file behind a volume or snapshot."""
        return self._folder(record) / "data"

    def _folder(self, record):
        return self.path / f"{record['kind']}s" / record["id"]

    def save(self, record):
        """Write a record."""
        nspawn_records.write(self._folder(record) / f"{record['kind']}.json", record)

    def create(self, name, size, where, origin=None, delete_on_termination=False):
        """
        Make a volume and return its record.

        origin
            The record of a volume or snapshot to clone; ``size`` is then at least as large as it.
        """
        if name in self.volumes():
            raise CloudError(f"{where}: a volume {name!r} exists already")
        return self._make("volume", name, size, origin, attached_to=None, delete_on_termination=delete_on_termination)

    def snapshot(self, name, volume, where, set_=None, metadata=None):
        """
        Make a snapshot of a volume; of one in use it is what a power cut would have left. Return its record.

        set_
            The set that it is one of.
        metadata
            ``{name: text}``.
        """
        if name in self.snapshots():
            raise CloudError(f"{where}: a snapshot {name!r} exists already")
        return self._make("snapshot", name, volume["size"], volume, set=set_, metadata=dict(metadata or {}))

    def tag(self, snapshot, metadata):
        """Change some of a snapshot's metadata and return its record."""
        snapshot = snapshot | {"metadata": (snapshot.get("metadata") or {}) | metadata}
        self.save(snapshot)
        return snapshot

    def _make(self, kind, name, size, origin, **more):
        record = {
            "kind": kind,
            "id": str(uuid.uuid4()),
            "name": name,
            "size": size,
            "created_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "origin": {key: origin[key] for key in ("kind", "id", "name")} if origin else None,
        } | more
        free = shutil.disk_usage(self.path).free
        if free < self.reserve * GIB:
            raise CloudError(
                f"pool {self.path}: no space for the {kind} {name}: {free / GIB:.1f} GB are free, expected at least "
                f"{self.reserve} (reserve)"
            )
        folder = self._folder(record)
        folder.mkdir(parents=True)
        try:
            with (folder / "data").open("wb") as handle:
                os.fchmod(handle.fileno(), 0o600)
                if origin:
                    self._reflink(self.data(origin), handle)
                handle.truncate(size * GIB)
            # the record comes last: without it the folder is nothing
            self.save(record)
        except BaseException as exc:
            shutil.rmtree(folder)
            if getattr(exc, "errno", None) == errno.ENOSPC:
                raise CloudError(f"pool {self.path}: no space for the {kind} {name}") from exc
            raise
        return record

    def _reflink(self, source, target):
        with source.open("rb") as handle:
            try:
                fcntl.ioctl(target.fileno(), FICLONE, handle.fileno())
            except OSError as exc:
                if exc.errno == errno.ENOSPC:
                    raise
                raise CloudError(
                    f"pool {self.path}: expected a filesystem with reflinks (XFS or btrfs) to clone on: {exc.strerror}"
                ) from exc

    def extend(self, volume, size, where):
        """Make a volume larger and return its record; its contents stay."""
        if size < volume["size"]:
            raise CloudError(f"{where}: size: expected more than the {volume['size']} GB it has, got {size}")
        os.truncate(self.data(volume), size * GIB)
        volume = volume | {"size": size}
        self.save(volume)
        return volume

    def attach(self, volume, host):
        """Note that the volume belongs to ``host`` (None: to nobody) and return its record."""
        volume = volume | {"attached_to": host}
        self.save(volume)
        return volume

    def delete(self, record, where):
        """Remove a volume or snapshot that no host has."""
        if record.get("attached_to"):
            raise CloudError(f"{where}: {record['name']} is attached to {record['attached_to']}, detach it first")
        folder = self._folder(record)
        (folder / f"{record['kind']}.json").unlink()
        shutil.rmtree(folder)
