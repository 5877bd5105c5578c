"""States of a project's infrastructure against real services."""

import re
import subprocess

import openstack.resource
import pytest
import tenant as tenants

from testbed.openstack.faults import Fault

RULES = [
    {"protocol": "tcp", "port_range_min": 443, "port_range_max": 443},
    {"protocol": "tcp", "port_range_min": 443, "port_range_max": 443, "ethertype": "IPv6"},
    {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "192.0.2.0/24"},
    {"protocol": "icmp", "port_range_min": 8, "remote_group": "lab-b"},
    {"protocol": "icmp", "ethertype": "IPv6"},
    {"protocol": "udp", "port_range_min": 1, "port_range_max": 65535},
    {"protocol": 112, "remote_ip_prefix": "2001:db8::/32"},
]


def make_network(tenant, name="lab-net", subnet="lab-sub", cidr="10.31.0.0/24"):
    tenant.converge("openstack_network.present", name)
    tenant.converge("openstack_subnet.present", subnet, network=name, cidr=cidr)


def made_by_hand(tenant, kind, **values):
    return tenant.call(getattr(tenant.cloud.network, f"create_{kind}"), **values)


@pytest.fixture(scope="module")
def public_keys(tmp_path_factory):
    """Two public keys."""
    folder = tmp_path_factory.mktemp("keys")
    for name in "ab":
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"of {name}", "-f", folder / name]
        subprocess.run(command, check=True)
    return [(folder / f"{name}.pub").read_text() for name in "ab"]


def test_network(tenant):
    changes = tenant.converge("openstack_network.present", "lab-net", mtu=1400)
    assert changes == {"network": {"old": None, "new": {"name": "lab-net", "mtu": 1400}}}
    changes = tenant.converge("openstack_network.present", "lab-net", mtu=1300, port_security_enabled=False)
    assert changes == {"mtu": {"old": 1400, "new": 1300}, "port_security_enabled": {"old": True, "new": False}}
    assert tenant.converge("openstack_network.absent", "lab-net") == {"network": {"old": "lab-net", "new": None}}


def test_subnet(tenant):
    make_network(tenant)
    pools = [{"start": "10.31.0.50", "end": "10.31.0.99"}, {"start": "10.31.0.10", "end": "10.31.0.20"}]
    routes = [{"destination": "10.9.0.0/16", "nexthop": "10.31.0.7"}]
    given = {"network": "lab-net", "cidr": "10.31.0.0/24", "gateway_ip": "10.31.0.254", "enable_dhcp": False}
    given |= {"dns_nameservers": ["10.31.0.3", "10.31.0.2"], "allocation_pools": pools, "host_routes": routes}
    changes = tenant.converge("openstack_subnet.present", "lab-sub", **given)
    assert changes["gateway_ip"] == {"old": "10.31.0.1", "new": "10.31.0.254"}
    assert changes["dns_nameservers"] == {"old": [], "new": ["10.31.0.3", "10.31.0.2"]}
    assert sorted(changes) == sorted(set(given) - {"network", "cidr"})
    given["dns_nameservers"].reverse()
    assert list(tenant.converge("openstack_subnet.present", "lab-sub", **given)) == ["dns_nameservers"]
    no_gateway = {"network": "lab-net", "cidr": "10.31.0.0/24", "gateway_ip": False}
    assert list(tenant.converge("openstack_subnet.present", "lab-sub", **no_gateway)) == ["gateway_ip"]
    assert tenant.converge("openstack_subnet.absent", "lab-sub") == {"subnet": {"old": "lab-sub", "new": None}}


def test_subnet_of_ipv6(tenant):
    make_network(tenant)
    modes = {"ipv6_address_mode": "slaac", "ipv6_ra_mode": "slaac"}
    tenant.converge("openstack_subnet.present", "lab-sub6", network="lab-net", cidr="2001:db8:31::/64", **modes)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"cidr": "10.32.0.0/24"}, "cidr"),
        ({"network": "lab-other"}, "network"),
        ({"ipv6_ra_mode": "slaac"}, "ipv6_ra_mode"),
    ],
)
def test_what_a_subnet_cannot_change_is_refused(tenant, given, key):
    make_network(tenant)
    make_network(tenant, "lab-other", "lab-other", "10.33.0.0/24")
    comment = tenant.refused(
        "openstack_subnet.present", "lab-sub", **{"network": "lab-net", "cidr": "10.31.0.0/24"} | given
    )
    assert comment.startswith(f"{key}: expected ")


