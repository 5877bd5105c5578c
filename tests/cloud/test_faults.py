"""What the driver makes of a cloud whose services refuse, break off and lose answers."""

import re
import time

import pytest
from salt.exceptions import SaltCloudSystemExit

from testbed.openstack.faults import Fault

RETRIES = 3
WHOLE = {"volumes": [{"name": "db", "size": 1}], "floating_ip": True}
SERVERS, VOLUMES, ADDRESSES = "/servers$", "/volumes$", "/floatingips$"


def is_whole(site, node):
    """Whether a host is there, and no more than that."""
    left = site.left()
    assert node["state"] == "running"
    assert {kind: len(names) for kind, names in left.items()} == {
        "servers": 1,
        "volumes": 1,
        "floating IPs": 1,
        "ports": 1,
    }


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_fails_for_the_moment_is_done_all_the_same(faulty, status):
    faulty.proxy.faults = [
        Fault("keystone", "POST", "/auth/tokens", status=status if status != 500 else 503),
        Fault("nova", "GET", "/servers", times=2, status=status),
        Fault("cinder", "GET", "/volumes", times=2, status=status),
        Fault("neutron", "GET", "", times=2, status=status),
        Fault("cinder", "POST", VOLUMES, status=status),
        Fault("nova", "POST", SERVERS, status=status),
        Fault("neutron", "POST", ADDRESSES, status=status),
        Fault("nova", "POST", "/os-volume_attachments$", status=status),
        Fault("neutron", "PUT", "/floatingips/", status=status),
    ]
    is_whole(faulty, faulty.create("brief-one", **WHOLE))
    assert [fault for fault in faulty.proxy.faults if fault.times] == []


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("asked", "pause"), [("3", 3), ("86400", 5)], ids=["briefly", "for a day"])
def test_a_pause_that_the_cloud_asks_for_is_made_within_its_limit(faulty, status, asked, pause):
    faulty.proxy.faults = [
        Fault("cinder", "GET", "/volumes", status=status, retry_after=asked),
        Fault("cinder", "POST", VOLUMES, status=status, retry_after=asked),
    ]
    with faulty.options(api_timeout=5):
        faulty.function("create_volume", name="paused", size=1)
    for method, path in (("GET", "/volumes"), ("POST", VOLUMES)):
        first, second = [seen.at for seen in faulty.proxy.seen if seen.method == method and re.search(path, seen.path)][
            :2
        ]
        assert pause - 0.1 <= second - first < pause + 3


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_lost_answer_makes_nothing_twice(faulty, carried_out):
    faulty.proxy.faults = [
        Fault("cinder", "POST", VOLUMES, lost=True, carried_out=carried_out),
        Fault("nova", "POST", SERVERS, lost=True, carried_out=carried_out),
        Fault("neutron", "POST", ADDRESSES, lost=True, carried_out=carried_out),
        Fault("nova", "POST", "/os-volume_attachments$", lost=True, carried_out=carried_out),
        Fault("nova", "POST", "/metadata$", lost=True, carried_out=carried_out),
        Fault("neutron", "PUT", "/floatingips/", lost=True, carried_out=carried_out),
    ]
    is_whole(faulty, faulty.create("lost-one", **WHOLE))
    assert [fault for fault in faulty.proxy.faults if fault.times] == []
    faulty.proxy.faults = [
        Fault("nova", "DELETE", "/servers/", lost=True, carried_out=carried_out),
        Fault("neutron", "DELETE", "/floatingips/", lost=True, carried_out=carried_out),
    ]
    faulty.call("destroy", "lost-one")
    assert faulty.left() == {"volumes": ["lost-one-db"]}


@pytest.mark.parametrize(
    ("service", "method", "path", "status"),
    [
        ("cinder", "POST", VOLUMES, 503),
        ("nova", "POST", SERVERS, 503),
        ("nova", "POST", SERVERS, 429),
        ("nova", "POST", "/os-volume_attachments$", 503),
        ("neutron", "POST", ADDRESSES, 503),
        ("neutron", "PUT", "/floatingips/", 503),
    ],
)
def test_what_fails_for_good_leaves_nothing(faulty, service, method, path, status):
    faulty.proxy.faults = [Fault(service, method, path, times=100, status=status)]
    with pytest.raises(SaltCloudSystemExit) as caught:
        faulty.create("never-one", **WHOLE)
    assert "profile idr-base, host never-one: " in str(caught.value)
    assert str(status) in str(caught.value)
    assert faulty.left() == {}
    assert faulty.accepted_keys() == []
    tried = [seen for seen in faulty.proxy.seen if seen[:2] == (service, method) and re.search(path, seen[2])]
    assert len(tried) == 1 + RETRIES


def test_what_cannot_be_cleaned_up_is_named(faulty):
    faulty.proxy.faults = [
        Fault("nova", "POST", SERVERS, times=100, status=503),
        Fault("cinder", "DELETE", "/volumes/", times=100, status=503),
    ]
    with pytest.raises(SaltCloudSystemExit, match=r"what is left of it: messy-one-db \([0-9a-f-]{36}\): .*503"):
        faulty.create("messy-one", volumes=[{"name": "db", "size": 1}])
    assert faulty.left() == {"volumes": ["messy-one-db"]}
    faulty.proxy.clear()
    # the next attempt takes it
    assert [volume["name"] for volume in faulty.create("messy-one", volumes=[{"name": "db", "size": 1}])["volumes"]]


def test_slow_services_are_waited_for(faulty):
    faulty.proxy.faults = [
        Fault("nova", "POST", SERVERS, delay=3),
        Fault("cinder", "GET", "/volumes", times=2, delay=2),
    ]
    is_whole(faulty, faulty.create("slow-one", **WHOLE))


def test_a_service_that_does_not_answer_in_time_is_given_up(faulty):
    faulty.proxy.faults = [Fault("nova", "GET", "/servers", times=100, delay=12)]
    begun = time.monotonic()
    with (
        faulty.options(api_timeout=5, retries=1),
        pytest.raises(SaltCloudSystemExit, match="timed out|timeout"),
    ):
        faulty.call("list_nodes")
    assert time.monotonic() - begun < 40


def test_a_cloud_out_of_reach_is_said_in_one_line(faulty):
    faulty.proxy.faults = [Fault("keystone", "POST", "/auth/tokens", times=100, lost=True)]
    with faulty.options(retries=0), pytest.raises(SaltCloudSystemExit) as caught:
        faulty.call("list_nodes")
    assert "/auth/tokens" in str(caught.value)
    assert faulty.login["password"] not in str(caught.value)


def test_asking_for_all_servers_takes_few_requests(faulty):
    faulty.look(
        lambda cloud: [
            cloud.compute.create_server(
                name=f"many-{number}",
                image_id=cloud.image.find_image("debian-12").id,
                flavor_id="1",
                networks=[{"uuid": cloud.network.find_network("idr").id}],
            )
            for number in range(6)
        ]
    )
    faulty.proxy.clear()
    assert len(faulty.call("list_nodes")) == 6
    asked = [seen.path for seen in faulty.proxy.seen if "/servers" in seen.path or "/images" in seen.path]
    assert len(asked) <= 3
    assert not [path for path in asked if "many" in path]
