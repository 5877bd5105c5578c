"""
OpenStack from end to end: its control plane in the local environment, where Nova starts each server as a real host.

The documented commands as an operator types them, in their order: the cloud's networks, the hosts of the map with Salt
by SSH, their states, a visit, and all of it gone again. A master of its own does it; the local site is left alone.
"""

import re
import time

import pytest
import yaml
from openstack_site import Site, unwell

from testbed.openstack import ci
from testbed.paths import CHECKOUT

ENVIRONMENT = ci.ENVIRONMENT
READER = f"{ENVIRONMENT}-omeroreadonly-1"
PROXY = f"{ENVIRONMENT}-proxy"
MANAGEMENT = f"{ENVIRONMENT}-management"


def mapped():
    """`{host: what the map says of it}`."""
    profiles = yaml.safe_load((CHECKOUT / ci.MAP).read_text()).values()
    return {name: given or {} for hosts in profiles for host in hosts for name, given in host.items()}


@pytest.fixture(scope="module")
def site(local):
    """A cloud with an empty project, and a master that knows its login."""
    made = Site()
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def hosts(site):
    """The hosts of the map, made once: what `salt-cloud -F` tells of them."""
    return site.make()


@pytest.fixture(scope="module")
def applied(site, hosts):
    """What `salt '*' state.apply` answers, from nothing."""
    return site.salt("*", "state.apply", "queue=True", within=900)


def test_the_map_makes_hosts_with_their_minions(site, hosts):
    assert sorted(hosts) == sorted(mapped())
    for name, node in hosts.items():
        assert (node["state"], node["key_name"]) == ("running", ENVIRONMENT)
        assert [volume["name"] for volume in node["volumes"]] == [
            f"{name}-{volume['name']}" for volume in mapped()[name].get("volumes", ())
        ]
    assert site.salt("*", "test.ping") == dict.fromkeys(mapped(), True)
    assert site.ask("salt-key", "-l", "all")["minions"] == sorted(mapped())


def test_each_is_at_the_address_that_neutron_gave_it(site, hosts):
    ports = site.look(
        lambda cloud: {ip["ip_address"]: port.mac_address for port in cloud.network.ports() for ip in port.fixed_ips}
    )
    seen = site.salt("*", "network.interfaces")
    for name, node in hosts.items():
        interface = seen[name]["host0"]
        (address,) = node["private_ips"]
        assert [each["address"] for each in interface["inet"]] == [address]
        assert interface["hwaddr"] == ports[address]


def test_a_second_run_of_the_map_has_nothing_to_make(site, hosts):
    made = site.ask("salt-cloud", "-m", ci.MAP, "-P", "-y")
    assert {node["Message"] for node in made.values()} == {"Already running."}


def test_the_states_converge_from_nothing_on_all_hosts_at_once(applied):
    assert sorted(applied) == sorted(mapped())
    assert not (failed := unwell(applied)), "\n".join(f"{name}: {text}" for name, text in failed.items())


def test_volumes_of_cinder_are_mounted(site, applied):
    mounted = site.salt(f"{ENVIRONMENT}-database", "mount.is_mounted", "/var/lib/postgresql")
    assert list(mounted.values()) == [True]
    sizes = site.salt(f"{ENVIRONMENT}-database", "disk.usage")[f"{ENVIRONMENT}-database"]
    given = mapped()[f"{ENVIRONMENT}-database"]["volumes"][0]["size"]
    assert 0.9 * given < int(sizes["/var/lib/postgresql"]["1K-blocks"]) / 2**20 <= given


def test_start_event_and_reactor_have_made_the_server_join(site, applied):
    deadline = time.monotonic() + 180
    while (record := site.ask("salt-run", "idr.joins", ENVIRONMENT).get(READER, {})).get("state") != "serving":
        assert time.monotonic() < deadline, record
        time.sleep(3)
    assert site.salt(PROXY, "frontend.servers")[PROXY]


def test_the_site_answers_at_its_floating_ip(site, hosts, applied):
    (address,) = hosts[PROXY]["public_ips"]
    deadline = time.monotonic() + 120
    while (answer := site.get(f"http://{address}/"))[0] != 200:
        assert time.monotonic() < deadline, answer
        time.sleep(2)
    assert "<title>A local image repository</title>" in answer[1]
    status, body = site.get(f"http://{address}/webclient/keepalive_ping/")
    assert (status, body) == (200, "OK")
    assert re.search('"count": *[1-9]|"totalCount": *[1-9]', site.get(f"http://{address}/api/v0/m/projects/")[1])


def test_a_host_stops_starts_and_reboots_with_its_volume(site, hosts, applied):
    for action, running in (("stop", False), ("start", True), ("reboot", True)):
        done = site.run("salt-cloud", "-a", action, MANAGEMENT, "-y")
        assert done.returncode == 0, done.stdout + done.stderr
        assert site.runs(hosts[MANAGEMENT]["id"]) is running
    assert site.boots(hosts[MANAGEMENT]["id"]) == 2
    deadline = time.monotonic() + 120
    while not site.salt(MANAGEMENT, "mount.is_mounted", "/data").get(MANAGEMENT):
        assert time.monotonic() < deadline
        time.sleep(2)


def test_the_destroyed_map_leaves_nothing(site, applied):
    assert sorted(site.left()) == [
        "cgroups", "floating IPs", "hosts", "keys", "loop devices", "ports", "servers", "volume files", "volumes",
    ]  # fmt: skip
    done = site.run("salt-cloud", "-m", ci.MAP, "-d", "-P", "-y", "--out=json", within=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert site.left() == {}
    site.orchestrate("orch.infrastructure_removed", ENVIRONMENT)
    networks = site.look(
        lambda cloud: [each.name for each in cloud.network.networks(project_id=cloud.current_project_id)]
    )
    assert networks == []
