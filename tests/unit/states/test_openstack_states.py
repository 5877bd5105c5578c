"""Where the states openstack_* load."""

import importlib.util

import pytest

STATES = (
    "openstack_floating_ip",
    "openstack_key_pair",
    "openstack_network",
    "openstack_router",
    "openstack_security_group",
    "openstack_server_group",
    "openstack_subnet",
)


@pytest.mark.parametrize("name", STATES)
def test_they_load_where_openstacksdk_is(load, name, monkeypatch):
    module = load("states", name, opts={"test": False}, context={})
    assert module.__virtual__() == name
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "openstack" else find(name))
    assert module.__virtual__() == (False, "openstacksdk is not installed")


def test_no_state_is_forgotten_here(checkout):
    assert tuple(sorted(path.stem for path in (checkout / "_states").glob("openstack_*.py"))) == STATES
