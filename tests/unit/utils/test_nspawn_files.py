"""Files of a host's own layer."""

import nspawn_files


def test_machine_files():
    files = {file.path: file for file in nspawn_files.machine("one", "10.99.0.2", 24, "10.99.0.1", "ab" * 16)}
    assert files["etc/hostname"].content == "one\n"
    assert files["etc/machine-id"].content == "ab" * 16 + "\n"
    assert "10.99.0.2 one\n" in files["etc/hosts"].content
    network = files["etc/systemd/network/10-host0.network"].content
    assert "Address=10.99.0.2/24\nGateway=10.99.0.1\n" in network
    wants = files["etc/systemd/system/local-fs.target.wants/nspawn-volumes.service"]
    assert wants.link.lstrip("/") in files


def test_an_interface_has_the_mac_that_a_cloud_gave_it():
    text = nspawn_files.network("10.99.0.2", 24, "10.99.0.1", "fa:16:3e:00:00:01")
    assert "[Link]\nMACAddress=fa:16:3e:00:00:01\n" in text
    assert "[Link]" not in nspawn_files.network("10.99.0.2", 24, "10.99.0.1")


def test_minion_keys_are_private():
    files = {file.path: file for file in nspawn_files.minion("id: one\n", "PRIVATE", "PUBLIC", "MASTER")}
    assert files["etc/salt/pki/minion/minion.pem"].mode == 0o400
    assert files["etc/salt/pki/minion/minion.pem"].content == "PRIVATE"
    assert files["etc/salt/pki/minion/minion_master.pub"].content == "MASTER"
    assert [file.path for file in files.values() if "PRIVATE" in file.content] == ["etc/salt/pki/minion/minion.pem"]


def test_minion_without_the_masters_key():
    paths = [file.path for file in nspawn_files.minion("id: one\n", "PRIVATE", "PUBLIC")]
    assert "etc/salt/pki/minion/minion_master.pub" not in paths


def test_no_minion_masks_the_service():
    assert [(file.path, file.link) for file in nspawn_files.no_minion()] == [
        ("etc/systemd/system/salt-minion.service", "/dev/null")
    ]
