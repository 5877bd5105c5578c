"""
What a cloud has of a name: nothing or one. Two of one name are an error and never a guess.
"""

from cloud_errors import CloudError


def check_name(key, name):
    """
    :raises CloudError: it is no name; Neutron would answer with all that there are
    """
    if not isinstance(name, str) or not name.strip():
        raise CloudError(f"{key}: expected a name, found {name!r}")


def one(kind, name, items):
    """
    :param kind: what it is, for the error
    :param items: all of that name
    :returns: the only one, or None
    :raises CloudError: there are more
    """
    items = list(items)
    if len(items) > 1:
        ids = ", ".join(sorted(item.id for item in items))
        raise CloudError(f"{kind} {name}: expected one of this name, found {len(items)}: {ids}")
    return items[0] if items else None


def some(kind, name, item):
    """
    Return what :func:`one` gave.

    :raises CloudError: it gave None
    """
    if item is None:
        raise CloudError(f"{kind} {name}: expected it to be there, found none of this name")
    return item


def own(connection, kind, name):
    """
    Of the project that the connection is for. An administrator sees those of all others as well, and what others share
    takes no subnet and no router of ours.

    :param kind: ``network``, ``subnet``, ``router`` or ``security group``
    """
    listed = getattr(connection.network, f"{kind.replace(' ', '_')}s")
    return one(kind, name, listed(name=name, project_id=connection.current_project_id))


def external(connection, name):
    """
    The network outside, which is another project's.

    :raises CloudError: there is none, or there are two
    """
    listed = connection.network.networks(name=name, is_router_external=True)
    return some("external network", name, one("external network", name, listed))


def users(ports):
    """
    Who, beside the network's own devices, has ports.

    :param ports: ports of Neutron
    :returns: text such as ``2 servers, 1 other port``, empty for nobody
    """
    owners = [port.device_owner or "" for port in ports]
    servers = sum(owner.startswith("compute:") for owner in owners)
    others = sum(not owner.startswith(("compute:", "network:")) for owner in owners)
    return counted((servers, "server"), (others, "other port"))


def counted(*numbers):
    """
    :param numbers: pairs of a number and a noun
    :returns: text such as ``2 servers, 1 other port``, empty when all are 0
    """
    return ", ".join(f"{number} {noun}{'s' if number > 1 else ''}" for number, noun in numbers if number)
