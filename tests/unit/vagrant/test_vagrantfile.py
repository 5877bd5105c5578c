"""What the Vagrantfile makes of the map: for each provider by a double, and as the real Vagrant takes it."""

import os
import shutil
import stat
import subprocess

import idr_maps
import pytest
import yaml

PROVIDERS = ("virtualbox", "libvirt", "lxc")


def _hosts(checkout):
    return set(idr_maps.hosts(checkout, "idr-local"))


def _seed(site, name, file):
    return (site.root / ".vagrant/idr/idr-local" / name / file).read_text()


def test_the_machines_are_the_hosts_of_the_map_and_the_master(site, checkout):
    assert set(site.read().nodes) == _hosts(checkout) | {"master"}


def test_a_line_of_the_map_is_a_machine(site, checkout):
    path = site.root / "idr-local.map"
    line = "  - idr-local-omeroreadonly-2\n"
    path.write_text(path.read_text().replace(line, line + "  - idr-local-omeroreadonly-7\n"))
    assert set(site.read().nodes) == _hosts(checkout) | {"master", "idr-local-omeroreadonly-7"}
    assert _seed(site, "master", "minions/idr-local-omeroreadonly-7").startswith("-----BEGIN PUBLIC KEY-----")


def test_no_address_changes_when_another_host_comes(site):
    def addresses():
        nodes = site.read().nodes
        return {name: node["libvirt"][1]["network"][0][1]["ip"] for name, node in nodes.items()}

    before = addresses()
    path = site.root / "idr-local.map"
    path.write_text(
        path.read_text().replace("idr-omeroreadonly:\n", "idr-omeroreadonly:\n  - idr-local-omeroreadonly-9\n")
    )
    assert addresses() == before | {"idr-local-omeroreadonly-9": "10.99.0.109"}


def test_another_map_is_named_by_a_variable(site):
    (site.root / "small.map").write_text("idr-proxy: [{idr-local-proxy: {size: m1.small}}]\n")
    nodes = site.read(IDR_MAP="small.map").nodes
    assert set(nodes) == {"master", "idr-local-proxy"}
    assert nodes["idr-local-proxy"]["virtualbox"][0]["memory"] == 1024


@pytest.mark.parametrize("provider", PROVIDERS)
def test_box_memory_and_address_of_each_provider(site, provider):
    data = yaml.safe_load((site.root / "vagrant/machines.yaml").read_text())
    addresses = set()
    for name, node in site.read().nodes.items():
        made, override = node[provider]
        wanted = data["master"] if name == "master" else data["sizes"][_size(site, name)]
        assert override["box"] == data["providers"][provider]["box"]
        if provider == "lxc":
            told = dict(entry[:2] for entry in made["customize"])
            memory = told.get("cgroup2.memory.max") or told["cgroup.memory.limit_in_bytes"]
            assert memory == f"{wanted['memory']}M"
            addresses.add(told["net.1.ipv4.address"].removesuffix("/24"))
        else:
            assert (made["memory"], made["cpus"]) == (wanted["memory"], wanted["cpus"])
            ((kind, network),) = override["network"]
            assert kind == "private_network"
            addresses.add(network["ip"])
    assert "10.99.0.1" in addresses
    assert addresses.isdisjoint({"10.99.0.254", "10.99.0.0"})
    assert len(addresses) == len(site.read().nodes)


def _size(site, name):
    profiles = yaml.safe_load((site.root / "cloud.profiles.d/idr-roles.conf").read_text())
    listed = yaml.safe_load((site.root / "idr-local.map").read_text())
    return next(profiles[profile]["size"] for profile, hosts in listed.items() if name in hosts)


def test_the_proxy_alone_is_reached_from_this_machine_and_from_it_alone(site):
    nodes = site.read().nodes
    assert [name for name, node in nodes.items() if "network" in node["vm"]] == ["idr-local-proxy"]
    ports = [entry[1] for entry in nodes["idr-local-proxy"]["vm"]["network"]]
    assert {(one["host"], one["guest"]) for one in ports} == {(8080, 80), (8443, 443), (4064, 4064)}
    assert {one["host_ip"] for one in ports} == {"127.0.0.1"}


def test_the_repository_is_on_the_master_without_secrets(site):
    nodes = site.read().nodes
    assert [name for name, node in nodes.items() if "synced_folder" in node["vm"]] == ["master"]
    ((here, there, options),) = nodes["master"]["vm"]["synced_folder"]
    assert (here, there) == (".", "/srv/idr")
    assert {"/pillar/secrets/", "/.local/", "/.vagrant/"} <= set(options["rsync__exclude"])


