"""What Nova says of a server, as the driver shows it."""

import types

import openstack_servers
import pytest


def server(*entries):
    return types.SimpleNamespace(
        addresses={"idr": [{"addr": address, "OS-EXT-IPS:type": kind} for address, kind in entries]}
    )


@pytest.mark.parametrize(
    ("entries", "floating_ips", "addresses"),
    [
        ([("10.0.0.5", "fixed"), ("198.51.100.7", "floating")], None, (["10.0.0.5"], ["198.51.100.7"])),
        # what Nova has not heard of yet, and what it has not forgotten yet
        ([("10.0.0.5", "fixed"), ("198.51.100.7", "floating")], ["198.51.100.8"], (["10.0.0.5"], ["198.51.100.8"])),
        ([("10.0.0.5", "fixed"), ("198.51.100.7", "floating")], [], (["10.0.0.5"], [])),
        ([("8.8.8.8", "fixed")], None, ([], ["8.8.8.8"])),
        ([], None, ([], [])),
    ],
)
def test_addresses(entries, floating_ips, addresses):
    assert openstack_servers.addresses(server(*entries), floating_ips) == addresses


def test_a_flavour_has_a_name_or_an_id():
    assert openstack_servers.flavor_name(types.SimpleNamespace(flavor={"original_name": "m1"}), {}) == "m1"
    assert openstack_servers.flavor_name(types.SimpleNamespace(flavor={"id": "1"}), {"1": "m1"}) == "m1"
    assert openstack_servers.flavor_name(types.SimpleNamespace(flavor={"id": "1"}), {}) == "1"
