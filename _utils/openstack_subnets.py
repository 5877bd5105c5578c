"""
Subnets: what is declared in the form in which Neutron answers.
"""

import ipaddress

from cloud_errors import CloudError

KEYS = (
    "cidr",
    "gateway_ip",
    "enable_dhcp",
    "dns_nameservers",
    "allocation_pools",
    "host_routes",
    "ipv6_address_mode",
    "ipv6_ra_mode",
)
# What Neutron cannot change.
FIXED = ("network", "cidr", "ipv6_address_mode", "ipv6_ra_mode")

_MODES = ("slaac", "dhcpv6-stateful", "dhcpv6-stateless")


def wanted(declared):
    """
    Check a declared subnet and bring it into one form.

    :param declared: the arguments of ``openstack_subnet.present``
    :returns: the same keys; None is left alone
    :raises CloudError: names the key and what was expected
    """
    network = _network("cidr", declared["cidr"])
    return {
        **declared,
        "cidr": str(network),
        "gateway_ip": _gateway(declared["gateway_ip"], network),
        "enable_dhcp": _boolean(declared["enable_dhcp"]),
        "dns_nameservers": _each("dns_nameservers", declared["dns_nameservers"], address),
        "allocation_pools": _pools(declared["allocation_pools"], network),
        "host_routes": _ordered(_each("host_routes", declared["host_routes"], _route)),
        **{key: _mode(key, declared[key], network) for key in ("ipv6_address_mode", "ipv6_ra_mode")},
    }


def check(given):
    """
    :param given: some of the arguments of ``openstack_subnet.present``, ``cidr`` among them
    :raises CloudError: as :func:`wanted`
    """
    wanted({**dict.fromkeys(KEYS), **given})


def found(subnet, wanted):
    """
    What Neutron says of a subnet in the form of :func:`wanted`, with its keys.
    """
    values = {key: subnet.get(key) for key in wanted}
    # None would be what is left alone
    values["gateway_ip"] = values["gateway_ip"] or False
    for key in ("allocation_pools", "host_routes"):
        values[key] = _ordered(values[key])
    return values


def sent(values):
    """
    Values of :func:`wanted` as Neutron takes them.
    """
    return {key: None if key == "gateway_ip" and value is False else value for key, value in values.items()}


def version(cidr):
    """
    4 or 6.
    """
    return ipaddress.ip_network(cidr).version


def _ordered(items):
    return sorted(items, key=lambda item: sorted(item.items())) if items is not None else None


def _network(key, value):
    try:
        return ipaddress.ip_network(value if isinstance(value, str) else "")
    except ValueError:
        raise CloudError(f"{key}: expected a network such as 10.20.0.0/24, found {value!r}") from None


def address(key, value):
    """
    Return an address in its usual form.

    :param key: whose value it is
    :raises CloudError: it is none
    """
    try:
        return str(ipaddress.ip_address(value if isinstance(value, str) else ""))
    except ValueError:
        raise CloudError(f"{key}: expected an address, found {value!r}") from None


def _inside(key, value, network):
    found = address(key, value)
    if ipaddress.ip_address(found) not in network:
        raise CloudError(f"{key}: expected an address of {network}, found {value!r}")
    return found


def _gateway(value, network):
    if value is None or value is False:
        return value
    return _inside("gateway_ip", value, network)


def _boolean(value):
    if value is not None and not isinstance(value, bool):
        raise CloudError(f"enable_dhcp: expected true or false, found {value!r}")
    return value


def _each(key, values, check):
    if values is None:
        return None
    if not isinstance(values, list):
        raise CloudError(f"{key}: expected a list, found {values!r}")
    return [check(f"{key}:{number}", value) for number, value in enumerate(values)]


def _route(key, value):
    if not isinstance(value, dict) or set(value) != {"destination", "nexthop"}:
        raise CloudError(f"{key}: expected destination and nexthop, found {value!r}")
    destination = _network(f"{key}:destination", value["destination"])
    return {"destination": str(destination), "nexthop": address(f"{key}:nexthop", value["nexthop"])}


def _pools(values, network):
    def pool(key, value):
        if not isinstance(value, dict) or set(value) != {"start", "end"}:
            raise CloudError(f"{key}: expected start and end, found {value!r}")
        start, end = (_inside(f"{key}:{side}", value[side], network) for side in ("start", "end"))
        if int(ipaddress.ip_address(start)) > int(ipaddress.ip_address(end)):
            raise CloudError(f"{key}: expected a start before its end, found {start} and {end}")
        return {"start": start, "end": end}

    return _ordered(_each("allocation_pools", values, pool))


def _mode(key, value, network):
    if value is not None and (value not in _MODES or network.version != 6):
        raise CloudError(f"{key}: expected one of {', '.join(_MODES)}, of an IPv6 subnet, found {value!r}")
    return value
