"""What the OpenStack services are told of the stand-ins."""

import configparser
from pathlib import Path

from testbed.openstack import ci, settings

STATE = Path("/tmp/plane")  # noqa: S108  only a name


def read(computers=None):
    """`{file: its sections}`."""
    parsed = {}
    for name, text in settings.files(STATE, "secret", computers).items():
        parsed[name] = configparser.RawConfigParser()
        parsed[name].read_string(text)
    return parsed


def test_servers_are_rows_by_default():
    found = read()
    assert found["nova.conf"]["DEFAULT"]["compute_driver"] == "stand_in.Driver"
    assert not found["nova.conf"].has_section("stand_in")
    assert not found["neutron.conf"].has_section("stand_in")
    assert found["cinder.conf"]["file"]["stand_in_folder"] == f"{STATE}/volumes"


def test_servers_are_hosts_where_there_is_something_to_make_them_of():
    made = settings.Computers(
        Path("/srv/servers"),
        Path("/srv/volumes"),
        Path("/srv/image"),
        "br0",
        "group-",
        {"salt": "10.97.4.1"},
        ("a", "b"),
    )
    found = read(made)
    assert found["nova.conf"]["DEFAULT"]["compute_driver"] == "stand_in_hosts.Driver"
    assert dict(found["nova.conf"]["stand_in"])["names"] == "salt:10.97.4.1"
    assert (found["nova.conf"]["stand_in"]["shares_hosts"], found["nova.conf"]["stand_in"]["shares_with"]) == ("a", "b")
    assert found["cinder.conf"]["file"]["stand_in_folder"] == "/srv/volumes"
    assert found["neutron.conf"]["stand_in"]["floating"] == "true"


def test_the_gateway_is_the_first_address_of_the_environments_network():
    assert ci.gateway() == str(ci.network()[1])
