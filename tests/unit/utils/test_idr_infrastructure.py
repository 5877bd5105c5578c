"""From pillar to the states of an environment's infrastructure."""

import json

import idr_firewall
import idr_ids
import idr_infrastructure
import openstack_rules
import pytest
import yaml

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
DATA = {
    "cloud": "lab",
    "master": ["192.0.2.10/32"],
    "networks": {"net": {}},
    "subnets": {"sub": {"network": "net", "dns_nameservers": ["10.31.0.2"]}},
    "routers": {"out": {"external_network": "public", "subnets": ["sub"]}},
    "security_group_rules": {
        "all": [{"protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "192.0.2.9/32"}],
        "management": [{"protocol": "vrrp"}],
    },
    "key_pairs": {"pair": {"public_key": KEY}},
    "server_groups": {"omeroreadonly": {"policy": "soft-anti-affinity"}},
    "floating_ips": {"site": {"external_network": "public"}},
}
SERVICES = {
    "database": {"postgresql": {"ports": [5432], "from": ["omeroreadonly", "omeroreadwrite"]}},
    "omeroreadonly": {"http": {"ports": [80], "from": ["proxy"]}},
    "proxy": {
        "http": {"ports": [80, 443], "from": ["public"]},
        "omero": {"ports": [4063, 4064, "14060-14099"], "from": ["public"]},
        "cachebuster": {"ports": [9000], "from": ["management", "operators"]},
    },
    "management": {"ssh": {"ports": [22], "from": ["operators"]}},
}
COMMON = {"ssh": {"ports": [22], "from": ["management"]}, "ping": {"protocol": "icmp", "from": ["environment"]}}
OPERATORS = ["198.51.100.0/25", "2001:db8::/48"]


@pytest.fixture
def place(checkout, tmp_path):
    """A folder ``pillar`` with the checkout's schema and the environment idr-x."""
    schema = tmp_path / idr_infrastructure.SCHEMA
    schema.parent.mkdir(parents=True)
    schema.write_text((checkout / "pillar" / idr_infrastructure.SCHEMA).read_text())
    write(tmp_path, DATA)
    return tmp_path


def write(place, data, **about):
    folder = place / "env/idr-x"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "infrastructure.yaml").write_text(yaml.safe_dump(data))
    (folder / "environment.yaml").write_text(yaml.safe_dump({"network": "10.31.0.0/24", **about}))


def hosts(*names):
    names = names or ("database", "omeroreadonly-1", "omeroreadonly-2", "proxy", "management")
    found = []
    for name in (f"idr-x-{name}" for name in names):
        declared = {**COMMON, **SERVICES[idr_ids.parse(name)["role"]]}
        found.append({"id": name, "services": idr_firewall.services(declared, {}.get), "operators": OPERATORS})
    return found


def texts(role, data=None, only=()):
    data = {"cloud": "lab", "environment": {"network": "10.31.0.0/24"}, **(data or {})}
    declared = openstack_rules.declared(idr_infrastructure.rules("idr-x", role, hosts(*only), data))
    return [str(rule).removeprefix("ingress IPv4 ") for rule in declared if rule not in openstack_rules.OUT]


PING = [f"icmp type 8 from group idr-x-{role}" for role in ("database", "management", "omeroreadonly", "proxy")]


def test_rules_of_a_role_follow_from_its_services():
    assert texts("database") == [
        *PING,
        "tcp 22 from group idr-x-management",
        "tcp 5432 from group idr-x-omeroreadonly",
    ]
    assert texts("proxy") == [
        *PING,
        "tcp 14060-14099 from 0.0.0.0/0",
        "tcp 22 from group idr-x-management",
        "tcp 4063 from 0.0.0.0/0",
        "tcp 4064 from 0.0.0.0/0",
        "tcp 443 from 0.0.0.0/0",
        "tcp 80 from 0.0.0.0/0",
        "tcp 9000 from 198.51.100.0/25",
        "tcp 9000 from group idr-x-management",
    ]


def test_only_management_lets_operators_in_by_ssh():
    for role in ("database", "omeroreadonly", "proxy"):
        assert [text for text in texts(role) if text.startswith("tcp 22 ")] == ["tcp 22 from group idr-x-management"]
    assert [text for text in texts("management") if text.startswith("tcp 22 ")] == ["tcp 22 from 198.51.100.0/25"]


def test_nobody_is_let_in_from_a_role_without_hosts():
    assert texts("database", only=("database",)) == ["icmp type 8 from group idr-x-database"]


def test_more_rules_for_one_role_and_for_all():
    more = {"security_group_rules": DATA["security_group_rules"]}
    assert set(texts("management", more)) - set(texts("management")) == {
        "tcp 22 from 192.0.2.9/32",
        "vrrp from 0.0.0.0/0",
    }
    assert set(texts("proxy", more)) - set(texts("proxy")) == {"tcp 22 from 192.0.2.9/32"}


def test_the_master_is_let_in_to_every_role():
    for role in ("database", "management", "omeroreadonly", "proxy"):
        more = set(texts(role, {"master": ["192.0.2.10/32", "2001:db8:7::/64"]})) - set(texts(role))
        assert more == {"tcp 22 from 192.0.2.10/32", "ingress IPv6 tcp 22 from 2001:db8:7::/64"}


def test_minions_reach_the_master_even_where_not_all_may_go_out():
    def out(**rules):
        data = {"environment": {"network": "10.31.0.0/24"}, "master": ["192.0.2.10/32"], "security_group_rules": rules}
        declared = openstack_rules.declared(idr_infrastructure.rules("idr-x", "proxy", hosts(), data))
        return [str(rule) for rule in declared if rule.direction == "egress"]

    assert out() == ["egress IPv4 any to 0.0.0.0/0", "egress IPv6 any to ::/0"]
    dns = {"direction": "egress", "protocol": "udp", "port_range_min": 53, "port_range_max": 53}
    assert out(all=[dns]) == ["egress IPv4 tcp 4505-4506 to 192.0.2.10/32", "egress IPv4 udp 53 to 0.0.0.0/0"]


def test_nothing_is_made_while_nobody_says_where_the_master_is(place):
    write(place, {key: value for key, value in DATA.items() if key != "master"})
    data = idr_infrastructure.read(place, "idr-x")
    with pytest.raises(ValueError, match=r"master: expected the networks from which the master comes to new hosts"):
        idr_infrastructure.present("idr-x", data, hosts())
    assert idr_infrastructure.removed("idr-x", data)
    assert idr_infrastructure.present("idr-x", {**data, "master": []}, hosts())


def test_ipv6_where_a_subnet_has_it():
    found = texts("management", {"subnets": {"six": {"network": "net", "cidr": "2001:db8:31::/64"}}})
    assert "tcp 22 from 198.51.100.0/25" in found
    assert "ingress IPv6 tcp 22 from 2001:db8::/48" in found
    assert "ingress IPv6 ipv6-icmp type 128 from group idr-x-proxy" in found
    assert not [text for text in texts("management") if "IPv6" in text]


def test_the_quota_that_neutron_has_by_default_is_enough():
    """100 rules, with the two that each new group has."""
    roles = {idr_ids.parse(host["id"])["role"] for host in hosts()}
    data = {"environment": {"network": "10.31.0.0/24"}}
    assert sum(len(idr_infrastructure.rules("idr-x", role, hosts(), data)) for role in roles) <= 100


def test_states_in_their_order(place):
    steps = idr_infrastructure.present("idr-x", idr_infrastructure.read(place, "idr-x"), hosts())
    groups = [f"idr-x-{role}" for role in ("database", "management", "omeroreadonly", "proxy")]
    assert [step["id"] for step in steps] == [
        "network net",
        "subnet sub",
        "router out",
        *(f"security group {group}" for group in groups),
        *(f"rules {group}" for group in groups),
        "key pair pair",
        "server group idr-x-omeroreadonly",
        "floating ip site",
    ]
    assert all(step["arguments"]["owner"] == "idr-x" and step["arguments"]["cloud"] == "lab" for step in steps)
    subnet = next(step for step in steps if step["id"] == "subnet sub")
    assert subnet["state"] == "openstack_subnet.present"
    assert subnet["require"] == [{"openstack_network": "network net"}]
    given = {"name": "sub", "network": "net", "cidr": "10.31.0.0/24", "dns_nameservers": ["10.31.0.2"]}
    assert subnet["arguments"] == {**given, "owner": "idr-x", "cloud": "lab"}


def test_a_public_key_may_be_in_a_file_of_the_master(place, tmp_path):
    path = tmp_path / "id.pub"
    write(place, {**DATA, "key_pairs": {"pair": {"public_key_file": str(path)}}})
    data = idr_infrastructure.read(place, "idr-x")
    with pytest.raises(ValueError, match=r"^key_pairs:pair:public_key_file: expected a file on the master: .*id.pub"):
        idr_infrastructure.present("idr-x", data, hosts())
    path.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n")
    with pytest.raises(ValueError, match=r"^key_pairs:pair:public_key_file: /.*id.pub: public_key: expected") as caught:
        idr_infrastructure.present("idr-x", data, hosts())
    assert "c2VjcmV0" not in str(caught.value)
    path.write_text(f"{KEY} me@home\n")
    (step,) = [step for step in idr_infrastructure.present("idr-x", data, hosts()) if step["id"] == "key pair pair"]
    assert step["arguments"]["public_key"] == KEY
    path.unlink()
    assert idr_infrastructure.removed("idr-x", data)


def _complete_requires(steps):
    """Each step requires all of the kind before it, so nothing goes on after a failure."""
    modules = [step["state"].split(".")[0] for step in steps]
    for step, module in zip(steps, modules, strict=True):
        kinds = [step["state"] for step in steps]
        first = kinds.index(step["state"])
        before = kinds[first - 1] if first else None
        wanted = [{other["state"].split(".")[0]: other["id"]} for other in steps if other["state"] == before]
        assert step["require"] == wanted, (step, module)


def test_whatever_fails_ends_it(place):
    data = idr_infrastructure.read(place, "idr-x")
    _complete_requires(idr_infrastructure.present("idr-x", data, hosts()))
    _complete_requires(idr_infrastructure.removed("idr-x", data))
    few = {"cloud": "lab", "master": [], **{key: data[key] for key in ("environment", "floating_ips")}}
    _complete_requires(idr_infrastructure.present("idr-x", few, hosts("database")))
    _complete_requires(idr_infrastructure.removed("idr-x", few))


def test_removal_has_all_that_was_made_and_nothing_but_its_name(place):
    data = idr_infrastructure.read(place, "idr-x")
    made = {step["arguments"]["name"] for step in idr_infrastructure.present("idr-x", data, hosts())}
    steps = idr_infrastructure.removed("idr-x", data)
    assert made <= {step["arguments"]["name"] for step in steps}
    assert all(set(step["arguments"]) == {"name", "owner", "cloud"} for step in steps)
    assert all(step["state"].endswith(".absent") for step in steps)
    order = list(dict.fromkeys(step["state"].split(".")[0] for step in steps))
    assert order[0] == "openstack_floating_ip"
    # what servers use is refused before a router could cut them off
    assert order.index("openstack_security_group") < order.index("openstack_router")
    assert order.index("openstack_router") < order.index("openstack_subnet") < order.index("openstack_network")


@pytest.mark.parametrize(
    ("production", "confirm", "refused"),
    [
        (True, None, True),
        (True, "idr-y", True),
        (True, True, True),
        (True, "idr-x", False),
        (False, None, False),
        (False, "idr-x", False),
        # who types another name means another environment
        (False, "idr-y", True),
    ],
)
def test_production_needs_its_name_again(place, production, confirm, refused):
    write(place, DATA, production=production)
    data = idr_infrastructure.read(place, "idr-x")
    if not refused:
        assert idr_infrastructure.removed("idr-x", data, confirm)
        return
    with pytest.raises(ValueError, match=r"^idr-x: expected its name again .*confirm: idr-x\}"):
        idr_infrastructure.removed("idr-x", data, confirm)


def _changed(**changes):
    return {**DATA, **changes}


@pytest.mark.parametrize(
    ("data", "about", "expected"),
    [
        ([], {}, "expected keys, found list"),
        ({}, {}, "infrastructure.yaml: cloud: expected a value"),
        (_changed(cloud=""), {}, "infrastructure.yaml: cloud: expected the name of an entry of clouds.yaml, found ''"),
        (
            _changed(network={}),
            {},
            "infrastructure.yaml: network: expected no such key, but one of cloud, floating_ips",
        ),
        (_changed(networks={"n": {"mtu": 1}}), {}, "networks:n:mtu: expected minimum 68, found 1"),
        (_changed(subnets={"s": {}}), {}, "subnets:s:network: expected a value"),
        (
            _changed(subnets={"s": {"network": "net", "cidr": "10.40.0.0/24"}}),
            {},
            "subnets: expected one with the environment's network 10.31.0.0/24, found 10.40.0.0/24",
        ),
        (
            _changed(subnets={"a": {"network": "net"}, "b": {"network": "net"}}),
            {},
            "subnets: expected cidr in all but one",
        ),
        (
            _changed(subnets={"s": {"network": "net", "gateway_ip": "10.9.0.1"}}),
            {},
            "subnets:s:gateway_ip: expected an",
        ),
        (
            _changed(security_group_rules={"all": [{"protocol": "tpc"}]}),
            {},
            "security_group_rules:all:0:protocol: expected any",
        ),
        (_changed(master=["192.0.2.10/24"]), {}, "master:0:remote_ip_prefix: expected a network such as"),
        (_changed(master="192.0.2.10"), {}, "infrastructure.yaml: master: expected"),
        (
            _changed(security_group_rules={"webserver": []}),
            {},
            "security_group_rules:webserver: expected a name, one of all",
        ),
        (_changed(key_pairs={"k": {"public_key": "private"}}), {}, "key_pairs:k:public_key: expected one line"),
        (
            _changed(server_groups={"proxy": {"policy": "apart"}}),
            {},
            "server_groups:proxy:policy: expected one of affinity",
        ),
        (
            _changed(server_groups={"idr-x-proxy": {"policy": "affinity"}}),
            {},
            "server_groups:idr-x-proxy: expected a name",
        ),
        (
            _changed(key_pairs={"k": {}}),
            {},
            "key_pairs:k: expected either public_key or public_key_file, found no keys",
        ),
        (_changed(key_pairs={"k": {"public_key_file": "id.pub"}}), {}, "public_key_file: expected the path of a file"),
        (_changed(floating_ips={"f": {}}), {}, "floating_ips:f:external_network: expected a value"),
        (DATA, {"production": "yes"}, "environment.yaml: production: expected true or false, found 'yes'"),
        (DATA, {"network": "10.31"}, "environment.yaml: network: expected a network such as"),
        (DATA, {"network": None}, "environment.yaml: network: expected a network such as"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(place, data, about, expected):
    write(place, data, **about)
    with pytest.raises(ValueError, match="^/") as caught:
        idr_infrastructure.read(place, "idr-x")
    assert expected in str(caught.value)
    assert str(place / "env/idr-x") in str(caught.value)


def test_what_cannot_be_read_is_named(place):
    (place / "env/idr-x/infrastructure.yaml").write_text("cloud: [")
    with pytest.raises(ValueError, match="infrastructure.yaml: while parsing"):
        idr_infrastructure.read(place, "idr-x")
    with pytest.raises(ValueError, match=r"idr-y/infrastructure.yaml: expected this file .*idr-x\)"):
        idr_infrastructure.read(place, "idr-y")
    with pytest.raises(ValueError, match="^environment '../x'"):
        idr_infrastructure.read(place, "../x")


def test_the_schema_knows_all_roles(checkout):
    schema = json.loads((checkout / "pillar" / idr_infrastructure.SCHEMA).read_text())["properties"]
    assert tuple(schema["server_groups"]["propertyNames"]["enum"]) == idr_ids.ROLES
    names = schema["security_group_rules"]["propertyNames"]["enum"]
    assert tuple(names) == (idr_infrastructure.ALL, *idr_ids.ROLES)


def test_the_checkouts_own_files_are_right(checkout):
    for path in (checkout / "pillar").glob("env/*/infrastructure.yaml"):
        assert idr_infrastructure.read(checkout / "pillar", path.parent.name)["cloud"]
