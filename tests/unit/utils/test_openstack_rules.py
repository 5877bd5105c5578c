"""Rules of security groups: declared and found ones in one form."""

import re

import openstack_rules
import pytest
from cloud_errors import CloudError
from hypothesis import given
from hypothesis import strategies as st

NAMES = {"1f": "lab-proxy"}
OUT = ["egress IPv4 any to 0.0.0.0/0", "egress IPv6 any to ::/0"]


def texts(rules):
    return [str(rule) for rule in openstack_rules.declared(rules) if rule not in openstack_rules.OUT]


def answered(**values):
    """A rule as Neutron answers, with all its keys."""
    keys = ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id")
    return {"direction": "ingress", "ethertype": "IPv4", **dict.fromkeys(keys), **values}


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({}, "ingress IPv4 any from 0.0.0.0/0"),
        ({"protocol": "any", "remote_ip_prefix": "::/0"}, "ingress IPv6 any from ::/0"),
        ({"protocol": "tcp", "port_range_min": 80, "port_range_max": 80}, "ingress IPv4 tcp 80 from 0.0.0.0/0"),
        (
            {"protocol": 6, "port_range_min": 1, "port_range_max": 9, "remote_ip_prefix": "192.0.2.0/24"},
            "ingress IPv4 tcp 1-9 from 192.0.2.0/24",
        ),
        ({"protocol": "udp", "port_range_min": 1, "port_range_max": 65535}, "ingress IPv4 udp from 0.0.0.0/0"),
        ({"protocol": "ICMP", "port_range_min": 8}, "ingress IPv4 icmp type 8 from 0.0.0.0/0"),
        (
            {"protocol": "icmp", "port_range_min": 3, "port_range_max": 0},
            "ingress IPv4 icmp type 3 code 0 from 0.0.0.0/0",
        ),
        ({"protocol": "icmp", "ethertype": "IPv6"}, "ingress IPv6 ipv6-icmp from ::/0"),
        ({"protocol": "icmpv6", "remote_ip_prefix": "2001:db8::/32"}, "ingress IPv6 ipv6-icmp from 2001:db8::/32"),
        ({"remote_group": "lab-proxy"}, "ingress IPv4 any from group lab-proxy"),
        ({"protocol": "112"}, "ingress IPv4 112 from 0.0.0.0/0"),
    ],
)
def test_declared(rule, text):
    assert texts([rule]) == [text]


def test_egress_is_allowed_unless_it_is_declared():
    assert [str(rule) for rule in openstack_rules.declared([])] == OUT
    assert texts([{"direction": "egress", "protocol": "tcp"}]) == ["egress IPv4 tcp to 0.0.0.0/0"]
    assert len(openstack_rules.declared([{"direction": "egress", "protocol": "tcp"}])) == 1


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("tcp", "rules:1: expected some of the keys direction"),
        ({"ports": 80}, "rules:1: expected some of the keys direction"),
        ({"direction": "in"}, "rules:1:direction: expected one of ingress, egress, found 'in'"),
        ({"ethertype": "ipv4"}, "rules:1:ethertype: expected one of IPv4, IPv6"),
        ({"ethertype": "IPv4", "remote_ip_prefix": "::/0"}, "rules:1:ethertype: expected IPv6, as remote_ip_prefix is"),
        ({"protocol": "tpc"}, "rules:1:protocol: expected any, a number"),
        ({"protocol": 256}, "rules:1:protocol: expected any, a number"),
        ({"protocol": -1}, "rules:1:protocol: expected any, a number"),
        ({"port_range_min": 80, "port_range_max": 80}, "rules:1:port_range_min: expected none for protocol any"),
        ({"protocol": "tcp", "port_range_min": 80}, "rules:1:port_range_max: expected a number of 1 to 65535"),
        ({"protocol": "tcp", "port_range_max": 80}, "rules:1:port_range_min: expected a number of 1 to 65535"),
        (
            {"protocol": "tcp", "port_range_min": 0, "port_range_max": 80},
            "rules:1:port_range_min: expected a number of 1",
        ),
        (
            {"protocol": "tcp", "port_range_min": "80", "port_range_max": 80},
            "rules:1:port_range_min: expected a number",
        ),
        (
            {"protocol": "tcp", "port_range_min": True, "port_range_max": 80},
            "rules:1:port_range_min: expected a number",
        ),
        ({"protocol": "tcp", "port_range_min": 90, "port_range_max": 80}, "rules:1:port_range_max: expected at least"),
        ({"protocol": "icmp", "port_range_min": 256}, "rules:1:port_range_min: expected a number of 0 to 255"),
        ({"remote_ip_prefix": "192.0.2.1/24"}, "rules:1:remote_ip_prefix: expected a network"),
        ({"remote_ip_prefix": 10}, "rules:1:remote_ip_prefix: expected a network"),
        ({"remote_group": ""}, "rules:1:remote_group: expected the name"),
        ({"remote_group": "a", "remote_ip_prefix": "192.0.2.0/24"}, "rules:1:remote_group: expected nothing beside"),
        ({"remote_group": "a", "remote_ip_prefix": "0.0.0.0/0"}, "rules:1:remote_group: expected nothing beside"),
    ],
)
def test_a_wrong_rule_is_named(rule, expected):
    with pytest.raises(CloudError, match=f"^{re.escape(expected)}"):
        openstack_rules.declared([{}, rule])


