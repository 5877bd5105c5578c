"""
The OpenStack driver's cloud: hosts with their volumes and addresses, without anything of Salt Cloud's interface.

Whatever one call makes carries that call's id, ``request``: after an error all of it is found by it and removed, and
nothing else. A host is whole when its mark ``state`` says so; one whose maker died is made again.
"""

import logging
import uuid
from collections import Counter
from pathlib import Path

import cloud_locks
import cloud_volumes
import openstack_addresses
import openstack_catalog
import openstack_errors
import openstack_guard
import openstack_options
import openstack_quotas
import openstack_servers
import openstack_session
import openstack_tags
import openstack_volumes
import openstack_wait
from cloud_errors import CloudError
from openstack_tags import BUILDING, READY

log = logging.getLogger(__name__)

LOCK_LIMIT = 5


class Cloud:
    """
    The servers, volumes and addresses of one provider.

    settings
        The :class:`openstack_options.Provider`.
    folder
        Where the locks of hosts are that are being made on this machine.
    connected
        Returns the openstacksdk connection; by default one is made when it is first needed.
    """

    def __init__(self, settings, folder, connected=None):
        self.settings = settings
        self.folder = Path(folder)
        self.connected = connected or openstack_session.lazily(settings)
        self.servers = openstack_servers.Servers(settings, self.connected)
        self.volumes = openstack_volumes.Volumes(settings, self.connected, self.servers.names)
        self.addresses = openstack_addresses.Addresses(settings, self.connected)
        self.catalog = openstack_catalog.Catalog(self.connected)

    def _lock_path(self, name):
        return self.folder / f"{name}.lock"

    def state(self, server):
        """Return ``running``, ``stopped``, ``building``, or ``error``, which a host is too whose maker died."""
        if openstack_servers.marks(server).get("state") == BUILDING:
            return "building" if cloud_locks.is_locked(self._lock_path(server.name)) else "error"
        return openstack_servers.STATES.get(server.status, server.status.lower())

    def known(self):
        """Return the project's volumes and snapshots as :meth:`openstack_volumes.Volumes.plan` wants them."""
        return {"volumes": self.volumes.all(), "snapshots": self.volumes.snapshots()}

    def check(self, vm_, own, known):
        """
        Return a host's :class:`openstack_options.HostSpec` and :class:`openstack_catalog.Resolved`.

        All that can be checked before anything is made is checked; CloudError names profile, host and key.

        own
            Keys of Salt Cloud's main configuration file, see :func:`openstack_options.host`.
        known
            What :meth:`known` returns.
        """
        spec = openstack_options.host(vm_, own)
        resolved = self.catalog.resolve(spec)
        for volume in self._all_volumes(spec):
            self.volumes.plan(spec.name, spec.where, volume, known)
        existing = self.servers.named(spec.name) if spec.floating_ip and spec.floating_ip.address else None
        self.addresses.check(spec, [existing.id] if existing else [])
        return spec, resolved

    def taken(self):
        """Return the names of the hosts that are there, or are being made on this machine."""
        # in this order: a host is locked until its server is there
        making = {path.stem for path in self.folder.glob("*.lock") if cloud_locks.is_locked(path)}
        return making | {server.name for server in self.servers.all()}

    def check_quotas(self, quotas, hosts, known):
        """
        Refuse hosts that the project has no room for; the first is the one to be made now, the others are of its map.

        quotas
            What :func:`openstack_quotas.ask` returned before it was looked which other hosts are :meth:`taken`.
        hosts
            List of ``(HostSpec, Resolved)``.
        known
            What :meth:`known` returns.
        """
        needed: Counter = Counter()
        for spec, resolved in hosts:
            needed += self._need(spec, resolved, known)
        first = hosts[0][0]
        if self.servers.named(first.name):
            # half made, it goes before it is made again
            needed.subtract(openstack_quotas.of_server(*self._shape(hosts[0][1])))
        others = f", and {len(hosts) - 1} more hosts of its map" if len(hosts) > 1 else ""
        openstack_quotas.check(needed, quotas, f"{first.where}{others}")

    def _shape(self, resolved):
        return next(each for each in self.catalog.flavors() if each.id == resolved.flavor), resolved.networks

    def _need(self, spec, resolved, known):
        """Return what making a host adds to the project's quotas."""
        needed = openstack_quotas.of_server(*self._shape(resolved))
        for wanted in self._all_volumes(spec):
            _, volume, creation = self.volumes.plan(spec.name, spec.where, wanted, known)
            if creation:
                needed += openstack_quotas.of_volume(creation["size"], creation["volume_type"])
            else:
                more = (wanted.size or volume.size) - volume.size
                needed += openstack_quotas.of_volume(more, volume.volume_type, new=False)
        if spec.floating_ip and not spec.floating_ip.address and not self.addresses.of_host(spec.name):
            needed["floatingip"] += 1
        return needed

    @staticmethod
    def _all_volumes(spec):
        return (*filter(None, [spec.boot_volume]), *spec.volumes)

    def create(self, spec, resolved, provenance, userdata, deploy):
        """
        Make a host and return its server; after an error nothing is left of what this call made.

        provenance
            Marks that are only recorded, such as ``profile``.
        userdata
            Function that returns the user data for the given volumes ``{name: device link}``, or None.
        deploy
            Function that is called with the running server and these volumes, and brings Salt to it.
        """
        with cloud_locks.lock(self._lock_path(spec.name), LOCK_LIMIT):
            self._clear_half_made(spec)
            request = uuid.uuid4().hex
            try:
                server = self._make(
                    spec,
                    resolved,
                    openstack_tags.made(
                        self.settings.alias, spec.name, request, protected=spec.protected, **provenance
                    ),
                    userdata,
                    deploy,
                )
            except BaseException as exc:
                left = self._undo(spec, request)
                if left:
                    raise CloudError(
                        f"{openstack_errors.in_words(exc)}; what is left of it: {'; '.join(left)}"
                    ) from exc
                raise
        return server

    def _clear_half_made(self, spec):
        existing = self.servers.named(spec.name)
        if existing is None:
            return
        marks = openstack_servers.marks(existing)
        if marks.get("provider") != self.settings.alias or marks.get("state") != BUILDING:
            raise CloudError(f"{spec.where}: a server of this name exists already ({existing.id})")
        log.warning("%s: whoever was making it died; it is made again", spec.name)
        self.servers.delete(existing)

    def _make(self, spec, resolved, marks, userdata, deploy):
        try:
            volumes = self._ask_for_volumes(spec, marks)
            links = {name: cloud_volumes.device_link(volume.id) for name, volume in volumes.items()}
            root = volumes.get("root") if spec.boot_volume else None
            if root:
                root = self.volumes.wait([root.id], self._patience([spec.boot_volume]))[root.id]
            metadata = {**spec.metadata, **marks, f"{openstack_tags.PREFIX}state": BUILDING}
            server = self.servers.create(spec, resolved, metadata, userdata(links), root)
            self._finish_volumes(spec, volumes)
            server = self.servers.wait(server.id, spec.name)
            self._attach(spec, server, volumes)
            self._give_address(spec, resolved, server, marks)
            deploy(self.servers.require(spec.name), links)
            self.servers.set_mark(server, "state", READY)
        except Exception as exc:
            if not isinstance(exc, CloudError) and not openstack_errors.is_clouds(exc):
                raise
            words = openstack_errors.in_words(exc)
            raise CloudError(words if spec.where in words else f"{spec.where}: {words}") from exc
        return self.servers.require(spec.name)

    def _patience(self, specs):
        """Return how long to wait for volumes, in seconds: some clouds copy what is cloned."""
        cloned = any(spec.snapshot or spec.source for spec in specs)
        return self.settings.clone_timeout if cloned else self.settings.volume_timeout

    def _ask_for_volumes(self, spec, marks):
        """Return ``{name: volume}``, made or found; they need not be ready."""
        known = self.known() if self._all_volumes(spec) else None
        found = {}
        for wanted in self._all_volumes(spec):
            action, volume, creation = self.volumes.plan(spec.name, spec.where, wanted, known)
            if action == "create":
                if wanted is spec.boot_volume and not (wanted.snapshot or wanted.source):
                    creation["image_id"] = openstack_catalog.pick(
                        self.catalog.images(), spec.image, f"{spec.where}: image", "image"
                    ).id
                delete = {f"{openstack_tags.PREFIX}delete": "true"} if wanted.delete_on_termination else {}
                own = {key: value for key, value in marks.items() if not key.endswith("-profile")}
                volume = self.volumes.create(creation, {**own, **delete})
            found[wanted.name] = volume
        return found

    def _finish_volumes(self, spec, volumes):
        """Wait for the volumes and make those larger that shall be."""
        rest = {wanted.name: wanted for wanted in spec.volumes}
        ready = self.volumes.wait([volumes[name].id for name in rest], self._patience(rest.values()))
        for name, wanted in rest.items():
            if wanted.size and wanted.size > ready[volumes[name].id].size:
                self.volumes.extend(ready[volumes[name].id], wanted.size, f"{spec.where}: volumes: {name}")

    def _attach(self, spec, server, volumes):
        for wanted in spec.volumes:
            marks = openstack_tags.read(volumes[wanted.name].metadata)
            self.servers.attach(server, volumes[wanted.name], marks.get("delete") == "true")
        ids = [volumes[wanted.name].id for wanted in spec.volumes]
        self.volumes.wait(ids, self.settings.volume_timeout, "in-use")

    def _give_address(self, spec, resolved, server, marks):
        if not spec.floating_ip:
            return
        keep = {f"{openstack_tags.PREFIX}keep": "true"} if spec.floating_ip.keep else {}
        floating_ip = self.addresses.provide(spec, resolved, {**marks, **keep})
        network = resolved.floating_port_network or resolved.networks[0].get("uuid")
        self.addresses.attach(floating_ip, server.id, network)

    def _undo(self, spec, request):
        """Remove all that a call has made; return what could not be removed, in words."""
        left = []
        steps = (
            (lambda: self.addresses.of_request(request), self.addresses.release, "floating_ip_address"),
            (lambda: self.servers.of_request(request, spec.name), self.servers.delete, "name"),
            (
                lambda: self.volumes.of_request(request),
                lambda volume: self._delete_released(volume, spec.where),
                "name",
            ),
        )
        for find, remove, name in steps:
            try:
                things = find()
            except Exception as exc:
                left.append(f"unknown: {openstack_errors.in_words(exc)}")
                continue
            for thing in things:
                try:
                    remove(thing)
                except Exception as exc:
                    left.append(f"{getattr(thing, name)} ({thing.id}): {openstack_errors.in_words(exc)}")
        return left

    def protected_addresses(self, protected):
        """Return ``{address: server name}`` of the floating IPs that lead to servers of a protected environment."""
        floating = self.addresses.by_server()
        own = [server for server in self.servers.all() if openstack_servers.marks(server).get("protected") == protected]
        return {address: server.name for server in own for address in floating.get(server.id, ())}

    def guard(self, name, marks, confirm, while_serving=False):
        """
        Refuse to destroy what is protected; see :mod:`openstack_guard`.

        marks
            Its marks.
        confirm
            Function ``(name, protected, host) -> (answer, allowed)`` that asks, or looks into pillar.
        while_serving
            Whether it may go while its environment serves, as an old snapshot may.
        """
        protected = marks.get("protected")
        if not protected:
            return
        if not while_serving:
            openstack_guard.refuse_serving(name, protected, self.protected_addresses(protected))
        answer, allowed = confirm(name, protected, marks.get("host") or name)
        openstack_guard.refuse_unconfirmed(name, protected, answer, allowed)

    def destroy(self, name, confirm):
        """
        Remove a host that this provider made, whole or half made, with what was made to go with it.

        confirm
            See :meth:`guard`.

        Returns ``{"volumes_kept": [name], "addresses_kept": [address]}``.
        """
        server = self.servers.require_own(name)
        self.guard(name, openstack_servers.marks(server), confirm)
        volumes = self.volumes.of_server(server.id)
        releasing = self.addresses.to_be_released(server.id, name)
        kept = {each.floating_ip_address for each in self.addresses.of_server(server.id)}
        kept -= {each.floating_ip_address for each in releasing}
        # first, so that whoever is cut short still finds the server that leads to the rest
        for floating_ip in releasing:
            self.addresses.release(floating_ip)
        self.servers.delete(server)
        # Cinder deletes no volume that has snapshots
        snapshotted = {snapshot.volume_id for snapshot in self.volumes.snapshots()}
        going = [volume for volume in volumes if self._goes_with(volume, name) and volume.id not in snapshotted]
        for volume in going:
            self._delete_released(volume, name)
        ids = {volume.id for volume in going}
        return {
            "volumes_kept": sorted(volume.name for volume in volumes if volume.id not in ids),
            "addresses_kept": sorted(kept),
        }

    def _goes_with(self, volume, host):
        marks = openstack_tags.read(volume.metadata)
        own = (marks.get("provider"), marks.get("host")) == (self.settings.alias, host)
        return own and marks.get("delete") == "true"

    def _delete_released(self, volume, where):
        """Delete a volume whose server has just gone, unless Nova has done it already."""

        def free():
            return not any(each.id == volume.id and openstack_volumes.attached_ids(each) for each in self.volumes.all())

        # Nova lets go of it a moment after the server is gone
        openstack_wait.until(free, self.settings.volume_timeout, f"{volume.name} is attached to nothing")
        for left in [each for each in self.volumes.all() if each.id == volume.id and each.status != "deleting"]:
            self.volumes.delete(left, where)

    def rename(self, name, new):
        """Give a server, and the volumes that were made for it, another name."""
        server = self.servers.require_own(name)
        if self.servers.named(new):
            raise CloudError(f"rename: newname: a server {new!r} exists already")
        for volume in self.volumes.of_server(server.id):
            marks = openstack_tags.read(volume.metadata)
            if (marks.get("provider"), marks.get("host")) == (self.settings.alias, name):
                metadata = {f"{openstack_tags.PREFIX}host": new}
                short = volume.name.removeprefix(f"{name}-")
                self.connected().block_storage.update_volume(volume.id, name=cloud_volumes.cloud_name(new, short))
                self.connected().block_storage.set_volume_metadata(volume.id, **metadata)
        for floating_ip in self.addresses.to_be_released(server.id, name):
            marks = openstack_tags.of_description(floating_ip.description)
            text = openstack_tags.to_description(openstack_tags.made(**{**marks, "host": new}))
            self.connected().network.update_ip(floating_ip.id, description=text)
        self.connected().compute.update_server(server.id, name=new)
        self.servers.set_mark(server, "host", new)

    def attach_volume(self, name, volume_name):
        """Give a server a volume and wait for it; return the device link it has there."""
        server = self.servers.require(name)
        volume = self.volumes.find(volume_name, "attach_volume")
        owner = self.volumes.owner(volume)
        if owner not in (None, name):
            raise CloudError(f"attach_volume: {volume.name} is attached to {owner}")
        self.servers.attach(server, volume, False)
        self.volumes.wait([volume.id], self.settings.volume_timeout, "in-use")
        return cloud_volumes.device_link(volume.id)

    def detach_volume(self, name, volume_name):
        """Take a volume from a server and wait until it is free."""
        server = self.servers.require(name)
        volume = self.volumes.find(volume_name, "detach_volume")
        if server.id not in openstack_volumes.attached_ids(volume):
            raise CloudError(f"detach_volume: {volume.name} is not attached to {name}")
        self.servers.detach(server, volume)
        self.volumes.wait([volume.id], self.settings.volume_timeout)
