"""
What a cloud has, by name: each kind is asked for once in a process, so that checking a whole map costs few requests.
"""

import difflib
import ipaddress
from dataclasses import dataclass

from cloud_errors import CloudError

SHOWN = 10
# Glance hands out 25 at a time unless it is asked for more
PAGE = 1000


@dataclass
class Resolved:
    """A host's names as the cloud's ids. ``networks`` are Nova's entries for them, in the order of interfaces."""

    image: str | None
    flavor: str
    networks: list
    security_groups: list
    server_group: str | None
    floating_network: str | None = None
    floating_port_network: str | None = None


def pick(things, wanted, where, what):
    """
    Return the one of ``things`` (with ``id`` and ``name``) whose id or name is ``wanted``.

    where
        Names place and key in errors, ``what`` the kind of things.
    """
    for thing in things:
        if thing.id == wanted:
            return thing
    found = [thing for thing in things if thing.name == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(sorted(thing.id for thing in found))
        raise CloudError(f"{where}: {len(found)} {what}s are called {wanted!r}, expected one of their ids: {ids}")
    raise CloudError(f"{where}: no {what} {wanted!r}, expected {_choice({thing.name for thing in things}, wanted)}")


def _choice(names, wanted):
    if not names:
        return "one that exists (there is none)"
    if len(names) > SHOWN:
        names = difflib.get_close_matches(wanted, names, SHOWN, 0.3) or sorted(names)[:SHOWN]
        return f"one such as {', '.join(names)}"
    return f"one of {', '.join(sorted(names))}"


class Catalog:
    """The cloud's things that hosts are made of. ``connected`` returns the openstacksdk connection."""

    def __init__(self, connected):
        self._connected = connected
        self._kept: dict = {}

    def _once(self, kind, ask):
        if kind not in self._kept:
            self._kept[kind] = list(ask(self._connected()))
        return self._kept[kind]

    def images(self):
        """Return the images that can be booted."""
        return self._once("images", lambda cloud: cloud.image.images(status="active", limit=PAGE))

    def flavors(self):
        """Return the flavours."""
        return self._once("flavors", lambda cloud: cloud.compute.flavors())

    def networks(self):
        """Return the networks that the project sees."""
        return self._once("networks", lambda cloud: cloud.network.networks())

    def subnets(self):
        """Return the subnets that the project sees."""
        return self._once("subnets", lambda cloud: cloud.network.subnets())

    def security_groups(self):
        """Return the project's own security groups: an administrator sees everybody's, and each has a `default`."""
        own = {"project_id": self._connected().current_project_id}
        return self._once("security_groups", lambda cloud: cloud.network.security_groups(**own))

    def ports(self):
        """Return the project's ports."""
        own = {"project_id": self._connected().current_project_id}
        return self._once("ports", lambda cloud: cloud.network.ports(**own))

    def server_groups(self):
        """Return the project's server groups."""
        return self._once("server_groups", lambda cloud: cloud.compute.server_groups())

    def keypairs(self):
        """Return the user's key pairs."""
        return self._once("keypairs", lambda cloud: cloud.compute.keypairs())

    def volume_types(self):
        """Return the kinds of volumes."""
        return self._once("volume_types", lambda cloud: cloud.block_storage.types())

    def zones(self):
        """Return the availability zones for servers."""
        return self._once("zones", lambda cloud: cloud.compute.availability_zones())

    def resolve(self, spec):
        """
        Return a host's names as ids, a :class:`Resolved`; CloudError for whatever the cloud does not have.

        spec
            A :class:`openstack_options.HostSpec`. The volumes' origins are not looked for here.
        """
        where = spec.where
        networks = [self._nic(nic, f"{where}: networks") for nic in spec.networks] or [self._only_network(where)]
        found = Resolved(
            image=spec.image and pick(self.images(), spec.image, f"{where}: image", "image").id,
            flavor=pick(self.flavors(), spec.size, f"{where}: size", "flavour").id,
            networks=networks,
            security_groups=[
                pick(self.security_groups(), name, f"{where}: security_groups", "security group").id
                for name in spec.security_groups
            ],
            server_group=self._server_group(spec),
        )
        if spec.key_name:
            pick(self.keypairs(), spec.key_name, f"{where}: key_name", "key pair")
        if spec.availability_zone:
            self._zone(spec.availability_zone, where)
        for volume in (*spec.volumes, *filter(None, [spec.boot_volume])):
            if volume.type:
                pick(self.volume_types(), volume.type, f"{where}: {volume.name}: type", "volume type")
        self._floating_ip(spec, found)
        return found

    def _server_group(self, spec):
        if not spec.server_group:
            return None
        return pick(self.server_groups(), spec.server_group, f"{spec.where}: server_group", "server group").id

    def _zone(self, wanted, where):
        names = {zone.name for zone in self.zones()}
        if wanted not in names:
            raise CloudError(f"{where}: availability_zone: no zone {wanted!r}, expected {_choice(names, wanted)}")

    def _only_network(self, where):
        usable = [network for network in self.networks() if not network.is_router_external]
        if len(usable) != 1:
            names = ", ".join(sorted(network.name for network in usable)) or "(there is none)"
            raise CloudError(f"{where}: networks: expected a list of some of {names}")
        return {"uuid": usable[0].id}

    def _nic(self, nic, where):
        if nic.port:
            port = pick(self.ports(), nic.port, where, "port")
            if port.device_id:
                raise CloudError(f"{where}: port {nic.port!r} is in use by {port.device_id}, expected a free one")
            return {"port": port.id}
        network = pick(self.networks(), nic.network, where, "network")
        if not nic.fixed_ip:
            return {"uuid": network.id}
        ranges = [subnet.cidr for subnet in self.subnets() if subnet.network_id == network.id]
        if not any(ipaddress.ip_address(nic.fixed_ip) in ipaddress.ip_network(cidr) for cidr in ranges):
            raise CloudError(f"{where}: fixed_ip: expected an address in {', '.join(ranges)}, got {nic.fixed_ip}")
        return {"uuid": network.id, "fixed_ip": nic.fixed_ip}

    def external_network(self, name, where):
        """Return the id of the external network called ``name``, or of the only one."""
        external = [network for network in self.networks() if network.is_router_external]
        if name:
            return pick(external, name, where, "external network").id
        if len(external) != 1:
            names = ", ".join(sorted(network.name for network in external)) or "(there is none)"
            raise CloudError(f"{where}: pool: expected one of the external networks {names}")
        return external[0].id

    def _floating_ip(self, spec, found):
        wanted = spec.floating_ip
        if not wanted:
            return
        where = f"{spec.where}: floating_ip"
        if not wanted.address:
            found.floating_network = self.external_network(wanted.pool, where)
        if wanted.network:
            network = pick(self.networks(), wanted.network, f"{where}: network", "network")
            if network.id not in [nic.get("uuid") for nic in found.networks]:
                raise CloudError(f"{where}: network: expected one of the host's own networks, got {wanted.network!r}")
            found.floating_port_network = network.id
