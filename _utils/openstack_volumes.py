"""
Volumes and snapshots of one OpenStack project.
"""

import concurrent.futures
import logging

import cloud_volumes
import openstack_catalog
import openstack_errors
import openstack_session
import openstack_tags
import openstack_wait
from cloud_errors import CloudError

log = logging.getLogger(__name__)

# what a volume or snapshot may still become something better from
ON_THE_WAY = ("creating", "downloading", "attaching", "detaching", "extending", "retyping", "maintenance", "reserved")


def attached_ids(volume):
    """Return the ids of the servers that a volume is attached to."""
    return [attachment["server_id"] for attachment in volume.attachments or () if attachment.get("server_id")]


class Volumes(openstack_session.Service):
    """
    The project's volumes and snapshots.

    server_names
        Returns ``{id: name}`` of the servers.
    """

    name = "block_storage"

    def __init__(self, settings, connected, server_names):
        super().__init__(settings, connected)
        self._server_names = server_names

    def all(self):
        """Return the project's volumes."""
        return list(self._api.volumes(details=True))

    def snapshots(self):
        """Return the project's snapshots."""
        return list(self._api.snapshots(details=True))

    def find(self, name, where):
        """Return the volume called ``name``, which may also be its id."""
        return openstack_catalog.pick(self.all(), name, where, "volume")

    def find_snapshot(self, name, where):
        """Return the snapshot called ``name``, which may also be its id."""
        return openstack_catalog.pick(self.snapshots(), name, where, "snapshot")

    def named(self, name, where, volumes=None):
        """Return the volume called ``name``, or None; CloudError when there are several."""
        found = [volume for volume in (self.all() if volumes is None else volumes) if volume.name == name]
        if len(found) > 1:
            ids = ", ".join(sorted(volume.id for volume in found))
            raise CloudError(
                f"{where}: {len(found)} volumes are called {name!r} ({ids}), expected one: rename the others"
            )
        return found[0] if found else None

    def know_servers(self, names):
        """Take ``{id: name}`` of the servers instead of asking for it."""
        self._server_names = lambda: names

    def owner(self, volume):
        """Return the name of the server that a volume is attached to, or None."""
        ids = attached_ids(volume)
        return self._server_names().get(ids[0], ids[0]) if ids else None

    def of_server(self, server_id):
        """Return the volumes that are attached to a server."""
        return [volume for volume in self.all() if server_id in attached_ids(volume)]

    def plan(self, host, where, spec, known):
        """
        Return what has to be done for one volume of a host: ``(action, volume there is or None, creation)``.

        action
            ``create``, ``attach`` or ``extend``.
        creation
            What Cinder needs to make it, where it has to be made.
        known
            ``{"volumes": [...], "snapshots": [...]}`` of the project.
        """
        where = f"{where}: volumes: {spec.name}"
        name = cloud_volumes.cloud_name(host, spec.name)
        existing = self.named(name, where, known["volumes"])
        seen = existing and {"size": existing.size, "attached_to": self.owner(existing)}
        action = cloud_volumes.plan(spec, host, seen, where)
        if action != "create":
            self._refuse_broken(existing, where)
            return action, existing, None
        creation = {"name": name, "size": spec.size, "volume_type": spec.type}
        if spec.snapshot or spec.source:
            kind, key = ("snapshot", "snapshot_id") if spec.snapshot else ("volume", "source_id")
            things = known["snapshots"] if spec.snapshot else known["volumes"]
            origin = openstack_catalog.pick(things, spec.snapshot or spec.source, where, kind)
            if spec.snapshot:
                cloud_volumes.refuse_incomplete(origin.name, origin.metadata, where)
            creation |= {key: origin.id, "size": cloud_volumes.clone_size(spec.size, origin.size, where)}
        return action, None, creation

    @staticmethod
    def _refuse_broken(volume, where):
        if volume.status not in ("available", "in-use", *ON_THE_WAY):
            raise CloudError(f"{where}: {volume.name} exists in status {volume.status!r}, expected 'available'")

    def create(self, creation, marks):
        """
        Ask for a volume and return it as it is then, not yet ready.

        creation
            ``name``, ``size`` in GB and what else Cinder takes; what is None is left out.
        marks
            Its metadata; with a ``request`` among them by which it is recognized.
        """
        given = {key: value for key, value in creation.items() if value is not None}
        request = openstack_tags.read(marks)["request"]
        return openstack_wait.once(
            lambda: self._api.create_volume(**_cinder_names(given), metadata=marks),
            lambda: next(iter(self.of_request(request, given["name"])), None),
            self.settings.retries,
        )

    def of_request(self, request, name=None):
        """Return the volumes that one call has made, perhaps only those of one name."""
        return [
            volume
            for volume in self.all()
            if openstack_tags.read(volume.metadata).get("request") == request and name in (None, volume.name)
        ]

    def wait(self, ids, limit, status="available"):
        """Wait until all volumes of these ids have a status, at most ``limit`` seconds; return ``{id: volume}``."""

        def look():
            found = {volume.id: volume for volume in self.all() if volume.id in ids}
            for id_ in ids:
                if id_ not in found:
                    raise CloudError(f"volume {id_} is gone, expected it to become {status}")
            for volume in found.values():
                if volume.status != status and volume.status not in ("available", "in-use", *ON_THE_WAY):
                    raise CloudError(
                        f"volume {volume.name} ({volume.id}) is in status {volume.status}{self._why(volume)}"
                    )
            return found if all(volume.status == status for volume in found.values()) else None

        if not ids:
            return {}
        return openstack_wait.until(look, limit, f"volumes {', '.join(ids)} are {status}")

    def _why(self, volume):
        """Return what Cinder tells its users of a volume's failure, in parentheses, or an empty text."""
        try:
            found = list(
                self._api.get("/messages", params={"resource_uuid": volume.id}, microversion="3.28").json()["messages"]
            )
        except Exception as exc:
            log.debug("No messages of volume %s: %s", volume.id, exc)
            return ""
        texts = [message["user_message"] for message in found if message.get("resource_uuid") == volume.id]
        return f" ({texts[0]})" if texts else ""

    def extend(self, volume, size, where):
        """Make a volume ``size`` GB large and wait for it; a server that has it sees the new size."""
        if size < volume.size:
            raise CloudError(f"{where}: size: expected more than the {volume.size} GB it has, got {size}")
        if size > volume.size:
            openstack_wait.once(
                lambda: self._api.extend_volume(volume, size) or True,
                lambda: True if self._api.get_volume(volume.id).size >= size else None,
                self.settings.retries,
            )

        def look():
            now = self._api.get_volume(volume.id)
            if now.status.startswith("error"):
                raise CloudError(f"{where}: {volume.name} could not be extended{self._why(now)}")
            return now if now.size >= size and now.status in ("available", "in-use") else None

        return openstack_wait.until(look, self.settings.volume_timeout, f"{volume.name} has {size} GB")

    def delete(self, volume, where):
        """Delete a volume that no server has, and wait until it is gone."""
        owner = self.owner(volume)
        if owner:
            raise CloudError(f"{where}: {volume.name} is attached to {owner}, detach it first")
        self._settle(self._api.get_volume, volume)
        self._api.delete_volume(volume.id, ignore_missing=True)
        openstack_wait.until(
            lambda: self._gone(self._api.get_volume, volume),
            self.settings.delete_timeout,
            f"volume {volume.name} is gone",
        )

    def _settle(self, get, thing):
        """Wait until Cinder is done with something that it may be making still, as it deletes no such thing."""

        def look():
            now = openstack_errors.unless_missing(get, thing.id)
            return now is None or now.status not in ON_THE_WAY

        openstack_wait.until(look, self.settings.delete_timeout, f"{thing.name} can be deleted")

    @staticmethod
    def _gone(get, thing):
        now = openstack_errors.unless_missing(get, thing.id)
        if now is not None and now.status.startswith("error"):
            raise CloudError(f"{thing.name} ({thing.id}) cannot be deleted: its status is {now.status}")
        return now is None

    def snapshot(self, wanted, marks, keep=False):
        """
        Make snapshots at the same time and wait for all of them; after an error none of them is left.

        wanted
            ``{name: volume}``.
        marks
            Their metadata, with a ``request`` among them.
        keep
            Whether those that are made stay where others are refused.

        Returns ``([snapshot], {name: why there is none})``.
        """
        request = openstack_tags.read(marks)["request"]
        try:
            asked, refused = self._ask_for_all(wanted, marks)
            if refused and not keep:
                raise next(iter(refused.values()))
            made = self._wait_for_snapshots([snapshot.id for snapshot in asked]) if asked else []
            return made, {name: openstack_errors.in_words(exc) for name, exc in refused.items()}
        except BaseException as exc:
            left = self._forget_snapshots(request)
            if left:
                raise CloudError(f"{openstack_errors.in_words(exc)}; what is left of it: {'; '.join(left)}") from exc
            raise

    def _ask_for_all(self, wanted, marks):
        """Ask for all snapshots side by side, so that they are of one moment: ``([snapshot], {name: error})``."""
        asked, refused = [], {}
        with concurrent.futures.ThreadPoolExecutor(len(wanted)) as pool:
            futures = {name: pool.submit(self._ask_for_snapshot, name, each, marks) for name, each in wanted.items()}
            for name, future in futures.items():
                try:
                    asked.append(future.result())
                except Exception as exc:
                    refused[name] = exc
        return asked, refused

    def of_set(self, name):
        """Return the snapshots of a set."""
        return [each for each in self.snapshots() if openstack_tags.read(each.metadata).get("set") == name]

    def tag(self, snapshots, metadata):
        """Change some metadata of snapshots and return them as they are then."""
        for snapshot in snapshots:
            self._api.set_snapshot_metadata(snapshot.id, **metadata)
        return [self._api.get_snapshot(snapshot.id) for snapshot in snapshots]

    def _forget_snapshots(self, request):
        """Delete what a call has made; return what could not be deleted, in words."""
        left = []
        for snapshot in self._snapshots_of(request):
            try:
                self.delete_snapshot(snapshot)
            except Exception as exc:
                left.append(f"{snapshot.name} ({snapshot.id}): {openstack_errors.in_words(exc)}")
        return left

    def _ask_for_snapshot(self, name, volume, marks):
        request = openstack_tags.read(marks)["request"]
        origin = openstack_tags.read(volume.metadata)
        inherited = {f"{openstack_tags.PREFIX}{key}": origin[key] for key in ("host", "protected") if origin.get(key)}
        metadata = {**marks, **inherited}
        return openstack_wait.once(
            # a mounted volume's snapshot has to be forced
            lambda: self._api.create_snapshot(volume_id=volume.id, name=name, is_forced=True, metadata=metadata),
            lambda: next((each for each in self._snapshots_of(request) if each.volume_id == volume.id), None),
            self.settings.retries,
        )

    def _snapshots_of(self, request):
        return [each for each in self.snapshots() if openstack_tags.read(each.metadata).get("request") == request]

    def _wait_for_snapshots(self, ids):
        def look():
            found = [snapshot for snapshot in self.snapshots() if snapshot.id in ids]
            for snapshot in found:
                if snapshot.status.startswith("error"):
                    raise CloudError(f"snapshot {snapshot.name} ({snapshot.id}) is in status {snapshot.status}")
            return found if len(found) == len(ids) and all(each.status == "available" for each in found) else None

        return openstack_wait.until(look, self.settings.clone_timeout, f"snapshots {', '.join(ids)} are available")

    def delete_snapshot(self, snapshot):
        """Delete a snapshot and wait until it is gone; clones made from it stay."""
        self._settle(self._api.get_snapshot, snapshot)
        self._api.delete_snapshot(snapshot.id, ignore_missing=True)
        openstack_wait.until(
            lambda: self._gone(self._api.get_snapshot, snapshot),
            self.settings.delete_timeout,
            f"snapshot {snapshot.name} is gone",
        )

    def volume_data(self, volume):
        """Return a volume as the driver shows it; size in GB."""
        marks = openstack_tags.read(volume.metadata)
        owner = self.owner(volume)
        return {
            "id": volume.id,
            "name": volume.name,
            "size": volume.size,
            "status": volume.status,
            "type": volume.volume_type,
            "attached_to": owner,
            "device": cloud_volumes.device_link(volume.id) if owner else None,
            "host_device": volume.attachments[0].get("device") if owner else None,
            "origin": _origin(volume),
            "created_at": volume.created_at,
            "delete_on_termination": marks.get("delete") == "true",
            "provider": marks.get("provider"),
            "host": marks.get("host") or None,
            "metadata": openstack_tags.others(volume.metadata),
        }


def snapshot_data(snapshot, volume_names):
    """Return a snapshot as the driver shows it; size in GB. ``volume_names`` is ``{id: name}``."""
    marks = openstack_tags.read(snapshot.metadata)
    return {
        "id": snapshot.id,
        "name": snapshot.name,
        "size": snapshot.size,
        "status": snapshot.status,
        "volume": volume_names.get(snapshot.volume_id, snapshot.volume_id),
        "set": marks.get("set"),
        "created_at": snapshot.created_at,
        "metadata": openstack_tags.others(snapshot.metadata),
    }


def _origin(volume):
    for kind, value in (("snapshot", volume.snapshot_id), ("volume", volume.source_volume_id)):
        if value:
            return {"kind": kind, "id": value}
    return None


def _cinder_names(given):
    return {{"source_id": "source_volume_id"}.get(key, key): value for key, value in given.items()}
