"""Servers of the OpenStack stand-in that are hosts: what they are made of, and whose volumes they have."""

import json

import pytest
from cloud_errors import CloudError
from stand_in import first_boot, hosts

RECORD = {
    "uuid": "0b8f2f0e-6a5c-4a55-8f0a-0f2f3a0c7c11",
    "name": "idr-ci-database",
    "ram": 4096,
    "cpus": 2,
    "address": "10.97.4.20",
    "prefix": 24,
    "gateway": "10.97.4.1",
    "mac": "fa:16:3e:00:00:01",
    "public_key": "ssh-ed25519 AAAA idr-ci",
    "volumes": {},
}
SHARES = {"(?P<environment>.+)-omeroreadonly(-[0-9]+)?": "{environment}-omeroreadwrite"}


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Servers that are never started; ``started`` has their ids."""
    made = hosts.Hosts(hosts.Settings(tmp_path, tmp_path / "image", "br0", "group-", {"salt": "10.97.4.1"}, SHARES))
    made.started = []
    monkeypatch.setattr(made, "start", made.started.append)
    return made


def server(number, name, **more):
    return {**RECORD, "uuid": RECORD["uuid"][:-1] + str(number), "name": name, **more}


def volumes(made, record):
    given = made._launch_volumes(record)
    return sorted(volume["id"] for volume in given["volumes"]), sorted(given["shared"])


def test_a_server_is_what_nova_and_neutron_say(made, tmp_path):
    made.make(RECORD)
    upper = tmp_path / RECORD["uuid"] / "upper"
    assert made.started == [RECORD["uuid"]]
    assert (upper / "etc/hostname").read_text() == "idr-ci-database\n"
    network = (upper / "etc/systemd/network/10-host0.network").read_text()
    assert "MACAddress=fa:16:3e:00:00:01\n" in network
    assert "Address=10.97.4.20/24\nGateway=10.97.4.1\n" in network
    assert (tmp_path / RECORD["uuid"]).stat().st_mode & 0o777 == 0o700


def test_its_first_boot_is_cloud_inits():
    files = {file.path: file for file in first_boot.files(RECORD, {"salt": "10.97.4.1"})}
    assert "10.97.4.1 salt\n" in files["etc/hosts"].content
    assert "10.97.4.20 idr-ci-database\n" in files["etc/hosts"].content
    assert files[first_boot.KEYS].content == "ssh-ed25519 AAAA idr-ci\n"
    assert f"/{first_boot.KEYS} /home/debian/.ssh/authorized_keys" in files[first_boot.UNIT].content
    assert files["etc/sudoers.d/debian"].mode == 0o440


def test_a_server_without_a_key_lets_nobody_in():
    files = {file.path: file for file in first_boot.files({**RECORD, "public_key": None}, {})}
    assert files[first_boot.KEYS].content.strip() == ""


def test_made_again_it_only_gets_its_new_size(made, tmp_path):
    made.make({**RECORD, "volumes": {"v1": "/pool/v1"}})
    made.make({key: RECORD[key] for key in ("uuid", "name", "public_key")} | {"ram": 512, "cpus": 1, "volumes": {}})
    record = made.load(RECORD["uuid"])
    assert (record["ram"], record["address"], record["volumes"]) == (512, "10.97.4.20", {"v1": "/pool/v1"})


def test_a_volume_comes_and_goes(made):
    made.make(RECORD)
    made.attach(RECORD["uuid"], "v1", "/pool/v1")
    assert volumes(made, made.load(RECORD["uuid"])) == (["v1"], [])
    made.detach(RECORD["uuid"], "v1")
    assert made.load(RECORD["uuid"])["volumes"] == {}


def test_a_volume_in_use_stays(made, monkeypatch):
    made.make({**RECORD, "volumes": {"v1": "/pool/v1"}})
    monkeypatch.setattr(made, "_sync", lambda key: {"v1": "in use"})
    with pytest.raises(CloudError, match="idr-ci-database: volume v1: in use"):
        made.detach(RECORD["uuid"], "v1")
    assert made.load(RECORD["uuid"])["volumes"] == {"v1": "/pool/v1"}


def test_read_only_servers_share_the_read_write_servers_volume(made):
    owner = server(1, "idr-ci-omeroreadwrite", volumes={"data": "/pool/data"})
    reader = server(2, "idr-ci-omeroreadonly-1")
    stranger = server(3, "idr-test-omeroreadonly-1")
    for record in (owner, reader, stranger):
        made.make(record)
    assert volumes(made, owner) == (["data"], ["data"])
    assert volumes(made, reader) == (["data"], ["data"])
    assert volumes(made, stranger) == ([], [])


def test_readers_hear_of_a_volume_that_comes_later(made, tmp_path):
    made.make(server(1, "idr-ci-omeroreadwrite"))
    reader = server(2, "idr-ci-omeroreadonly-1")
    made.make(reader)
    launch = tmp_path / reader["uuid"] / "launch.json"
    launch.write_text(json.dumps({"serial": 1, "volumes": []}))
    made.attach(server(1, "")["uuid"], "data", "/pool/data")
    assert [volume["id"] for volume in json.loads(launch.read_text())["volumes"]] == ["data"]


def test_destroying_leaves_nothing(made, tmp_path):
    made.make(RECORD)
    made.destroy(RECORD["uuid"])
    made.destroy(RECORD["uuid"])
    assert list(tmp_path.iterdir()) == []
