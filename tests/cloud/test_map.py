"""Maps by the commands that an operator types: cut short, made in parallel, complete, taken away."""

import os
import signal
import subprocess
import time

import pytest

MAP = """\
idr-base:
  - map-one
  - map-two: {size: m1.small}
  - map-three
database:
  - map-database
proxy:
  - map-proxy
"""
HOSTS = ["map-database", "map-one", "map-proxy", "map-three", "map-two"]


@pytest.fixture(scope="module")
def map_file(site, tmp_path_factory):
    site.profile("database", extends="idr-base", volumes=[{"name": "db", "size": 2}, {"name": "log", "size": 1}])
    site.profile("proxy", extends="idr-base", floating_ip=True, security_groups=["idr-proxy"])
    path = tmp_path_factory.mktemp("maps") / "try.map"
    path.write_text(MAP)
    yield path
    site.clean()


def states(site, map_file):
    found = site.ask("-m", map_file, "-Q").get("embassy", {}).get("openstack", {})
    return {name: node["state"] for name, node in found.items()}


def test_a_wrong_line_keeps_all_of_the_map_from_being_made(site, tmp_path):
    (tmp_path / "bad.map").write_text("idr-base:\n  - bad-good\n  - bad-bad: {sise: m9}\n")
    answer = site.ask("-m", tmp_path / "bad.map", "-P")
    for name in ("bad-good", "bad-bad"):
        assert "profile idr-base, host bad-bad: unknown key 'sise'" in answer[name]["Error"]
    assert site.left() == {}
    assert site.accepted_keys() == []


def servers(site):
    """``{name: mark}`` of whether each server is whole."""
    return site.look(lambda cloud: {s.name: s.metadata["salt-cloud-state"] for s in cloud.compute.servers()})


def test_a_map_whose_maker_is_killed_is_made_by_the_next_run(site, map_file, request):
    command = site.plane.namespace.enter([*site.program(), "-m", str(map_file), "-P"])
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    request.addfinalizer(lambda: process.poll() is None and os.killpg(process.pid, signal.SIGKILL))
    deadline = time.monotonic() + 120
    while not servers(site):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
    assert "building" in servers(site).values()
    answer = site.ask("-m", map_file, "-P")
    assert sorted(answer) == HOSTS
    assert [answer[name].get("Error") for name in HOSTS] == [None] * len(HOSTS)
    assert servers(site) == dict.fromkeys(HOSTS, "ready")
    left = site.left()
    assert left["volumes"] == ["map-database-db", "map-database-log"]
    assert (len(left["ports"]), len(left["floating IPs"])) == (len(HOSTS), 1)


def test_a_complete_map_changes_nothing(site, map_file):
    assert states(site, map_file) == dict.fromkeys(HOSTS, "running")
    before = site.left()
    answer = site.ask("-m", map_file, "-P")
    assert {name: node["Message"] for name, node in answer.items()} == dict.fromkeys(HOSTS, "Already running.")
    assert site.left() == before


def test_a_destroyed_map_leaves_its_volumes_alone(site, map_file):
    answer = site.ask("-m", map_file, "-d", "-P")["embassy"]["openstack"]
    assert answer["map-database"]["volumes_kept"] == ["map-database-db", "map-database-log"]
    assert site.left() == {"volumes": ["map-database-db", "map-database-log"]}
