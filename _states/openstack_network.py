"""
Networks of an OpenStack project.

Like all states ``openstack_*`` these run where openstacksdk is, on the master, and touch only what carries the mark of
its owner: see ``_utils/openstack_marks.py``.
"""

import openstack_find
import openstack_marks
import openstack_session
import openstack_steps
from cloud_errors import CloudError

__virtualname__ = "openstack_network"


def __virtual__():
    found = openstack_session.available()
    return __virtualname__ if found is True else found


def present(name, owner, cloud, mtu=None, port_security_enabled=None):
    """
    The project has this network.

    :param owner: environment that it belongs to, for its mark
    :param cloud: entry of ``clouds.yaml``
    :param mtu: bytes; left alone where it is not given, as is
    :param port_security_enabled: whether security groups hold for its ports

    .. code-block:: yaml

        idr-prod:
          openstack_network.present:
            - owner: idr-prod
            - cloud: embassy
    """
    wanted = {"mtu": mtu, "port_security_enabled": port_security_enabled}

    def look():
        openstack_marks.check(name, owner)
        _check(mtu, port_security_enabled)
        connection = openstack_session.kept(__context__, cloud)
        network = openstack_find.own(connection, "network", name)
        if network is None:
            mark = openstack_marks.description(name, owner)
            make = connection.network.create_network
            return openstack_steps.made(
                "network", name, wanted, lambda **given: make(name=name, description=mark, **given)
            )
        differing = openstack_steps.drift(wanted, network.to_dict(original_names=True))
        change = connection.network.update_network
        return openstack_steps.changed("network", network, owner, differing, lambda **given: change(network, **given))

    return openstack_steps.apply(name, cloud, look, __opts__["test"])


def _check(mtu, port_security_enabled):
    if mtu is not None and (type(mtu) is not int or not 68 <= mtu <= 65535):
        raise CloudError(f"mtu: expected a number of 68 to 65535, found {mtu!r}")
    if port_security_enabled not in (None, True, False):
        raise CloudError(f"port_security_enabled: expected true or false, found {port_security_enabled!r}")


def absent(name, owner, cloud):
    """
    The project has no network of this name. One with ports of servers, or of nobody, is refused.

    :param owner: environment that it belongs to: that of another is not removed, which is an error
    :param cloud: entry of ``clouds.yaml``

    .. code-block:: yaml

        idr-prod:
          openstack_network.absent:
            - owner: idr-prod
            - cloud: embassy
    """

    def look():
        openstack_marks.check(name, owner)
        connection = openstack_session.kept(__context__, cloud)
        network = openstack_find.own(connection, "network", name)
        # Routers' ports and the like go with routers and subnets, which the same run may remove before.
        return openstack_steps.gone(
            "network",
            network,
            owner,
            lambda: connection.network.delete_network(network),
            lambda: openstack_find.users(connection.network.ports(network_id=network.id)),
        )

    return openstack_steps.apply(name, cloud, look, __opts__["test"])
