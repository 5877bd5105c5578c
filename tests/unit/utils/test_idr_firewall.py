"""Who may connect to what: data to rules and to a table."""

import ipaddress
import random
import re

import idr_firewall
import pytest

PEERS = [
    {"id": "idr-x-database", "address": "192.0.2.9"},
    {"id": "idr-x-omeroreadonly-1", "address": "192.0.2.10"},
    {"id": "idr-x-omeroreadonly-2", "address": "192.0.2.2"},
    {"id": "idr-x-management", "address": "192.0.2.3"},
]
DECLARED = {
    "ssh": {"ports": [22], "from": ["management", "operators"]},
    "omero": {"ports": [4064, "14060-14099", 4063], "from": ["public"]},
    "database": {"ports": [5432], "from": ["omeroreadwrite", "omeroreadonly"]},
    "ping": {"protocol": "icmp", "from": ["environment"]},
    "nfs": {"ports": [2049], "from": ["omeroreadonly"], "when": {"share:type": "nfs"}},
}
OPERATORS = ["198.51.100.0/25", "198.51.100.128/25", "2001:db8::/48"]


def wanted(declared=DECLARED, pillar=None):
    return idr_firewall.services(declared, (pillar or {}).get)


def rules(peers=PEERS, operators=OPERATORS, declared=DECLARED):
    return idr_firewall.rules(wanted(declared), idr_firewall.sources(peers, operators))


def accepts(text):
    """Rules made of services: those that name a port of the host, or an echo."""
    lines = [line.strip() for line in text.splitlines() if " accept comment " in line]
    return [line for line in lines if "dport" in line or "echo-request" in line]


def sets(text):
    found = re.findall(r"set (\w+) \{\n\t\ttype (\w+)\n(?:\t\tflags interval\n)?(?:\t\telements = \{ (.*) \}\n)?", text)
    return {name: (kind, [item for item in elements.split(", ") if item]) for name, kind, elements in found}


def test_services_are_sorted_and_complete():
    assert [service["name"] for service in wanted()] == ["database", "omero", "ping", "ssh"]
    omero = wanted()[1]
    assert omero == {"name": "omero", "protocol": "tcp", "ports": ["4063", "4064", "14060-14099"], "from": ["public"]}


def test_a_service_may_depend_on_the_pillar():
    assert "nfs" in [service["name"] for service in wanted(pillar={"share:type": "nfs"})]
    assert "nfs" not in [service["name"] for service in wanted(pillar={"share:type": "bind"})]


@pytest.mark.parametrize(
    ("service", "key", "expected"),
    [
        ({"ports": [], "from": ["public"]}, "ports", "at least one port"),
        ({"from": ["public"]}, "ports", "at least one port"),
        ({"protocol": "icmp", "ports": [1], "from": ["public"]}, "ports", "no ports"),
        ({"protocol": "sctp", "ports": [1], "from": ["public"]}, "protocol", "tcp, udp, icmp"),
        ({"ports": ["20-10"], "from": ["public"]}, "ports", "1 to 65535"),
        ({"ports": [70000], "from": ["public"]}, "ports", "1 to 65535"),
        ({"ports": ["1-99999"], "from": ["public"]}, "ports", "1 to 65535"),
        ({"ports": ["22; flush ruleset"], "from": ["public"]}, "ports", "1 to 65535"),
        ({"ports": [22], "from": ["everyone"]}, "from", "public"),
    ],
)
def test_a_wrong_service_is_named(service, key, expected):
    with pytest.raises(ValueError, match=rf"^firewall:services:mine:{key}: expected .*{re.escape(expected)}"):
        wanted({"mine": service})


def test_everything_else_is_dropped_and_own_connections_work():
    text = rules()
    assert "type filter hook input priority filter; policy drop;" in text
    assert "established : accept, related : accept, invalid : drop" in text
    assert 'iifname "lo" accept' in text
    assert "tcp sport { 4505, 4506 } tcp flags & (syn | ack) == ack accept" in text
    assert "nd-neighbor-solicit" in text


