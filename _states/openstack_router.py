"""
Routers of an OpenStack project: their way out and their interfaces.
"""

import openstack_find
import openstack_marks
import openstack_session
import openstack_steps
from cloud_errors import CloudError

__virtualname__ = "openstack_router"

# Whose ports are a router's interfaces, of one host and of several.
_INTERFACES = (
    "network:router_interface",
    "network:router_interface_distributed",
    "network:ha_router_replicated_interface",
)


def __virtual__():
    found = openstack_session.available()
    return __virtualname__ if found is True else found


def present(name, owner, cloud, external_network=None, enable_snat=None, subnets=None):
    """
    The project has this router. What is not given is left alone.

    :param owner: environment that it belongs to, for its mark
    :param cloud: entry of ``clouds.yaml``
    :param external_network: name of the network outside, or False for no way out
    :param enable_snat: whether what goes out has the router's address; most clouds let only administrators say
    :param subnets: names of exactly the subnets that it has an interface in

    .. code-block:: yaml

        idr-prod:
          openstack_router.present:
            - owner: idr-prod
            - cloud: embassy
            - external_network: public
            - subnets: [idr-prod]
    """
    wanted = {"external_network": external_network, "enable_snat": enable_snat}

    def look():
        openstack_marks.check(name, owner)
        _check(external_network, enable_snat, subnets)
        connection = openstack_session.kept(__context__, cloud)
        router = openstack_find.own(connection, "router", name)
        outside = openstack_find.external(connection, external_network) if external_network else None
        inside = {subnet: _subnet(connection, subnet) for subnet in subnets or []}
        if router is None:
            return _new(connection, name, owner, wanted, outside, inside)
        differing = openstack_steps.drift(wanted, _gateway(connection, router.external_gateway_info or {}))
        return [
            *openstack_steps.changed(
                "router", router, owner, differing, lambda **_: _lead(connection, router, outside, wanted)
            ),
            *_interfaces(connection, router, owner, subnets, inside),
        ]

    return openstack_steps.apply(name, cloud, look, __opts__["test"])


def _check(external_network, enable_snat, subnets):
    if external_network not in (None, False):
        openstack_find.check_name("external_network", external_network)
    if enable_snat is not None and not (external_network and isinstance(enable_snat, bool)):
        raise CloudError(f"enable_snat: expected true or false, with an external_network, found {enable_snat!r}")
    if not isinstance(subnets, list | None):
        raise CloudError(f"subnets: expected a list of names, found {subnets!r}")
    for number, subnet in enumerate(subnets or []):
        openstack_find.check_name(f"subnets:{number}", subnet)


def _subnet(connection, name):
    """In test mode it may not be there yet."""
    subnet = openstack_find.own(connection, "subnet", name)
    return subnet if __opts__["test"] else openstack_find.some("subnet", name, subnet)


def _new(connection, name, owner, wanted, outside, inside):
    def make(**_):
        mark = openstack_marks.description(name, owner)
        info = {"external_gateway_info": _info(outside.id, wanted)} if outside else {}
        connection.network.create_router(name=name, description=mark, **info)

    def attach(subnet):
        router = openstack_find.some("router", name, openstack_find.own(connection, "router", name))
        connection.network.add_interface_to_router(router, subnet=subnet.id)

    steps = openstack_steps.made("router", name, wanted, make)
    return steps + [_attachment(key, lambda subnet=subnet: attach(subnet)) for key, subnet in inside.items()]


def _attachment(subnet, act):
    return openstack_steps.Step({f"interface {subnet}": {"old": None, "new": "attached"}}, act)


def _detachment(connection, router, subnet, id):
    return openstack_steps.Step(
        {f"interface {subnet}": {"old": "attached", "new": None}},
        lambda: connection.network.remove_interface_from_router(router, subnet=id),
    )


def _info(network_id, wanted):
    return {"network_id": network_id, **openstack_steps.given({"enable_snat": wanted["enable_snat"]})}


def _gateway(connection, gateway):
    network = gateway.get("network_id")
    return {
        "external_network": connection.network.get_network(network).name if network else False,
        "enable_snat": gateway.get("enable_snat"),
    }


def _lead(connection, router, outside, wanted):
    info = _info(outside.id, wanted) if outside else None
    connection.network.update_router(router, external_gateway_info=info)


def _interfaces(connection, router, owner, subnets, inside):
    if subnets is None:
        return []
    existing = _attached(connection, router)
    missing = [name for name in subnets if name not in existing.values()]
    surplus = {id: name for id, name in existing.items() if name not in subnets}
    if (missing or surplus) and not openstack_marks.ours(router.description, owner):
        raise openstack_marks.refusal("router", router.name, owner, "changed")
    return [
        _attachment(name, lambda name=name: connection.network.add_interface_to_router(router, subnet=inside[name].id))
        for name in missing
    ] + [_detachment(connection, router, name, id) for id, name in surplus.items()]


def _attached(connection, router):
    """``{id of a subnet: its name}``"""
    ports = [port for port in connection.network.ports(device_id=router.id) if port.device_owner in _INTERFACES]
    ids = sorted({address["subnet_id"] for port in ports for address in port.fixed_ips})
    return {id: connection.network.get_subnet(id).name for id in ids}


def absent(name, owner, cloud):
    """
    The project has no router of this name, with its interfaces. One that servers or floating IPs need is refused.

    :param owner: environment that it belongs to: that of another is not removed, which is an error
    :param cloud: entry of ``clouds.yaml``

    .. code-block:: yaml

        idr-prod:
          openstack_router.absent:
            - owner: idr-prod
            - cloud: embassy
    """

    def look():
        openstack_marks.check(name, owner)
        connection = openstack_session.kept(__context__, cloud)
        router = openstack_find.own(connection, "router", name)
        attached = _attached(connection, router) if router else {}
        last = openstack_steps.gone(
            "router",
            router,
            owner,
            lambda: connection.network.delete_router(router),
            lambda: _users(connection, router, attached),
        )
        return [_detachment(connection, router, subnet, id) for id, subnet in attached.items()] + last

    return openstack_steps.apply(name, cloud, look, __opts__["test"])


def _users(connection, router, attached):
    """Who would be cut off."""
    listed = [f"floating IP {ip.floating_ip_address}" for ip in connection.network.ips(router_id=router.id)]
    for id, subnet in attached.items():
        inside = openstack_find.users(connection.network.ports(fixed_ips=f"subnet_id={id}"))
        listed += [f"{inside} of subnet {subnet}"] if inside else []
    return ", ".join(listed)
