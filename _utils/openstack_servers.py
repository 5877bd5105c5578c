"""
Servers of one OpenStack project.
"""

import base64
import ipaddress
import re

import openstack_errors
import openstack_session
import openstack_tags
import openstack_wait
from cloud_errors import CloudError

# what is nothing special in a regular expression
PLAIN = re.compile(r"[A-Za-z0-9_-]+")
# Nova's words for what Salt Cloud's drivers call a state
STATES = {"ACTIVE": "running", "SHUTOFF": "stopped", "BUILD": "building", "ERROR": "error"}


def several(name, servers):
    """Return the error for servers that have the same name."""
    ids = ", ".join(sorted(server.id for server in servers))
    return CloudError(
        f"{name}: {len(servers)} servers have this name ({ids}), expected one: delete or rename the others"
    )


def marks(server):
    """Return the driver's marks of a server."""
    return openstack_tags.read(server.metadata)


def addresses(server, floating_ips=None):
    """
    Return a server's addresses as ``(private, public)``: public are floating ones and those of the internet.

    floating_ips
        Addresses that lead to it, where Neutron was asked as well: Nova learns of them later.
    """
    private: list[str] = []
    public: list[str] = list(floating_ips or ())
    for entries in (server.addresses or {}).values():
        for entry in entries:
            floating = entry.get("OS-EXT-IPS:type") == "floating"
            if floating and floating_ips is not None:
                continue
            outside = floating or ipaddress.ip_address(entry["addr"]).is_global
            known = public if outside else private
            if entry["addr"] not in known:
                known.append(entry["addr"])
    return private, public


def flavor_name(server, names):
    """Return the name of a server's flavour; ``names`` is ``{id: name}`` for clouds that tell its id only."""
    flavor = server.flavor or {}
    return flavor.get("original_name") or names.get(flavor.get("id"), flavor.get("id"))


def why(server):
    """Return what Nova says of a server's failure, in parentheses, or an empty text."""
    return f" ({server.fault['message']})" if server.fault and server.fault.get("message") else ""


class Servers(openstack_session.Service):
    """The project's servers."""

    name = "compute"

    def all(self, name=None):
        """Return the project's servers, perhaps only those that are called ``name``."""
        # Nova takes a name as a regular expression that may match anywhere
        query = {"name": f"^{name}$"} if name and PLAIN.fullmatch(name) else {}
        return [server for server in self._api.servers(details=True, **query) if name in (None, server.name)]

    def names(self):
        """Return ``{id: name}`` of the project's servers."""
        return {server.id: server.name for server in self.all()}

    def named(self, name):
        """Return the server called ``name``, or None; CloudError when there are several."""
        found = self.all(name)
        if len(found) > 1:
            raise several(name, found)
        return found[0] if found else None

    def require(self, name):
        """Return the server called ``name``."""
        server = self.named(name)
        if server is None:
            raise CloudError(f"{name}: there is no such server")
        return server

    def require_own(self, name):
        """Return the server called ``name``, which this provider must have made."""
        server = self.require(name)
        maker = marks(server).get("provider")
        if maker != self.settings.alias:
            by = f"by the provider {maker}" if maker else "otherwise"
            raise CloudError(
                f"{name}: it was made {by}, expected a server that the provider {self.settings.alias} made"
            )
        return server

    def of_request(self, request, name):
        """Return the servers called ``name`` that one call has made."""
        return [server for server in self.all(name) if marks(server).get("request") == request]

    def create(self, spec, resolved, metadata, userdata, root=None):
        """
        Ask for a server and return it as it is then, not yet running.

        spec, resolved
            The :class:`openstack_options.HostSpec` and its :class:`openstack_catalog.Resolved`.
        metadata
            With the driver's marks, among them a ``request`` by which it is recognized.
        userdata
            Text, or None.
        root
            The volume to boot from, which must be ready; None to boot from the image.
        """
        given = {
            "name": spec.name,
            "flavor_id": resolved.flavor,
            "networks": resolved.networks,
            "metadata": metadata,
            "config_drive": spec.config_drive or None,
            "key_name": spec.key_name,
            "availability_zone": spec.availability_zone,
            "security_groups": [{"name": id_} for id_ in resolved.security_groups] or None,
            "scheduler_hints": {"group": resolved.server_group} if resolved.server_group else None,
            "user_data": base64.b64encode(userdata.encode()).decode() if userdata else None,
            **({"block_device_mapping": [_boot_device(root)]} if root else {"image_id": resolved.image}),
        }
        given = {key: value for key, value in given.items() if value is not None}
        request = openstack_tags.read(metadata)["request"]
        return openstack_wait.once(
            lambda: self._api.create_server(**given),
            lambda: next(iter(self.of_request(request, spec.name)), None),
            self.settings.retries,
        )

    def wait(self, id_, name, status="ACTIVE", limit=None):
        """Wait until a server has a status and nothing is under way in it; return it as it is then."""

        def look():
            server = self._api.get_server(id_)
            if server.status == "ERROR":
                raise CloudError(f"{name}: Nova could not do it{why(server)}")
            return server if server.status == status and not server.task_state else None

        return openstack_wait.until(look, limit or self.settings.build_timeout, f"{name} is {status}")

    def act(self, server, do, status, tries=None):
        """
        Let ``do`` ask for a change of a server and wait until the server has a status.

        Where an answer is lost, the change is asked for again unless it shows; Nova refuses what is under way.
        """

        def done():
            now = self._api.get_server(server.id)
            return True if now.task_state or now.status == status else None

        retries = self.settings.retries if tries is None else tries
        openstack_wait.once(lambda: do(server.id) or True, done, retries)
        return self.wait(server.id, server.name, status)

    def set_mark(self, server, key, value):
        """Set one of the driver's marks of a server."""
        name = f"{openstack_tags.PREFIX}{key}"
        openstack_wait.once(
            # a POST that is as good as a PUT
            lambda: self._api.set_server_metadata(server.id, **{name: value}),
            lambda: None,
            self.settings.retries,
        )

    def delete(self, server):
        """Delete a server and wait until it is gone."""
        self._api.delete_server(server.id, ignore_missing=True)
        openstack_wait.until(lambda: self._gone(server), self.settings.delete_timeout, f"{server.name} is gone")

    def _gone(self, server):
        now = openstack_errors.unless_missing(self._api.get_server, server.id)
        if now is None:
            return True
        if now.status == "ERROR" and now.task_state is None and server.status != "ERROR":
            raise CloudError(f"{server.name}: Nova could not delete it{why(now)}")
        return now.status == "DELETED"

    def attach(self, server, volume, delete_on_termination):
        """Ask Nova to attach a volume to a server; CloudError when it is attached elsewhere."""
        attachments = [each.volume_id for each in self._api.volume_attachments(server.id)]
        if volume.id in attachments:
            return
        openstack_wait.once(
            lambda: self._api.create_volume_attachment(
                server.id, volume_id=volume.id, **({"delete_on_termination": True} if delete_on_termination else {})
            ),
            lambda: next(
                (each for each in self._api.volume_attachments(server.id) if each.volume_id == volume.id), None
            ),
            self.settings.retries,
        )

    def detach(self, server, volume):
        """Ask Nova to take a volume from a server."""
        self._api.delete_volume_attachment(server.id, volume.id, ignore_missing=True)


def _boot_device(volume):
    # what happens to it with its server is the volume's own mark, which the driver reads
    return {
        "uuid": volume.id,
        "source_type": "volume",
        "destination_type": "volume",
        "boot_index": 0,
        "delete_on_termination": openstack_tags.read(volume.metadata).get("delete") == "true",
    }