def test_rules_that_are_no_list_are_named_by_their_key():
    with pytest.raises(CloudError, match="^all: expected a list, found 'tcp'$"):
        openstack_rules.declared("tcp", "all")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"remote_ip_prefix": "0.0.0.0/0"}, "ingress IPv4 any from 0.0.0.0/0"),
        ({"protocol": "icmp", "ethertype": "IPv6"}, "ingress IPv6 ipv6-icmp from ::/0"),
        ({"protocol": "6"}, "ingress IPv4 tcp from 0.0.0.0/0"),
        ({"remote_group_id": "1f"}, "ingress IPv4 any from group lab-proxy"),
        ({"remote_group_id": "2e"}, "ingress IPv4 any from group 2e"),
        ({"remote_address_group_id": "3d"}, "ingress IPv4 any from group of addresses 3d"),
    ],
)
def test_found(values, text):
    assert str(openstack_rules.found(answered(**values), NAMES)) == text


def _declarable():
    ports = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(sorted)
    with_ports = st.builds(
        lambda protocol, span: {"protocol": protocol, "port_range_min": span[0], "port_range_max": span[1]},
        st.sampled_from(["tcp", "udp", "6", 17, "sctp"]),
        ports,
    )
    without = st.sampled_from([{}, {"protocol": None}, {"protocol": "any"}, {"protocol": "icmp"}, {"protocol": "vrrp"}])
    remote = st.sampled_from(
        [{}, {"remote_group": "lab-proxy"}, {"remote_ip_prefix": "192.0.2.0/24"}, {"remote_ip_prefix": "0.0.0.0/0"}]
    )
    family = st.sampled_from([{}, {"ethertype": "IPv4"}])
    way = st.sampled_from([{}, {"direction": "egress"}, {"direction": "ingress"}])
    return st.builds(
        lambda *parts: {k: v for part in parts for k, v in part.items()}, with_ports | without, remote, family, way
    )


@given(st.lists(_declarable(), max_size=8))
def test_what_was_sent_is_found_again(declared):
    wanted = openstack_rules.declared(declared)
    ids = {"lab-proxy": "1f", None: None}
    sent = [openstack_rules.sent(rule, "0a", ids[rule.remote_group]) for rule in wanted]
    present = {number: openstack_rules.found(answered(**values), NAMES) for number, values in enumerate(sent)}
    assert openstack_rules.difference(wanted, present) == ([], {})


@given(st.lists(_declarable(), max_size=8), st.lists(_declarable(), max_size=8))
def test_the_difference_leads_from_one_to_the_other(before, after):
    present = dict(enumerate(openstack_rules.declared(before)))
    wanted = openstack_rules.declared(after)
    missing, surplus = openstack_rules.difference(wanted, present)
    left = [rule for number, rule in present.items() if number not in surplus]
    assert sorted([*left, *missing], key=str) == wanted


@given(st.lists(_declarable(), max_size=8))
def test_declaring_again_what_was_declared_is_the_same(declared):
    rules = openstack_rules.declared(declared)
    assert openstack_rules.declared([openstack_rules.plain(rule) for rule in rules]) == rules


def test_one_rule_twice_in_the_cloud_is_surplus_twice():
    rule = openstack_rules.Rule("ingress", "IPv4", "tcp")
    missing, surplus = openstack_rules.difference(openstack_rules.OUT, {"b": rule, "a": rule})
    assert (missing, list(surplus)) == (list(openstack_rules.OUT), ["a", "b"])
