"""
Floating IPs of one OpenStack project.

One that the driver made says so in its description, with the host it was made for; the others it attaches and detaches
but never releases.
"""

import openstack_session
import openstack_tags
import openstack_wait
from cloud_errors import CloudError


class Addresses(openstack_session.Service):
    """The project's floating IPs."""

    name = "network"

    def all(self):
        """Return the project's floating IPs."""
        return list(self._api.ips(project_id=self._connected().current_project_id))

    def find(self, address, where):
        """Return the floating IP with this address."""
        found = [each for each in self.all() if address in (each.floating_ip_address, each.id)]
        if not found:
            known = ", ".join(sorted(each.floating_ip_address for each in self.all())) or "(there is none)"
            raise CloudError(f"{where}: no floating IP {address}, expected one of {known}")
        return found[0]

    def ports(self, server_id):
        """Return the ports of a server, in no particular order."""
        return list(self._api.ports(device_id=server_id))

    def of_server(self, server_id):
        """Return the floating IPs that lead to a server."""
        ids = {port.id for port in self.ports(server_id)}
        return [each for each in self.all() if each.port_id in ids] if ids else []

    def by_server(self):
        """Return ``{server id: [floating address]}``; Nova may not know yet what Neutron does."""
        ports = self._api.ports(project_id=self._connected().current_project_id)
        devices = {port.id: port.device_id for port in ports}
        found: dict = {}
        for each in self.all():
            if each.port_id in devices:
                found.setdefault(devices[each.port_id], []).append(each.floating_ip_address)
        return found

    def check(self, spec, host_ids):
        """Refuse an address that is not there, or that leads to another server than those of ``host_ids``."""
        wanted = spec.floating_ip
        if not (wanted and wanted.address):
            return
        where = f"{spec.where}: floating_ip: address"
        found = self.find(wanted.address, where)
        own = {port.id for id_ in host_ids for port in self.ports(id_)}
        if found.port_id and found.port_id not in own:
            raise CloudError(
                f"{where}: {wanted.address} leads to another server, expected a free one; "
                "move it with: salt-cloud -a swap_floating_ip"
            )

    def provide(self, spec, resolved, marks):
        """
        Return the floating IP that a host is to get: the one it names, the one it had before, or a new one.

        spec
            The :class:`openstack_options.HostSpec`, whose ``floating_ip`` is not None.
        resolved
            Its :class:`openstack_catalog.Resolved`.
        marks
            As metadata; with a ``request`` among them by which a new one is recognized.
        """
        wanted = spec.floating_ip
        if wanted.address:
            return self.find(wanted.address, f"{spec.where}: floating_ip: address")
        for each in self.of_host(spec.name):
            if not each.port_id:
                return each
        request = openstack_tags.read(marks)["request"]
        return openstack_wait.once(
            lambda: self._api.create_ip(
                floating_network_id=resolved.floating_network, description=openstack_tags.to_description(marks)
            ),
            lambda: next(iter(self.of_request(request)), None),
            self.settings.retries,
        )

    def of_request(self, request):
        """Return the floating IPs that one call has made."""
        return [
            each for each in self.all() if openstack_tags.of_description(each.description).get("request") == request
        ]

    def of_host(self, host):
        """Return the floating IPs that this provider made for a host, wherever they lead."""
        marks = [(each, openstack_tags.of_description(each.description)) for each in self.all()]
        own = (self.settings.alias, host)
        return [each for each, known in marks if (known.get("provider"), known.get("host")) == own]

    def attach(self, floating_ip, server_id, network_id=None):
        """
        Let a floating IP lead to a server, wherever it led before, and wait until it works.

        network_id
            The network of the port to take; without it the server's first that is of IPv4.
        """
        ports = [port for port in self.ports(server_id) if network_id in (None, port.network_id)]
        reachable = [(port, ip) for port in ports for ip in _ipv4(port)]
        if not reachable:
            raise CloudError(
                f"{floating_ip.floating_ip_address}: server {server_id} has no port with an IPv4 address for it"
            )
        port, address = reachable[0]
        self._api.update_ip(floating_ip.id, port_id=port.id, fixed_ip_address=address)
        return openstack_wait.until(
            lambda: self._attached(floating_ip, port),
            self.settings.build_timeout,
            f"floating IP {floating_ip.floating_ip_address} is active",
        )

    def _attached(self, floating_ip, port):
        now = self._api.get_ip(floating_ip.id)
        if now.port_id != port.id or now.status == "ERROR":
            raise CloudError(f"floating IP {now.floating_ip_address} was taken elsewhere, or is in status {now.status}")
        return now if now.status == "ACTIVE" else None

    def detach(self, floating_ip):
        """Let a floating IP lead nowhere; it stays the project's."""
        self._api.update_ip(floating_ip.id, port_id=None)

    def release(self, floating_ip):
        """Give a floating IP back to the cloud."""
        self._api.delete_ip(floating_ip.id, ignore_missing=True)

    def to_be_released(self, server_id, host):
        """Return the floating IPs that a host takes with it: made for it, by this provider, and not to be kept."""
        ids = {each.id for each in self.of_server(server_id)}
        return [each for each in self.of_host(host) if each.id in ids and not _is_kept(each)]

    def remember(self, floating_ip, host):
        """Note that a floating IP of ours has gone over to another host, and is kept from then on."""
        marks = openstack_tags.of_description(floating_ip.description)
        if marks:
            new = openstack_tags.made(**{**marks, "host": host, "keep": True})
            self._api.update_ip(floating_ip.id, description=openstack_tags.to_description(new))

    def swap(self, one, other, names):
        """
        Exchange the floating IPs of two servers, of which one may have none; return ``{address: server name}``.

        one, other
            Ids of the servers.
        names
            Their names as ``{id: name}``.
        """
        ports = {id_: self.ports(id_) for id_ in (one, other)}
        going, coming = self.of_server(one), self.of_server(other)
        if not going and not coming:
            raise CloudError(f"{names[one]} and {names[other]}: neither has a floating IP, expected one to swap")
        moves = [(each, other) for each in going] + [(each, one) for each in coming]
        networks = {port.id: port.network_id for id_ in ports for port in ports[id_]}
        if going:
            # an address takes one floating IP at a time
            for floating_ip in coming:
                self.detach(floating_ip)
        for floating_ip, target in moves:
            # the same network where the other has it too; environments have networks of their own
            network = networks[floating_ip.port_id]
            shared = network if network in {port.network_id for port in ports[target]} else None
            self.attach(floating_ip, target, shared)
            self.remember(floating_ip, names[target])
        return {floating_ip.floating_ip_address: names[target] for floating_ip, target in moves}


def _is_kept(floating_ip):
    marks = openstack_tags.of_description(floating_ip.description)
    return marks.get("keep") == "true" or not marks


def _ipv4(port):
    return [ip["ip_address"] for ip in port.fixed_ips or () if ":" not in ip["ip_address"]]


def data(floating_ip, server_names):
    """Return a floating IP as the driver shows it; ``server_names`` is ``{port id: server name}``."""
    marks = openstack_tags.of_description(floating_ip.description)
    return {
        "id": floating_ip.id,
        "address": floating_ip.floating_ip_address,
        "fixed_ip": floating_ip.fixed_ip_address,
        "status": floating_ip.status,
        "attached_to": server_names.get(floating_ip.port_id, floating_ip.port_id),
        "provider": marks.get("provider"),
        "host": marks.get("host"),
        "kept": _is_kept(floating_ip),
    }
