"""
Floating IPs of an OpenStack project, each known by a name in its description. Which server one leads to is not their
business.
"""

import openstack_find
import openstack_marks
import openstack_session
import openstack_steps
import openstack_subnets

__virtualname__ = "openstack_floating_ip"


def __virtual__():
    found = openstack_session.available()
    return __virtualname__ if found is True else found


def present(name, owner, cloud, external_network, address=None):
    """
    The project has a floating IP of this name. The comment says its address.

    :param owner: environment that it belongs to, for its mark
    :param cloud: entry of ``clouds.yaml``
    :param external_network: name of the network outside that it is of
    :param address: exactly this one. One that the project already has is left as it is, and stays when the environment
        goes; a new one of this address is for administrators only in most clouds

    .. code-block:: yaml

        idr-prod:
          openstack_floating_ip.present:
            - owner: idr-prod
            - cloud: embassy
            - external_network: public
    """
    wanted = {"external_network": external_network, "floating_ip_address": address}
    told = {}

    def look():
        openstack_marks.check(name, owner)
        _check(external_network, address)
        connection = openstack_session.kept(__context__, cloud)
        outside = openstack_find.external(connection, external_network)
        addresses = _addresses(connection)
        ip = _named(addresses, name, owner) or next(
            (one for one in addresses if one.floating_ip_address == address), None
        )
        if ip is None:
            return openstack_steps.made(
                "floating IP", name, wanted, lambda **_: _make(connection, name, owner, outside, address)
            )
        told["address"] = ip.floating_ip_address
        network = external_network if ip.floating_network_id == outside.id else ip.floating_network_id
        found = {"external_network": network, "floating_ip_address": ip.floating_ip_address}
        openstack_steps.drift(wanted, found, tuple(wanted))
        return []

    answer = openstack_steps.apply(name, cloud, look, __opts__["test"])
    return {**answer, "comment": f"{answer['comment']} ({told['address']})"} if told else answer


def _check(external_network, address):
    openstack_find.check_name("external_network", external_network)
    if address is not None:
        openstack_subnets.address("address", address)


def _addresses(connection):
    return list(connection.network.ips(project_id=connection.current_project_id))


def _named(addresses, name, owner):
    mark = openstack_marks.description(name, owner)
    return openstack_find.one("floating IP", name, [ip for ip in addresses if ip.description == mark])


def _make(connection, name, owner, outside, address):
    mark = openstack_marks.description(name, owner)
    more = openstack_steps.given({"floating_ip_address": address})
    connection.network.create_ip(floating_network_id=outside.id, description=mark, **more)


def absent(name, owner, cloud):
    """
    The project has no floating IP of this name that belongs to the environment. One that leads to a server is refused.

    :param owner: environment that it belongs to
    :param cloud: entry of ``clouds.yaml``

    .. code-block:: yaml

        idr-prod:
          openstack_floating_ip.absent:
            - owner: idr-prod
            - cloud: embassy
    """

    def look():
        openstack_marks.check(name, owner)
        connection = openstack_session.kept(__context__, cloud)
        ip = _named(_addresses(connection), name, owner)
        if ip is None:
            return []
        used = f"{ip.fixed_ip_address}, to which {ip.floating_ip_address} leads" if ip.port_id else ""
        return [openstack_steps.removal("floating IP", name, lambda: connection.network.delete_ip(ip), lambda: used)]

    return openstack_steps.apply(name, cloud, look, __opts__["test"])