def test_test_mode_foresees_what_the_same_run_makes_first(tenant, outside):
    told = tenant.apply("openstack_subnet.present", "lab-sub", test=True, network="lab-net", cidr="10.31.0.0/24")
    assert told["result"] is None
    told = tenant.apply("openstack_router.present", "lab-r", test=True, external_network=outside, subnets=["lab-sub"])
    assert (told["result"], list(told["changes"])) == (None, ["router", "interface lab-sub"])
    told = tenant.apply("openstack_security_group.rules", "lab-a", test=True, rules=RULES)
    assert (told["result"], len(told["changes"])) == (None, len(RULES))
    tenant.apply("openstack_security_group.present", "lab-a")
    tenant.apply("openstack_security_group.present", "lab-b")
    assert tenant.apply("openstack_security_group.rules", "lab-a", rules=RULES)["changes"] == told["changes"]


def test_what_is_needed_and_not_there_is_named(tenant, outside):
    given = {"network": "lab-net", "cidr": "10.31.0.0/24"}
    assert "network lab-net: expected it to be there" in tenant.refused("openstack_subnet.present", "lab-sub", **given)
    comment = tenant.refused("openstack_router.present", "lab-r", external_network=outside, subnets=["lab-sub"])
    assert "subnet lab-sub: expected it to be there" in comment
    for test in (False, True):
        comment = tenant.refused("openstack_router.present", "lab-r", external_network="nowhere", test=test)
        assert "external network nowhere: expected it to be there" in comment
    assert "security group lab-a: expected" in tenant.refused("openstack_security_group.rules", "lab-a", rules=[])
    tenant.converge("openstack_security_group.present", "lab-a")
    comment = tenant.refused("openstack_security_group.rules", "lab-a", rules=RULES)
    assert "security group lab-b: expected" in comment


def test_router(tenant, outside):
    make_network(tenant)
    make_network(tenant, "lab-other", "lab-other", "10.33.0.0/24")
    changes = tenant.converge("openstack_router.present", "lab-r", external_network=outside, subnets=["lab-sub"])
    attached = {"old": None, "new": "attached"}
    new = {"name": "lab-r", "external_network": outside}
    assert changes == {"router": {"old": None, "new": new}, "interface lab-sub": attached}
    changes = tenant.converge("openstack_router.present", "lab-r", external_network=False, subnets=["lab-other"])
    assert changes == {
        "external_network": {"old": outside, "new": False},
        "interface lab-other": attached,
        "interface lab-sub": {"old": "attached", "new": None},
    }
    # what is not given is left alone
    assert tenant.converge("openstack_router.present", "lab-r", external_network=outside) == {
        "external_network": {"old": False, "new": outside}
    }
    changes = tenant.converge("openstack_router.absent", "lab-r")
    assert changes == {
        "interface lab-other": {"old": "attached", "new": None},
        "router": {"old": "lab-r", "new": None},
    }


def test_security_group(tenant):
    changes = tenant.converge("openstack_security_group.present", "lab-a")
    assert changes == {"security group": {"old": None, "new": {"name": "lab-a"}}}
    tenant.converge("openstack_security_group.present", "lab-b")
    changes = tenant.converge("openstack_security_group.rules", "lab-a", rules=RULES)
    assert changes == {
        f"ingress {rule}": {"old": None, "new": "allowed"}
        for rule in (
            "IPv4 tcp 443 from 0.0.0.0/0",
            "IPv6 tcp 443 from ::/0",
            "IPv4 tcp 22 from 192.0.2.0/24",
            "IPv4 icmp type 8 from group lab-b",
            "IPv6 ipv6-icmp from ::/0",
            "IPv4 udp from 0.0.0.0/0",
            "IPv6 112 from 2001:db8::/32",
        )
    }
    # the group that a rule names may go
    tenant.converge("openstack_security_group.absent", "lab-b")
    tenant.converge("openstack_security_group.absent", "lab-a")


