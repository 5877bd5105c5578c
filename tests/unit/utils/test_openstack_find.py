"""One of a name, and who uses it."""

import types

import openstack_find
import pytest
from cloud_errors import CloudError


def items(*ids):
    return [types.SimpleNamespace(id=id) for id in ids]


def test_none_and_one():
    assert openstack_find.one("network", "lab", iter([])) is None
    assert openstack_find.one("network", "lab", iter(items("a"))).id == "a"


def test_two_are_an_error_that_names_both():
    with pytest.raises(CloudError, match="^network lab: expected one of this name, found 2: a, b$"):
        openstack_find.one("network", "lab", items("b", "a"))


def test_what_has_to_be_there():
    with pytest.raises(CloudError, match="^subnet lab: expected it to be there"):
        openstack_find.some("subnet", "lab", None)


@pytest.mark.parametrize(
    ("owners", "text"),
    [
        ([], ""),
        (["network:dhcp", "network:router_interface"], ""),
        (["compute:nova", "compute:az-2", "network:dhcp"], "2 servers"),
        (["compute:nova", ""], "1 server, 1 other port"),
        ([None, "baremetal:none"], "2 other ports"),
    ],
)
def test_users(owners, text):
    assert openstack_find.users([types.SimpleNamespace(device_owner=owner) for owner in owners]) == text
