"""
The nspawn driver's records: JSON files under the provider's ``state_dir``.

A host is the driver's own if, and only if, ``instances/<name>/host.json`` exists.
"""

import json
import os
import uuid
from pathlib import Path

import cloud_locks
from cloud_errors import CloudError


def read(path, default=None):
    """Return the JSON of ``path``, or ``default`` if there is no such file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return default
    except ValueError as exc:
        raise CloudError(f"{path}: expected JSON: {exc}") from exc


def write(path, data):
    """Replace ``path`` by ``data`` as JSON; a power cut leaves either the old or the new file."""
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with fresh.open("w", encoding="utf-8") as handle:
        json.dump(data, handle, indent=2, sort_keys=True)
        handle.write("\n")
        handle.flush()
        os.fsync(handle.fileno())
    fresh.replace(path)


class Hosts:
    """The hosts' records below ``state_dir``."""

    def __init__(self, state_dir):
        self.state_dir = Path(state_dir)
        self.instances = self.state_dir / "instances"

    def lock(self):
        """Hold what guards the addresses and the list of hosts."""
        return cloud_locks.lock(self.state_dir / "lock")

    def lock_path(self, name):
        """The lock of whoever makes, starts, stops, changes or destroys the host ``name``."""
        return self.state_dir / "locks" / f"{name}.lock"

    def lock_host(self, name):
        """Hold the lock of one host."""
        return cloud_locks.lock(self.lock_path(name))

    def cloud_id(self):
        """Return what sets this cloud's units and cgroups apart from another's; call it with the lock held."""
        path = self.state_dir / "cloud.json"
        known = read(path)
        if known is None:
            known = {"id": uuid.uuid4().hex[:8]}
            write(path, known)
        return known["id"]

    def folder(self, name):
        """Return the folder of a host."""
        return self.instances / name

    def make_folder(self, name):
        """Make the folder of a host; only root may look into it, it will hold keys."""
        self.instances.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder(name).mkdir(exist_ok=True)

    def load(self, name):
        """Return a host's record, or None."""
        return read(self.folder(name) / "host.json")

    def save(self, record):
        """Write a host's record."""
        write(self.folder(record["name"]) / "host.json", record)

    def all(self):
        """Return all records as ``{name: record}``, sorted by name."""
        if not self.instances.is_dir():
            return {}
        found = {path.name: self.load(path.name) for path in sorted(self.instances.iterdir())}
        return {name: record for name, record in found.items() if record}

    def write_hosts_file(self, text):
        """
        Write ``state_dir/hosts`` in place, because a bind mount of it stays with the inode; it is never empty
        meanwhile, for who connects by a name reads it.
        """
        path, data = self.state_dir / "hosts", text.encode()
        with path.open("ab+") as handle:
            handle.seek(0)
            if handle.read() != data:
                # not through the handle, which only appends
                with path.open("rb+", buffering=0) as over:
                    over.write(data)
                    over.truncate(len(data))
        path.chmod(0o644)