def test_rules_say_who_may_reach_what():
    assert accepts(rules()) == [
        'ip saddr @omeroreadonly tcp dport { 5432 } accept comment "database"',
        'ip saddr @omeroreadwrite tcp dport { 5432 } accept comment "database"',
        'tcp dport { 4063, 4064, 14060-14099 } accept comment "omero"',
        'ip saddr @environment icmp type echo-request accept comment "ping"',
        'ip saddr @management tcp dport { 22 } accept comment "ssh"',
        'ip saddr @operators tcp dport { 22 } accept comment "ssh"',
        'ip6 saddr @operators6 tcp dport { 22 } accept comment "ssh"',
    ]


def test_sets_are_sorted_addresses():
    found = sets(rules())
    assert found["omeroreadonly"] == ("ipv4_addr", ["192.0.2.2", "192.0.2.10"])
    assert found["environment"] == ("ipv4_addr", ["192.0.2.2", "192.0.2.3", "192.0.2.9", "192.0.2.10"])
    # two halves of a network would overlap in nothing, but a third entry might
    assert found["operators"] == ("ipv4_addr", ["198.51.100.0/24"])
    assert found["operators6"] == ("ipv6_addr", ["2001:db8::/48"])
    assert found["omeroreadwrite"] == ("ipv4_addr", [])


def test_order_of_the_mine_and_of_the_pillar_does_not_matter():
    shuffled = random.Random(1)
    peers, operators, declared = list(PEERS), list(OPERATORS), list(DECLARED.items())
    for items in (peers, operators, declared):
        shuffled.shuffle(items)
    assert rules(peers, operators, dict(declared)) == rules()


def test_only_our_own_table_is_replaced():
    lines = rules().splitlines()
    assert lines[1:4] == ["table inet idr", "delete table inet idr", "table inet idr {"]
    assert "flush" not in rules()
    assert len([line for line in lines if "table" in line]) == 3


def test_digest_tells_rules_apart():
    assert re.fullmatch("[0-9a-f]{16}", idr_firewall.digest(rules()))
    assert idr_firewall.digest(rules()) != idr_firewall.digest(rules(PEERS[:-1]))
    assert idr_firewall.digest("table inet idr {\n\tchain input {\n}\n}") is None


@pytest.mark.parametrize("operators", [["10.0.0.1/8"], ["nowhere"]])
def test_wrong_network(operators):
    with pytest.raises(ValueError, match=re.escape(operators[0])):
        idr_firewall.sources(PEERS, operators)


def test_table_says_the_same_as_the_rules():
    host = {"id": "idr-x-database", "services": wanted(), "operators": OPERATORS}
    rows = {(row["service"], row["from"]): row for row in idr_firewall.reach([host], PEERS)}
    assert rows[("database", "omeroreadonly")]["who"] == "idr-x-omeroreadonly-1, idr-x-omeroreadonly-2"
    assert rows[("database", "omeroreadwrite")]["who"] == "nobody"
    assert rows[("omero", "public")]["who"] == "everybody"
    assert rows[("ssh", "operators")]["who"] == "198.51.100.0/24, 2001:db8::/48"
    names = rows[("ping", "environment")]["who"].split(", ")
    assert names == sorted(peer["id"] for peer in PEERS)
    (addresses,) = {len(sets(rules())["environment"][1])}
    assert len(names) == addresses


def test_table_as_text_is_aligned():
    host = {"id": "idr-x-database", "services": wanted(), "operators": []}
    heading, *lines = idr_firewall.text(idr_firewall.reach([host], PEERS)).splitlines()
    assert heading.split() == ["to", "service", "protocol", "ports", "from", "who"]
    column = heading.index("from")
    assert all(line[column - 2 : column] == "  " and line[column] != " " for line in lines)


def test_every_address_is_one():
    for kind, elements in sets(rules()).values():
        for element in elements:
            assert ipaddress.ip_network(element).version == (4 if kind == "ipv4_addr" else 6)


def test_operators_are_networks():
    assert idr_firewall.operators(OPERATORS) == OPERATORS
    for wrong in ("192.0.2.1/24", "192.0.2.0/33", "home", 7.5):
        with pytest.raises(ValueError, match=rf"^firewall:operators:1: expected a network .*{wrong}"):
            idr_firewall.operators(["192.0.2.0/24", wrong])
