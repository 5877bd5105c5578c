"""idr_roster: salt-ssh's hosts out of maps and profiles."""

import idr_roster
import pytest
import yaml

PROFILES = {"real": {"ssh_username": "admin", "key_filename": "/k", "known_hosts_file": "/h"}, "bare": {}}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "cloud.profiles.d").mkdir()
    (tmp_path / "cloud.profiles.d/x.conf").write_text(yaml.safe_dump(PROFILES))
    return tmp_path


def test_hosts_are_those_whose_map_says_where_they_are(root):
    (root / "x.map").write_text(
        "real:\n- x-database: {ssh_host: 192.0.2.1}\n- x-proxy: {ssh_host: p, ssh_username: root, ssh_port: 2222}\n"
        "- x-management\nbare:\n- x-omeroreadwrite: [{ssh_host: w}]\n"
    )
    checked = {"ssh_options": ["StrictHostKeyChecking=yes", "UserKnownHostsFile=/h"]}
    assert idr_roster.hosts(root) == {
        "x-database": {"host": "192.0.2.1", "user": "admin", "priv": "/k", "sudo": True, **checked},
        "x-proxy": {"host": "p", "user": "root", "port": 2222, "priv": "/k", "sudo": False, **checked},
        "x-omeroreadwrite": {"host": "w", "sudo": False},
    }


def test_a_map_that_is_none_is_named(root):
    (root / "x.map").write_text("real: none\n")
    with pytest.raises(ValueError, match="x.map: real: expected a list of hosts"):
        idr_roster.hosts(root)


def test_the_checkout_has_no_password_for_anybody(checkout):
    found = idr_roster.hosts(checkout)
    assert {name.rpartition("-")[0] for name in found} >= {"idr-onprem"}
    assert {option for target in found.values() for option in target} <= {"host", "user", "priv", "sudo", "ssh_options"}
    assert all("StrictHostKeyChecking=yes" in target["ssh_options"] for target in found.values())