def test_drift_of_a_group_is_shown_rule_by_rule(tenant):
    tenant.converge("openstack_security_group.present", "lab-a")
    tenant.converge("openstack_security_group.rules", "lab-a", rules=RULES[:3])
    (group,) = tenant.call(lambda: list(tenant.cloud.network.security_groups(name="lab-a")))
    rules = tenant.call(lambda: list(tenant.cloud.network.security_group_rules(security_group_id=group.id)))
    (ssh,) = [rule for rule in rules if rule.port_range_min == 22]
    tenant.call(tenant.cloud.network.delete_security_group_rule, ssh)
    everybody = {"security_group_id": group.id, "direction": "ingress", "ether_type": "IPv4", "protocol": "tcp"}
    made_by_hand(tenant, "security_group_rule", port_range_min=22, port_range_max=22, **everybody)
    made_by_hand(
        tenant, "security_group_rule", remote_group_id=group.id, port_range_min=1, port_range_max=9, **everybody
    )
    assert tenant.converge("openstack_security_group.rules", "lab-a", rules=RULES[:3]) == {
        "ingress IPv4 tcp 22 from 192.0.2.0/24": {"old": None, "new": "allowed"},
        "ingress IPv4 tcp 22 from 0.0.0.0/0": {"old": "allowed", "new": None},
        "ingress IPv4 tcp 1-9 from group lab-a": {"old": "allowed", "new": None},
    }


def test_egress_is_allowed_until_a_rule_says_otherwise(tenant):
    tenant.converge("openstack_security_group.present", "lab-a")
    dns = {"direction": "egress", "protocol": "udp", "port_range_min": 53, "port_range_max": 53}
    assert tenant.converge("openstack_security_group.rules", "lab-a", rules=[dns]) == {
        "egress IPv4 udp 53 to 0.0.0.0/0": {"old": None, "new": "allowed"},
        "egress IPv4 any to 0.0.0.0/0": {"old": "allowed", "new": None},
        "egress IPv6 any to ::/0": {"old": "allowed", "new": None},
    }
    assert len(tenant.converge("openstack_security_group.rules", "lab-a", rules=[])) == 3


def test_key_pair(tenant, public_keys):
    first, second = public_keys
    tenant.converge("openstack_key_pair.present", "lab-k", public_key=first)
    # a comment does not count
    bare = " ".join(first.split()[:2])
    assert tenant.apply("openstack_key_pair.present", "lab-k", public_key=f"{bare} another")["changes"] == {}
    changes = tenant.converge("openstack_key_pair.present", "lab-k", public_key=second)
    assert changes == {"public_key": {"old": bare, "new": " ".join(second.split()[:2])}}
    assert tenant.converge("openstack_key_pair.absent", "lab-k") == {"key pair": {"old": "lab-k", "new": None}}


def test_server_group(tenant):
    name = f"{tenants.OWNER}-omeroreadonly"
    changes = tenant.converge("openstack_server_group.present", name, policy="soft-anti-affinity")
    assert changes == {"server group": {"old": None, "new": {"name": name, "policy": "soft-anti-affinity"}}}
    assert "policy: expected 'affinity', found" in tenant.refused(
        "openstack_server_group.present", name, policy="affinity"
    )
    tenant.converge("openstack_server_group.absent", name)
    given = {"policy": "anti-affinity", "max_server_per_host": 2}
    tenant.converge("openstack_server_group.present", name, **given)
    comment = tenant.refused("openstack_server_group.present", name, **given | {"max_server_per_host": 3})
    assert "max_server_per_host: expected 3, found 2" in comment


def test_floating_ip(tenant, outside):
    changes = tenant.converge("openstack_floating_ip.present", "lab-f", external_network=outside)
    assert changes == {"floating IP": {"old": None, "new": {"name": "lab-f", "external_network": outside}}}
    (ip,) = tenant.call(lambda: list(tenant.cloud.network.ips(project_id=tenant.project.id)))
    again = tenant.apply("openstack_floating_ip.present", "lab-f", external_network=outside)
    assert again["comment"] == f"lab-f is as it should be ({ip.floating_ip_address})"
    # one that was there before is used by its address, and stays
    given = {"external_network": outside, "address": ip.floating_ip_address}
    assert tenant.apply("openstack_floating_ip.present", "lab-g", **given)["changes"] == {}
    assert tenant.apply("openstack_floating_ip.absent", "lab-g")["changes"] == {}
    assert tenant.converge("openstack_floating_ip.absent", "lab-f") == {"floating IP": {"old": "lab-f", "new": None}}


