"""
Subnets of an OpenStack project's networks.
"""

import openstack_find
import openstack_marks
import openstack_session
import openstack_steps
import openstack_subnets

__virtualname__ = "openstack_subnet"


def __virtual__():
    found = openstack_session.available()
    return __virtualname__ if found is True else found


def present(
    name,
    owner,
    cloud,
    network,
    cidr,
    gateway_ip=None,
    enable_dhcp=None,
    dns_nameservers=None,
    allocation_pools=None,
    host_routes=None,
    ipv6_address_mode=None,
    ipv6_ra_mode=None,
):
    """
    The project has this subnet. What is not given is left alone, which for a new one means as OpenStack does.

    :param owner: environment that it belongs to, for its mark
    :param cloud: entry of ``clouds.yaml``
    :param network: name of its network, which cannot be changed, nor can
    :param cidr: such as 10.20.0.0/24
    :param gateway_ip: address, or False for none
    :param enable_dhcp: True or False
    :param dns_nameservers: list of addresses, in this order
    :param allocation_pools: list of ``{"start": address, "end": address}``
    :param host_routes: list of ``{"destination": CIDR, "nexthop": address}``
    :param ipv6_address_mode: slaac, dhcpv6-stateful or dhcpv6-stateless; neither this can be changed, nor
    :param ipv6_ra_mode: the same

    .. code-block:: yaml

        idr-prod:
          openstack_subnet.present:
            - owner: idr-prod
            - cloud: embassy
            - network: idr-prod
            - cidr: 10.20.0.0/24
            - dns_nameservers: [10.20.0.2]
    """
    declared = {
        "cidr": cidr,
        "gateway_ip": gateway_ip,
        "enable_dhcp": enable_dhcp,
        "dns_nameservers": dns_nameservers,
        "allocation_pools": allocation_pools,
        "host_routes": host_routes,
        "ipv6_address_mode": ipv6_address_mode,
        "ipv6_ra_mode": ipv6_ra_mode,
    }

    def look():
        openstack_marks.check(name, owner)
        openstack_find.check_name("network", network)
        wanted = {"network": network, **openstack_subnets.wanted(declared)}
        connection = openstack_session.kept(__context__, cloud)
        subnet = openstack_find.own(connection, "subnet", name)
        if subnet is None:
            if not __opts__["test"]:
                _network(connection, network)
            return openstack_steps.made("subnet", name, wanted, lambda **given: _make(connection, name, owner, given))
        found = openstack_subnets.found(subnet.to_dict(original_names=True), wanted)
        found["network"] = connection.network.get_network(subnet.network_id).name
        differing = openstack_steps.drift(wanted, found, openstack_subnets.FIXED)
        return openstack_steps.changed(
            "subnet",
            subnet,
            owner,
            differing,
            lambda **given: connection.network.update_subnet(subnet, **openstack_subnets.sent(given)),
        )

    return openstack_steps.apply(name, cloud, look, __opts__["test"])


def _network(connection, name):
    return openstack_find.some("network", name, openstack_find.own(connection, "network", name))


def _make(connection, name, owner, given):
    where = _network(connection, given.pop("network"))
    connection.network.create_subnet(
        name=name,
        network_id=where.id,
        ip_version=openstack_subnets.version(given["cidr"]),
        description=openstack_marks.description(name, owner),
        **openstack_subnets.sent(given),
    )


def absent(name, owner, cloud):
    """
    The project has no subnet of this name. One with addresses of servers, or of nobody, is refused.

    :param owner: environment that it belongs to: that of another is not removed, which is an error
    :param cloud: entry of ``clouds.yaml``

    .. code-block:: yaml

        idr-prod:
          openstack_subnet.absent:
            - owner: idr-prod
            - cloud: embassy
    """

    def look():
        openstack_marks.check(name, owner)
        connection = openstack_session.kept(__context__, cloud)
        subnet = openstack_find.own(connection, "subnet", name)
        return openstack_steps.gone(
            "subnet",
            subnet,
            owner,
            lambda: connection.network.delete_subnet(subnet),
            lambda: openstack_find.users(connection.network.ports(fixed_ips=f"subnet_id={subnet.id}")),
        )

    return openstack_steps.apply(name, cloud, look, __opts__["test"])
