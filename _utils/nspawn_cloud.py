"""
The nspawn driver's cloud: hosts and their volumes, without anything of Salt Cloud's interface.

Who changes a host holds its lock, who changes the pool holds the pool's; always in this order.
"""

import concurrent.futures
import datetime
import logging
import shutil
import uuid

import cloud_locks
import cloud_volumes
import nspawn_addresses
import nspawn_config
import nspawn_files
import nspawn_layer
import nspawn_pool
import nspawn_process
import nspawn_records
from cloud_errors import CloudError

log = logging.getLogger(__name__)

DESTROY_LIMIT = 20


class Cloud:
    """All hosts and volumes of one provider, whose :class:`nspawn_config.Provider` is ``settings``."""

    def __init__(self, settings):
        self.settings = settings
        self.hosts = nspawn_records.Hosts(settings.state_dir)
        self.pool = nspawn_pool.Pool(settings.pool, settings.reserve)
        self.addresses = nspawn_addresses.Addresses(settings.state_dir, settings.floating_ips)

    def images(self):
        """Return ``{name: folder}`` of the images: root folders with an os-release file."""
        if not self.settings.images.is_dir():
            return {}
        folders = [path for path in sorted(self.settings.images.iterdir()) if (path / "usr/lib/os-release").is_file()]
        return {path.name: path for path in folders}

    def state(self, record):
        """Return ``building``, ``error`` (half made by someone who died), ``running`` or ``stopped``."""
        if record["state"] == "building":
            held = cloud_locks.is_locked(self.hosts.lock_path(record["name"]))
            return "building" if held else "error"
        return "running" if nspawn_process.running(self.hosts.folder(record["name"])) else "stopped"

    def require(self, name):
        """Return the record of the host ``name``, which must be whole."""
        record = self.hosts.load(name)
        if record is None:
            raise CloudError(f"{name}: there is no such host")
        if record["state"] == "building":
            raise CloudError(f"{name}: its creation did not end; create it again or destroy it")
        return record

    def check(self, vm_):
        """Return the :class:`nspawn_config.HostSpec` of ``vm_`` after checking all that can be checked beforehand."""
        spec = nspawn_config.host(vm_, self.settings, self.images())
        if spec.volumes and not self.settings.pool.is_dir():
            raise CloudError(f"{spec.where}: pool {self.settings.pool}: expected a folder for its volumes")
        for volume in spec.volumes:
            self._plan(spec, volume)
        return spec

    def _plan(self, host, volume):
        where = f"{host.where}: volumes: {volume.name}"
        existing = self.pool.volumes().get(cloud_volumes.cloud_name(host.name, volume.name))
        action = cloud_volumes.plan(volume, host.name, existing, where)
        origin, size = None, volume.size
        if action == "create" and (volume.snapshot or volume.source):
            kind = "snapshot" if volume.snapshot else "volume"
            origin = self.pool.find(kind, volume.snapshot or volume.source, where)
            cloud_volumes.refuse_incomplete(origin["name"], origin.get("metadata"), where)
            size = cloud_volumes.clone_size(volume.size, origin["size"], where)
        return action, existing, origin, size

    def create(self, spec, provenance, minion_files):
        """
        Make a host, start it, wait until it has booted and return its record.

        provenance
            What is only recorded: profile, provider, minion_id, pub_key.
        minion_files
            Function that returns the minion's :class:`nspawn_files.File` list for the given grain ``volumes``.
        """
        with self.hosts.lock_host(spec.name):
            existing = self.hosts.load(spec.name)
            if existing and existing["state"] != "building":
                raise CloudError(f"{spec.where}: a host of this name exists already")
            if existing:
                self._dismantle(spec.name)
            made: list[str] = []
            try:
                record = self._reserve(spec, provenance)
                volumes = self._provide_volumes(spec, made)
                self._write_layer(record, minion_files(volumes))
                self._start(record)
                record["state"] = "ready"
                self.hosts.save(record)
            except BaseException:
                self._dismantle(spec.name, made)
                raise
        self._sync_sharers(cloud_volumes.cloud_name(spec.name, volume.name) for volume in spec.volumes)
        return record

    def _reserve(self, spec, provenance):
        with self.hosts.lock():
            taken = {record["address"] for record in self.hosts.all().values()}
            record = {
                "id": str(uuid.uuid4()),
                "name": spec.name,
                "state": "building",
                "image": spec.image,
                "size": spec.size,
                "ram": spec.ram,
                "cpus": spec.cpus,
                "address": nspawn_config.next_address(self.settings, taken),
                "machine_id": uuid.uuid4().hex,
                "group": f"salt-cloud-{self.hosts.cloud_id()}-{spec.name}",
                "created_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            } | provenance
            self.hosts.make_folder(spec.name)
            self.hosts.save(record)
            self._write_hosts_file()
        return record

    def _write_hosts_file(self):
        names = {record["name"]: record["address"] for record in self.hosts.all().values()}
        names |= {name: names[host] for name, host in self.addresses.all().items() if host in names}
        self.hosts.write_hosts_file(nspawn_config.hosts_file(names))

    def _provide_volumes(self, spec, made):
        links: dict[str, str] = {}
        if not spec.volumes:
            return links
        with self.pool.lock():
            for wanted in spec.volumes:
                action, volume, origin, size = self._plan(spec, wanted)
                if action == "create":
                    name = cloud_volumes.cloud_name(spec.name, wanted.name)
                    volume = self.pool.create(name, size, spec.where, origin, wanted.delete_on_termination)
                    made.append(volume["id"])
                elif action == "extend":
                    volume = self.pool.extend(volume, size, spec.where)
                self.pool.attach(volume, spec.name)
                links[wanted.name] = cloud_volumes.device_link(volume["id"])
        return links

    def _write_layer(self, record, minion_files):
        machine = nspawn_files.machine(
            record["name"],
            record["address"],
            self.settings.subnet.prefixlen,
            self.settings.gateway,
            record["machine_id"],
        )
        nspawn_layer.write(self.hosts.folder(record["name"]), machine + minion_files)

    def _start(self, record):
        folder = self.hosts.folder(record["name"])
        launch = nspawn_process.launch(
            record["name"],
            folder,
            image=self.settings.images / record["image"],
            bridge=self.settings.bridge,
            cgroup=record["group"],
            limits={"memory": record["ram"] << 20, "cpus": record["cpus"]},
            stop_timeout=self.settings.stop_timeout,
        ) | self._launch_volumes(record["name"])
        nspawn_process.start(folder, launch, self.settings.boot_timeout)

    def volumes_of(self, host):
        """Return the records of the volumes that a host has: its own and those that others share with it."""
        shared = nspawn_config.shared_with(self.settings, host)
        return [each for each in self.pool.volumes().values() if each["attached_to"] == host or each["name"] in shared]

    def _launch_volumes(self, host):
        volumes = self.volumes_of(host)
        listed = [
            {
                "id": volume["id"],
                "path": str(self.pool.data(volume)),
                "link": cloud_volumes.device_link(volume["id"]),
                "own": volume["attached_to"] == host,
            }
            for volume in volumes
        ]
        return {"volumes": listed, "shared": [volume["id"] for volume in volumes if self._sharers(volume["name"])]}

    def _sharers(self, *names):
        """The names of the hosts that share any volume of these names with its owner."""
        return [host for host in self.hosts.all() if nspawn_config.shared_with(self.settings, host) & set(names)]

    def sharers(self, volume):
        """Return the names of the running hosts that have a volume without being its owner."""
        running = ((host, nspawn_process.status(self.hosts.folder(host)) or {}) for host in self.hosts.all())
        return [h for h, run in running if volume["id"] in run.get("volumes", {}) and h != volume["attached_to"]]

    def _sync_sharers(self, names):
        """
        Let the hosts that share volumes of these names have them as they are now.

        Call it without a lock. A failure is no failure of the volumes' owner: the sharers get them when they start.
        """
        for name in self._sharers(*names):
            try:
                with self.hosts.lock_host(name):
                    errors = self._sync(name)
            except CloudError as exc:
                errors = {name: exc}
            for reason in errors.values():
                log.warning("%s: a shared volume could not be brought up to date: %s", name, reason)

    def _dismantle(self, name, delete=(), patience=0):
        folder = self.hosts.folder(name)
        nspawn_process.stop(folder, name, patience, for_good=True)
        kept = []
        if self.settings.pool.is_dir():
            with self.pool.lock():
                for volume in self.pool.attached_to(name):
                    volume = self.pool.attach(volume, None)
                    if volume["id"] in delete:
                        self.pool.delete(volume, name)
                    else:
                        kept.append(volume["name"])
        with self.hosts.lock():
            # the record goes last: what is still there with it can be destroyed again
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.name != "host.json":
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            if folder.is_dir():
                shutil.rmtree(folder)
            self._write_hosts_file()
        return kept

    def destroy(self, name):
        """
        Remove a host, whole or half made, and those of its volumes that are marked ``delete_on_termination``.

        Returns the names of the volumes that stay.
        """
        with self.hosts.lock_host(name):
            if self.hosts.load(name) is None:
                raise CloudError(f"{name}: there is no such host")
            delete = [volume for volume in self.pool.attached_to(name) if volume["delete_on_termination"]]
            for volume in delete:
                self._refuse_shared(volume, name)
            delete = [volume["id"] for volume in delete]
            return self._dismantle(name, delete, DESTROY_LIMIT)

    def start(self, name):
        """Start a stopped host with the volumes it has; return False if it runs already."""
        with self.hosts.lock_host(name):
            record = self.require(name)
            if nspawn_process.running(self.hosts.folder(name)):
                return False
            self._start(record)
            return True

    def stop(self, name):
        """Shut a host down; return False if it does not run."""
        with self.hosts.lock_host(name):
            self.require(name)
            folder = self.hosts.folder(name)
            was_running = nspawn_process.running(folder)
            nspawn_process.stop(folder, name, self.settings.stop_timeout + 5)
            return was_running

    def reboot(self, name):
        """Reboot a running host and wait until it is up again."""
        with self.hosts.lock_host(name):
            self.require(name)
            nspawn_process.reboot(self.hosts.folder(name), name, self.settings.boot_timeout)

    def swap_addresses(self, name, other):
        """Exchange what stands for the floating IPs of two hosts; return ``{address: host}`` of those that moved."""
        self.require(name)
        self.require(other)
        with self.hosts.lock():
            moved = self.addresses.swap(name, other)
            self._write_hosts_file()
        return moved

    def attach_volume(self, name, volume_name):
        """Give a host, running or not, a volume; return the device link it has there."""
        with self.hosts.lock_host(name), self.pool.lock():
            self.require(name)
            volume = self.pool.find("volume", volume_name, "attach_volume")
            if volume["attached_to"] == name:
                return cloud_volumes.device_link(volume["id"])
            if volume["attached_to"]:
                raise CloudError(f"attach_volume: {volume['name']} is attached to {volume['attached_to']}")
            self.pool.attach(volume, name)
            reason = self._sync(name).get(volume["id"])
            if reason:
                self.pool.attach(volume, None)
                self._sync(name)
                raise CloudError(f"attach_volume: {volume['name']} cannot be attached to {name}: {reason}")
            return cloud_volumes.device_link(volume["id"])

    def detach_volume(self, name, volume_name):
        """Take a volume from a host; refuse while the host has it mounted."""
        with self.hosts.lock_host(name), self.pool.lock():
            self.require(name)
            volume = self.pool.find("volume", volume_name, "detach_volume")
            if volume["attached_to"] != name:
                raise CloudError(f"detach_volume: {volume['name']} is not attached to {name}")
            self.pool.attach(volume, None)
            reason = self._sync(name).get(volume["id"])
            if reason:
                self.pool.attach(volume, name)
                self._sync(name)
                place = nspawn_process.mounted_at(self.hosts.folder(name), self.device(volume | {"attached_to": name}))
                used = f"it is mounted at {place} there, unmount it first" if place else f"it is {reason} there"
                raise CloudError(f"detach_volume: {volume['name']} cannot be detached from {name}: {used}")

    def delete_volume(self, volume_name):
        """Delete a volume that no host has; return its record."""
        with self.pool.lock():
            volume = self.pool.find("volume", volume_name, "delete_volume")
            self._refuse_shared(volume, "delete_volume")
            self.pool.delete(volume, "delete_volume")
        return volume

    def create_snapshots(self, wanted, set_, metadata, where):
        """
        Make snapshots of several volumes side by side, whatever becomes of any of them.

        wanted
            ``{name: volume's name}``.

        Returns ``({name: record}, {name: why there is none})``.
        """
        made, refused = {}, {}
        with self.pool.lock():
            volumes = {name: self.pool.find("volume", volume, where) for name, volume in wanted.items()}
            with concurrent.futures.ThreadPoolExecutor(len(volumes)) as threads:
                futures = {
                    name: threads.submit(self.pool.snapshot, name, volume, where, set_, metadata)
                    for name, volume in volumes.items()
                }
            for name, future in futures.items():
                try:
                    made[name] = future.result()
                except (CloudError, OSError) as exc:
                    refused[name] = str(exc)
        return made, refused

    def delete_snapshots(self, names, where):
        """Delete some snapshots."""
        with self.pool.lock():
            for name in names:
                self.pool.delete(self.pool.find("snapshot", name, where), where)

    def tag_snapshots(self, set_, metadata, where):
        """Change some metadata of all snapshots of a set; return ``{name: record}``."""
        with self.pool.lock():
            of_set = {name: each for name, each in self.pool.snapshots().items() if each.get("set") == set_}
            if not of_set:
                raise CloudError(f"{where}: set: expected one that has snapshots, got {set_!r}")
            return {name: self.pool.tag(each, metadata) for name, each in of_set.items()}

    def _refuse_shared(self, volume, where):
        users = self.sharers(volume)
        if users:
            raise CloudError(f"{where}: {volume['name']} is shared with {', '.join(users)}: stop or destroy them first")

    def extend_volume(self, volume_name, size):
        """Make a volume larger, also under a running host; return its record."""
        with self.pool.lock():
            volume = self.pool.find("volume", volume_name, "extend_volume")
            volume = self.pool.extend(volume, size, "extend_volume")
        if volume["attached_to"]:
            with self.hosts.lock_host(volume["attached_to"]):
                self._sync(volume["attached_to"])
        self._sync_sharers([volume["name"]])
        return volume

    def _sync(self, name):
        folder = self.hosts.folder(name)
        launch = nspawn_records.read(folder / "launch.json")
        if launch is None:
            return {}
        launch |= {"serial": launch["serial"] + 1} | self._launch_volumes(name)
        return nspawn_process.sync_volumes(folder, launch)

    def device(self, volume):
        """Return the device a volume has in its running host, or else in those that share it, or None."""
        for host in filter(None, [volume.get("attached_to"), *self.sharers(volume)]):
            run = nspawn_process.status(self.hosts.folder(host)) or {}
            if volume["id"] in run.get("volumes", {}):
                return run["volumes"][volume["id"]]
        return None
