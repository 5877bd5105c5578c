"""Subnets as they are declared and as Neutron answers."""

import re

import openstack_subnets
import pytest
from cloud_errors import CloudError

POOLS = [{"start": "10.31.0.50", "end": "10.31.0.99"}, {"start": "10.31.0.10", "end": "10.31.0.20"}]
# what Neutron answers
ANSWER = {
    "name": "lab",
    "cidr": "10.31.0.0/24",
    "gateway_ip": None,
    "enable_dhcp": True,
    "dns_nameservers": ["10.31.0.3", "10.31.0.2"],
    "allocation_pools": POOLS,
    "host_routes": [],
    "ipv6_address_mode": None,
    "ipv6_ra_mode": None,
}


def wanted(**given):
    return openstack_subnets.wanted({**dict.fromkeys(openstack_subnets.KEYS), "cidr": "10.31.0.0/24", **given})


def test_what_is_not_given_is_left_alone():
    assert {key: value for key, value in wanted().items() if value is not None} == {"cidr": "10.31.0.0/24"}


def test_one_form():
    given = wanted(
        gateway_ip=False, allocation_pools=POOLS, dns_nameservers=["10.31.0.3", "10.31.0.2"], enable_dhcp=True
    )
    found = openstack_subnets.found(ANSWER, given)
    assert set(found) == set(given)
    assert all(found[key] == value for key, value in given.items() if value is not None)
    assert [pool["start"] for pool in given["allocation_pools"]] == ["10.31.0.10", "10.31.0.50"]
    assert openstack_subnets.sent({"gateway_ip": False}) == {"gateway_ip": None}
    assert openstack_subnets.sent({"gateway_ip": "10.31.0.1"}) == {"gateway_ip": "10.31.0.1"}


def test_ipv6_has_one_form_as_well():
    given = wanted(cidr="2001:DB8:0::/64", gateway_ip="2001:db8::0001", ipv6_ra_mode="slaac")
    assert (given["cidr"], given["gateway_ip"]) == ("2001:db8::/64", "2001:db8::1")
    assert openstack_subnets.version(given["cidr"]) == 6


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cidr": "10.31.0.1/24"}, "cidr: expected a network such as"),
        ({"cidr": None}, "cidr: expected a network such as"),
        ({"gateway_ip": "10.32.0.1"}, "gateway_ip: expected an address of 10.31.0.0/24"),
        ({"gateway_ip": True}, "gateway_ip: expected an address"),
        ({"enable_dhcp": "yes"}, "enable_dhcp: expected true or false"),
        ({"enable_dhcp": 1}, "enable_dhcp: expected true or false"),
        ({"dns_nameservers": "10.31.0.2"}, "dns_nameservers: expected a list"),
        ({"dns_nameservers": ["10.31.0.2", "dns"]}, "dns_nameservers:1: expected an address"),
        ({"allocation_pools": [{"start": "10.31.0.2"}]}, "allocation_pools:0: expected start and end"),
        ({"allocation_pools": [{"start": "10.31.0.9", "end": "10.31.0.2"}]}, "allocation_pools:0: expected a start"),
        ({"allocation_pools": [{"start": "10.31.0.9", "end": "10.32.0.2"}]}, "allocation_pools:0:end: expected an"),
        ({"host_routes": [{"to": "10.9.0.0/16"}]}, "host_routes:0: expected destination and nexthop"),
        ({"host_routes": [{"destination": "10.9.0.1/16", "nexthop": "10.31.0.1"}]}, "host_routes:0:destination: exp"),
        ({"host_routes": [{"destination": "10.9.0.0/16", "nexthop": ""}]}, "host_routes:0:nexthop: expected an"),
        ({"ipv6_ra_mode": "slaac"}, "ipv6_ra_mode: expected one of slaac, dhcpv6-stateful, dhcpv6-stateless, of an"),
        ({"cidr": "2001:db8::/64", "ipv6_address_mode": "auto"}, "ipv6_address_mode: expected one of slaac"),
    ],
)
def test_what_is_wrong_is_named(given, expected):
    with pytest.raises(CloudError, match=f"^{re.escape(expected)}"):
        wanted(**given)


def test_a_part_is_checked_as_well():
    openstack_subnets.check({"cidr": "10.31.0.0/24"})
    with pytest.raises(CloudError, match="^gateway_ip: "):
        openstack_subnets.check({"cidr": "10.31.0.0/24", "gateway_ip": "x"})
