"""Servers as systemd-nspawn hosts of this machine, by the launcher of our own driver `nspawn`.

A server is a folder named by its id: `server.json`, and what the launcher keeps there. Its record is
`{"uuid", "name", "ram" (MB), "cpus", "address", "prefix", "gateway", "mac", "public_key", "volumes": {id: path}}`.
"""

import collections
import re
import subprocess
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import cloud_volumes
import nspawn_files
import nspawn_layer
import nspawn_process
import nspawn_records
from cloud_errors import CloudError

from stand_in import first_boot

BOOT_LIMIT = 120
STOP_LIMIT = 60
# as long as a server that goes for good may take to unmount its volumes
DESTROY_LIMIT = 20
REMOVE_LIMIT = 300


@dataclass(frozen=True)
class Settings:
    """
    folder: of all servers. image: their root folder. bridge: of their network. cgroup: what names of their cgroups
    begin with. names: what their DNS would know, `{name: address}`. shares: what stands for NFS, which this kernel
    need not have: a server whose whole name matches a pattern has the volumes of another server as well, named with
    the pattern's groups in braces, `{pattern: name}`.
    """

    folder: Path
    image: Path
    bridge: str
    cgroup: str
    names: dict = field(default_factory=dict)
    shares: dict = field(default_factory=dict)


class Hosts:
    """The servers of one hypervisor, for the threads of one process."""

    def __init__(self, settings):
        self.settings = settings
        self._locks = collections.defaultdict(threading.RLock)

    def folder(self, key):
        """The folder of the server with the id `key`."""
        return self.settings.folder / key

    def all(self):
        """The records of all servers."""
        records = (nspawn_records.read(path) for path in sorted(self.settings.folder.glob("*/server.json")))
        return [record for record in records if record]

    def load(self, key):
        """The record of a server; CloudError where there is none."""
        record = nspawn_records.read(self.folder(key) / "server.json")
        if record is None:
            raise CloudError(f"{key}: there is no such server")
        return record

    def _save(self, record):
        nspawn_records.write(self.folder(record["uuid"]) / "server.json", record)

    def make(self, record):
        """Make a server, which starts for the first time; one that is there already gets its size and starts."""
        folder = self.folder(record["uuid"])
        with self._locks[record["uuid"]]:
            if (folder / "server.json").exists():
                record = self.load(record["uuid"]) | {key: record[key] for key in ("ram", "cpus")}
                self._save(record)
            else:
                folder.mkdir(mode=0o700, parents=True)
                self._save(record)
                nspawn_layer.write(folder, self._files(record))
            self.start(record["uuid"])
        self._sync_sharers(record["name"])

    def _files(self, record):
        place = (record["address"], record["prefix"], record["gateway"])
        machine = nspawn_files.machine(record["name"], *place, uuid.UUID(record["uuid"]).hex, record["mac"])
        return machine + first_boot.files(record, self.settings.names)

    def running(self, key):
        """Whether a server runs."""
        return nspawn_process.running(self.folder(key))

    def start(self, key):
        """Start a server unless it runs, and wait until it has booted."""
        with self._locks[key]:
            record = self.load(key)
            if self.running(key):
                return
            launch = nspawn_process.launch(
                record["name"],
                self.folder(key),
                image=self.settings.image,
                bridge=self.settings.bridge,
                cgroup=f"{self.settings.cgroup}{key}",
                limits={"memory": record["ram"] << 20, "cpus": record["cpus"]},
                stop_timeout=STOP_LIMIT,
            )
            nspawn_process.start(self.folder(key), launch | self._launch_volumes(record), BOOT_LIMIT)

    def stop(self, key, limit=STOP_LIMIT):
        """Shut a server down; after `limit` seconds it is killed."""
        with self._locks[key]:
            nspawn_process.stop(self.folder(key), self.load(key)["name"], limit)

    def reboot(self, key):
        """Reboot a running server and wait until it is up again."""
        with self._locks[key]:
            nspawn_process.reboot(self.folder(key), self.load(key)["name"], BOOT_LIMIT)

    def destroy(self, key):
        """Remove a server, whole or half made; does nothing where there is none."""
        with self._locks[key]:
            folder = self.folder(key)
            if not folder.is_dir():
                return
            nspawn_process.stop(folder, key, DESTROY_LIMIT, for_good=True)
            # a process of its own: Nova's other threads would wait for as long as the disk takes
            subprocess.run(["rm", "-rf", "--", folder], check=True, timeout=REMOVE_LIMIT)  # noqa: S607

    def attach(self, key, volume, path):
        """Give a server, running or not, the volume with the id `volume` in the file `path`."""
        self._change(key, lambda volumes: {**volumes, volume: str(path)}, volume)

    def detach(self, key, volume):
        """Take a volume from a server; CloudError while it is mounted there."""
        self._change(key, lambda volumes: {known: path for known, path in volumes.items() if known != volume}, volume)

    def resized(self, key):
        """Let a server see its volumes at the size that they have now."""
        self._change(key, dict, None)

    def _change(self, key, change, volume):
        with self._locks[key]:
            before = self.load(key)
            self._save(before | {"volumes": change(before["volumes"])})
            reason = self._sync(key).get(volume)
            if reason:
                self._save(before)
                self._sync(key)
                raise CloudError(f"{before['name']}: volume {volume}: {reason}")
        self._sync_sharers(before["name"])

    def _sync(self, key):
        launch = nspawn_records.read(self.folder(key) / "launch.json")
        if launch is None:
            return {}
        launch |= {"serial": launch["serial"] + 1} | self._launch_volumes(self.load(key))
        return nspawn_process.sync_volumes(self.folder(key), launch)

    def _launch_volumes(self, record):
        owners = self._owners(record["name"])
        foreign = [other for other in self.all() if other["name"] in owners]
        volumes = {key: path for server in (record, *foreign) for key, path in server["volumes"].items()}
        shared = [key for server in foreign for key in server["volumes"]]
        if any(record["name"] in self._owners(other["name"]) for other in self.all()):
            shared += record["volumes"]
        listed = [{"id": key, "path": path, "link": cloud_volumes.device_link(key)} for key, path in volumes.items()]
        return {"volumes": listed, "shared": shared}

    def _owners(self, name):
        matches = ((re.fullmatch(pattern, name), owner) for pattern, owner in self.settings.shares.items())
        return {owner.format(**match.groupdict("")) for match, owner in matches if match}

    def _sync_sharers(self, name):
        for record in self.all():
            if name in self._owners(record["name"]):
                with self._locks[record["uuid"]]:
                    self._sync(record["uuid"])