def test_two_of_one_name_are_an_error(tenant, outside):
    for _ in range(2):
        made_by_hand(tenant, "network", name="lab-net")
        made_by_hand(tenant, "router", name="lab-r")
        made_by_hand(tenant, "security_group", name="lab-a")
    external = tenant.call(lambda: tenant.cloud.network.find_network(outside).id)
    for _ in range(2):
        made_by_hand(tenant, "ip", floating_network_id=external, description=f"lab-f [idr-salt:{tenants.OWNER}]")
    single = made_by_hand(tenant, "network", name="lab-single")
    for cidr in ("10.31.0.0/24", "10.32.0.0/24"):
        made_by_hand(tenant, "subnet", name="lab-sub", network_id=single.id, ip_version=4, cidr=cidr)
    for state, name, given in (
        ("network", "lab-net", {}),
        ("subnet", "lab-sub", {"network": "lab-single", "cidr": "10.31.0.0/24"}),
        ("router", "lab-r", {}),
        ("security_group", "lab-a", {}),
        ("floating_ip", "lab-f", {"external_network": outside}),
    ):
        for function, arguments in (("present", given), ("absent", {})):
            comment = tenant.refused(f"openstack_{state}.{function}", name, **arguments)
            assert f"{name}: expected one of this name, found 2: " in comment
    assert "expected one of this name" in tenant.refused("openstack_security_group.rules", "lab-a", rules=[])


def test_what_is_not_ours_is_neither_changed_nor_removed(tenant, outside, public_keys):
    network = made_by_hand(tenant, "network", name="lab-net", description="of somebody else")
    made_by_hand(tenant, "subnet", name="lab-sub", network_id=network.id, ip_version=4, cidr="10.31.0.0/24")
    made_by_hand(tenant, "router", name="lab-r", description=f"of another [idr-salt:{tenants.OWNER}-b]")
    made_by_hand(tenant, "security_group", name="lab-a")
    tenant.call(tenant.cloud.compute.create_keypair, name="lab-k", public_key=public_keys[0])
    cases = (
        ("network.present", "lab-net", {"mtu": 1200}),
        ("network.absent", "lab-net", {}),
        ("subnet.present", "lab-sub", {"network": "lab-net", "cidr": "10.31.0.0/24", "enable_dhcp": False}),
        ("subnet.absent", "lab-sub", {}),
        ("router.present", "lab-r", {"external_network": outside}),
        ("router.present", "lab-r", {"subnets": ["lab-sub"]}),
        ("router.absent", "lab-r", {}),
        ("security_group.rules", "lab-a", {"rules": RULES[:1]}),
        ("security_group.absent", "lab-a", {}),
        ("key_pair.present", "lab-k", {"public_key": public_keys[1]}),
        ("key_pair.absent", "lab-k", {}),
    )
    for state, name, given in cases:
        for test in (True, False):
            comment = tenant.refused(f"openstack_{state}", name, test=test, **given)
            assert f"does not end with [idr-salt:{tenants.OWNER}]" in comment
    # but it may be used as it is
    assert tenant.apply("openstack_network.present", "lab-net")["result"] is True
    assert tenant.apply("openstack_key_pair.present", "lab-k", public_key=public_keys[0])["result"] is True
    assert tenant.apply("openstack_security_group.rules", "lab-a", rules=[])["result"] is True


def test_server_groups_are_known_by_their_whole_name(tenant):
    group = {"name": f"{tenants.OWNER}-b-database", "policy": "affinity"}
    tenant.call(tenant.cloud.compute.create_server_group, **group)
    assert "is not removed" in tenant.refused("openstack_server_group.absent", group["name"])
    comment = tenant.refused("openstack_server_group.present", "any", policy="affinity")
    assert f"name: expected <owner>-<role>, such as {tenants.OWNER}-omeroreadonly" in comment