def test_keys_are_made_once_and_are_their_owner_s_alone(site, checkout):
    shutil.rmtree(site.root / ".vagrant")
    site.read()
    before = {path.name: path.read_text() for path in site.keys.iterdir()}
    assert {name.removesuffix(".pem") for name in before if name.endswith(".pem")} == _hosts(checkout) | {
        "master",
        "vagrant",
    }
    site.read()
    assert {path.name: path.read_text() for path in site.keys.iterdir()} == before
    for path in (site.root / ".vagrant/idr").rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_each_host_has_its_own_key_and_the_master_all_public_halves(site, checkout):
    site.read()
    for name in _hosts(checkout):
        private, public = (site.keys / f"{name}.{kind}" for kind in ("pem", "pub"))
        derived = subprocess.run(
            ["openssl", "rsa", "-in", private, "-pubout"], capture_output=True, text=True, check=True
        ).stdout
        assert public.read_text() == derived
        assert _seed(site, name, "minion.pem") == private.read_text()
        assert _seed(site, "master", f"minions/{name}") == derived
        assert _seed(site, name, "minion_master.pub") == _seed(site, "master", "master.pub")
        found = {path.name for path in (site.root / ".vagrant/idr/idr-local" / name).glob("*.pem")}
        assert found == {"minion.pem"}
    size = subprocess.run(
        ["openssl", "rsa", "-in", site.keys / "master.pem", "-text", "-noout"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "2048 bit" in size.stdout


def test_no_key_is_printed_or_in_git(site, checkout):
    asked = site.read()
    assert "PRIVATE KEY" not in asked.said
    assert asked.ssh["insert_key"] is False
    assert asked.ssh["private_key_path"][0] == str(site.keys / "vagrant.pem")
    subprocess.run(["git", "init", "-q", site.root], check=True)
    listed = subprocess.run(["git", "-C", site.root, "add", "-An"], capture_output=True, text=True, check=True).stdout
    assert "Vagrantfile" in listed
    assert ".vagrant/" not in listed


def test_a_host_that_left_the_map_has_no_key_on_the_master(site):
    site.read()
    path = site.root / "idr-local.map"
    path.write_text(path.read_text().replace("  - idr-local-omeroreadonly-2\n", ""))
    site.read()
    assert not (site.root / ".vagrant/idr/idr-local/master/minions/idr-local-omeroreadonly-2").exists()


def test_minions_are_told_what_salt_cloud_tells_them(site):
    site.read()
    told = yaml.safe_load(_seed(site, "idr-local-database", "minion"))
    shared = yaml.safe_load((site.root / "etc/cloud.conf.d/minion.conf").read_text())["minion"]
    assert told == shared | {
        "id": "idr-local-database",
        "master": "10.99.0.1",
        "grains": {"memory": 1536, "volumes": {"db": "/dev/idr/db"}},
    }
    assert _seed(site, "idr-local-database", "volumes") == "db idr-local-database-db 10 own\n"
    assert _seed(site, "idr-local-omeroreadonly-1", "volumes") == "shared idr-local-omeroreadwrite-data 10 bind\n"


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("idr-local.map", "idr-proxy:", "idr-proxies:", "idr-local.map: expected a profile of cloud.profiles.d"),
        ("idr-local.map", "  - idr-local-proxy", "  - proxy", 'named <environment>-<role>[-<number>], found "proxy"'),
        ("idr-local.map", "  - idr-local-proxy", "  - idr-test-proxy", "hosts of one environment"),
        ("idr-local.map", "only-2", "only-1", 'each host once, found "idr-local-omeroreadonly-1"'),
        ("idr-local.map", "idr-proxy:\n  - idr-local-proxy", "idr-proxy: x", "idr-proxy: expected a list of hosts"),
        ("idr-local.map", "idr-proxy:", "[", "idr-local.map: expected a file of YAML"),
        (
            "vagrant/machines.yaml",
            "memory: 3072",
            "memory: 3g",
            "m1.xlarge: memory: expected a whole number, at least 256",
        ),
        ("vagrant/machines.yaml", "  m1.large:", "  m1.big:", "sizes: m1.large: expected the keys memory and cpus"),
        ("vagrant/machines.yaml", "share: bind", "share: smb", 'lxc: share: expected nfs or bind, found "smb"'),
        ("vagrant/machines.yaml", "box: idr/debian-12", "box: 12", "lxc: box: expected the name of a box"),
        ("vagrant/machines.yaml", "proxy: 30", "proxies: 30", "addresses: proxy: expected a number of an address of"),
        ("vagrant/machines.yaml", "proxy: 30", "proxy: 10", "addresses: expected an address for each machine"),
        ("vagrant/machines.yaml", "8080: 80", "8080: http", "ports: expected numbers of ports"),
        ("vagrant/machines.yaml", "volume: 10", "volume: big", "volume: expected a number of GB"),
    ],
)
def test_what_is_wrong_is_named(site, path, old, new, expected):
    file = site.root / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    assert expected in site.refused()


def test_a_map_that_is_not_there_is_named(site):
    assert "none.map: expected a file of YAML" in site.refused(IDR_MAP="none.map")


def test_vagrant_itself_takes_it(site, tmp_path):
    environment = os.environ | {"VAGRANT_HOME": str(tmp_path / "home"), "VAGRANT_CHECKPOINT_DISABLE": "1"}
    for command, expected in (("validate", "validated successfully"), ("status", "idr-local-omeroreadonly-2")):
        done = subprocess.run(
            ["vagrant", command], cwd=site.root, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert expected in done.stdout
        assert "PRIVATE KEY" not in done.stdout + done.stderr