def test_an_administrator_works_on_the_own_project_only(tenant, plane):
    """He sees the networks of all projects."""
    tenant.add_entry("admin", auth={"username": "admin", "password": plane.password("admin"), "project_name": "admin"})
    make_network(tenant)
    comment = tenant.apply("openstack_network.absent", "lab-net", cloud="admin")["comment"]
    assert comment == "lab-net is as it should be"
    given = {"cloud": "admin", "network": "lab-net", "cidr": "10.35.0.0/24"}
    assert "network lab-net: expected it to be there" in tenant.refused("openstack_subnet.present", "lab-x", **given)
    given = {"cloud": "admin", "subnets": ["lab-sub"]}
    assert "subnet lab-sub: expected it to be there" in tenant.refused("openstack_router.present", "lab-x", **given)
    assert tenant.remains() == ["network", "subnet"]


def test_what_servers_use_is_not_removed(tenant, outside):
    make_network(tenant)
    name = f"{tenants.OWNER}-database"
    tenant.converge("openstack_router.present", "lab-r", external_network=outside, subnets=["lab-sub"])
    tenant.converge("openstack_security_group.present", "lab-a")
    tenant.converge("openstack_server_group.present", name, policy="soft-affinity")
    tenant.converge("openstack_floating_ip.present", "lab-f", external_network=outside)
    tenant.call(_boot, tenant, name)
    # Neutron and Nova tell each other of the address and the port afterwards.
    tenant.settle()
    for state, used, users in (
        ("network", "lab-net", "1 server"),
        ("subnet", "lab-sub", "1 server"),
        ("router", "lab-r", "floating IP .*, 1 server of subnet lab-sub"),
        ("security_group", "lab-a", "1 server"),
        ("server_group", name, "1 server"),
        ("floating_ip", "lab-f", r"10\.31\.0\.\d+, to which .* leads"),
    ):
        for test in (True, False):
            comment = tenant.refused(f"openstack_{state}.absent", used, test=test)
            assert re.fullmatch(f"[a-zIP ]+ {used} is not removed, because it is used by {users}", comment), comment


def _boot(tenant, group):
    cloud = tenant.cloud
    (group,) = [one for one in cloud.compute.server_groups() if one.name == group]
    server = cloud.create_server(
        "lab-server",
        image=next(cloud.image.images()).id,
        flavor=min(cloud.compute.flavors(), key=lambda flavor: flavor.ram).id,
        network="lab-net",
        security_groups=["lab-a"],
        group=group.id,
        auto_ip=False,
        wait=True,
        timeout=120,
    )
    (port,) = cloud.network.ports(device_id=server.id)
    (ip,) = cloud.network.ips(project_id=tenant.project.id)
    ip = cloud.network.update_ip(ip, port_id=port.id)
    openstack.resource.wait_for_status(cloud.network, ip, "ACTIVE", [], 1, 60)


@pytest.mark.parametrize(
    ("state", "given", "expected"),
    [
        ("network.present", {"name": " "}, "name: expected a text"),
        ("network.present", {"name": "x" * 250}, "name: expected a text"),
        ("network.present", {"owner": "Lab 7"}, "owner: expected lower-case words"),
        ("network.absent", {"owner": None}, "owner: expected lower-case words"),
        ("network.present", {"cloud": "nowhere"}, "cloud nowhere: expected an entry of clouds.yaml"),
        ("network.present", {"cloud": 7}, "cloud: expected the name of an entry"),
        ("network.present", {"mtu": "large"}, "mtu"),
        ("subnet.present", {"network": "n", "cidr": "10.31.0.1/24"}, "cidr: expected a network such as"),
        ("subnet.present", {"network": "n", "cidr": 10}, "cidr: expected a network such as"),
        ("router.present", {"external_network": True}, "external_network: expected a name"),
        ("router.present", {"external_network": False, "enable_snat": True}, "enable_snat: expected"),
        ("router.present", {"enable_snat": True}, "enable_snat: expected true or false, with an external_network"),
        ("router.present", {"subnets": [""]}, "subnets:0: expected a name"),
        ("subnet.present", {"network": None, "cidr": "10.31.0.0/24"}, "network: expected a name"),
        ("router.present", {"subnets": "lab-sub"}, "subnets: expected a list of names"),
        ("security_group.rules", {"rules": [{"port": 80}]}, "rules:0: expected some of the keys direction"),
        ("key_pair.present", {"public_key": "-----BEGIN OPENSSH"}, "public_key: expected one line"),
        ("server_group.present", {"name": "lab-7-proxy", "policy": "apart"}, "policy: expected one of affinity"),
        ("floating_ip.present", {"external_network": None}, "external_network: expected a name"),
        ("floating_ip.present", {"external_network": "n", "address": "here"}, "address: expected an address"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(tenant, state, given, expected):
    for test in (True, False):
        comment = tenant.refused(f"openstack_{state}", **{"name": "lab-x", **given}, test=test)
        assert expected in comment


def test_a_wrong_password_is_said_without_it(tenant):
    tenant.add_entry("locked", auth={"password": "not-this-one"})
    comment = tenant.refused("openstack_network.present", "lab-net", cloud="locked")
    assert "cloud locked: " in comment
    assert "HTTP 401" in comment
    assert "not-this-one" not in comment


def test_what_only_administrators_may_is_said(tenant, outside):
    comment = tenant.refused("openstack_router.present", "lab-r", external_network=outside, enable_snat=False)
    assert "HTTP 403" in comment
    address = tenant.call(_free_address, tenant, outside)
    given = {"external_network": outside, "address": address}
    assert "HTTP 403" in tenant.refused("openstack_floating_ip.present", "lab-f", **given)


def _free_address(tenant, outside):
    network = tenant.admin.network
    subnet = next(network.subnets(network_id=network.find_network(outside).id))
    return subnet.allocation_pools[0]["end"]


def test_a_quota_is_named_and_what_was_done_is_told(tenant):
    tenant.converge("openstack_security_group.present", "lab-a")
    tenant.converge("openstack_security_group.present", "lab-b")
    count = tenant.call(lambda: len(list(tenant.cloud.network.security_group_rules(project_id=tenant.project.id))))
    quota = tenant.admin.network.update_quota
    tenant.call(quota, tenant.project.id, security_group_rules=count + 2)
    try:
        answer = tenant.apply("openstack_security_group.rules", "lab-a", rules=RULES)
    finally:
        tenant.call(quota, tenant.project.id, security_group_rules=-1)
    assert answer["result"] is False
    assert "security_group_rule" in answer["comment"]
    assert len(answer["changes"]) == 2
    rest = tenant.apply("openstack_security_group.rules", "lab-a", rules=RULES)
    assert rest["result"] is True
    assert len(rest["changes"]) == len(RULES) - 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault("neutron", "POST", "/networks$", lost=True, carried_out=True),
        Fault("neutron", "POST", "/networks$", lost=True),
        Fault("neutron", "POST", "/networks$", times=2, status=429),
        Fault("neutron", "POST", "/networks$", status=503),
        Fault("neutron", "GET", "/networks", times=2, status=500),
    ],
    ids=["lost after", "lost before", "429", "503", "500"],
)
def test_faults_are_survived_and_nothing_is_made_twice(tenant, faulty, fault):
    faulty.faults = [fault]
    answer = tenant.apply("openstack_network.present", "lab-net", cloud="faulty")
    made = {"network": {"old": None, "new": {"name": "lab-net"}}}
    assert (answer["result"], answer["changes"]) == (True, made), answer
    assert fault.times == 0
    assert len(tenant.inventory()["network"]) == 1


def test_a_pause_that_the_cloud_asks_for_is_made(tenant, faulty):
    faulty.faults = [Fault("neutron", "POST", "/networks$", status=503, retry_after="4")]
    assert tenant.apply("openstack_network.present", "lab-net", cloud="faulty")["result"] is True
    first, second = [seen.at for seen in faulty.seen if seen.method == "POST" and seen.path.endswith("/networks")]
    assert 3.9 < second - first < 8


def test_a_removal_whose_answer_was_lost_is_told(tenant, faulty):
    tenant.converge("openstack_network.present", "lab-net")
    faulty.faults = [Fault("neutron", "DELETE", "/networks/", lost=True, carried_out=True)]
    answer = tenant.apply("openstack_network.absent", "lab-net", cloud="faulty")
    assert (answer["result"], answer["changes"]) == (True, {"network": {"old": "lab-net", "new": None}})
    assert len([seen for seen in faulty.seen if seen.method == "DELETE"]) == 1
