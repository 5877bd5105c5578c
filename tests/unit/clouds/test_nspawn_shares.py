"""Volumes that hosts share: who gets which, whatever comes first, and that one in use is not deleted."""

import nspawn_cloud
import nspawn_config
import nspawn_process
import pytest
from cloud_errors import CloudError

SHARES = [{"hosts": "(?P<environment>.+)-reader(-[0-9]+)?", "volume": "{environment}-writer-data"}]
DETAILS = {
    "bridge": "br0",
    "subnet": "10.99.0.0/24",
    "gateway": "10.99.0.1",
    "sizes": {"m1.small": {"ram": 1024, "cpus": 1}},
}


@pytest.fixture
def running():
    """Volumes of running hosts by their names; a double of the launchers' own records."""
    return {}


@pytest.fixture
def cloud(tmp_path, monkeypatch, running):
    image = tmp_path / "images/debian-12/usr/lib"
    image.mkdir(parents=True)
    (image / "os-release").touch()
    (tmp_path / "pool").mkdir()
    folders = {"state_dir": str(tmp_path / "state"), "pool": str(tmp_path / "pool"), "images": str(tmp_path / "images")}
    cloud = nspawn_cloud.Cloud(nspawn_config.provider({**DETAILS, **folders, "shares": SHARES}, "local"))

    def start(folder, launch, _limit):
        running[folder.name] = {volume["id"]: "/dev/loop9" for volume in launch["volumes"]}
        nspawn_process.nspawn_records.write(folder / "launch.json", launch)

    def sync(folder, launch):
        running[folder.name] = {volume["id"]: "/dev/loop9" for volume in launch["volumes"]}
        return {}

    def stop(folder, *_, **__):
        running.pop(folder.name, None)

    monkeypatch.setattr(nspawn_process, "need", lambda program: program)
    monkeypatch.setattr(nspawn_process, "start", start)
    monkeypatch.setattr(nspawn_process, "stop", stop)
    monkeypatch.setattr(nspawn_process, "sync_volumes", sync)
    monkeypatch.setattr(nspawn_process, "running", lambda folder: folder.name in running)
    monkeypatch.setattr(
        nspawn_process, "status", lambda folder: {"volumes": running[folder.name]} if folder.name in running else None
    )
    return cloud


def _make(cloud, name, *volumes):
    vm = {"name": name, "image": "debian-12", "size": "m1.small", "volumes": list(volumes)}
    return cloud.create(cloud.check(vm), {}, lambda volumes: [])


def _volume(cloud, name="e-writer-data"):
    return cloud.pool.find("volume", name, "test")


DATA = {"name": "data", "size": 1}


@pytest.mark.parametrize("order", [("writer", "reader-1"), ("reader-1", "writer")])
def test_a_reader_has_the_volume_whatever_is_made_first(cloud, running, order):
    for name in order:
        _make(cloud, f"e-{name}", *([DATA] if name == "writer" else []))
    number = _volume(cloud)["id"]
    assert running == {"e-writer": {number: "/dev/loop9"}, "e-reader-1": {number: "/dev/loop9"}}
    assert cloud.sharers(_volume(cloud)) == ["e-reader-1"]


def test_other_environments_and_hosts_do_not(cloud, running):
    for name in ("e-writer", "f-reader-1", "e-reader-x", "e-readers"):
        _make(cloud, name, *([DATA] if name == "e-writer" else []))
    assert [name for name, volumes in running.items() if volumes] == ["e-writer"]


def test_a_reader_keeps_it_without_the_writer_and_nobody_deletes_it(cloud, running):
    _make(cloud, "e-writer", DATA)
    _make(cloud, "e-reader-1")
    assert cloud.destroy("e-writer") == ["e-writer-data"]
    number = _volume(cloud)["id"]
    assert running == {"e-reader-1": {number: "/dev/loop9"}}
    assert cloud.device(_volume(cloud)) == "/dev/loop9"
    with pytest.raises(CloudError, match="e-writer-data is shared with e-reader-1"):
        cloud.delete_volume("e-writer-data")
    _make(cloud, "e-writer", DATA)
    assert _volume(cloud)["id"] == number
    cloud.destroy("e-writer")
    cloud.stop("e-reader-1")
    cloud.delete_volume("e-writer-data")
    assert cloud.pool.volumes() == {}


def test_a_volume_that_ends_with_its_host_stays_while_it_is_shared(cloud):
    _make(cloud, "e-writer", {**DATA, "delete_on_termination": True})
    _make(cloud, "e-reader-1")
    with pytest.raises(CloudError, match="stop or destroy them first"):
        cloud.destroy("e-writer")
    assert cloud.hosts.load("e-writer")["state"] == "ready"
    cloud.destroy("e-reader-1")
    assert cloud.destroy("e-writer") == []


def test_who_shares_is_told_of_growth(cloud, monkeypatch):
    _make(cloud, "e-writer", DATA)
    _make(cloud, "e-reader-1")
    told = []
    monkeypatch.setattr(nspawn_process, "sync_volumes", lambda folder, launch: told.append(folder.name) or {})
    cloud.extend_volume("e-writer-data", 2)
    assert told == ["e-writer", "e-reader-1"]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ("x", "shares: expected a list"),
        ([{"hosts": "x"}], r"shares\[0\]: expected the keys hosts and volume"),
        ([{"hosts": "(", "volume": "v"}], r"shares\[0\]: hosts: expected a regular expression"),
        ([{"hosts": "(?P<a>x)", "volume": "{b}"}], r"shares\[0\]: volume: expected no braces but .*\{a\}"),
        ([{"hosts": "x", "volume": "{0}"}], "there is none"),
        ([{"hosts": "x", "volume": "a/b"}], "expected a name of letters"),
    ],
)
def test_wrong_shares_are_named(shares, expected):
    folders = dict.fromkeys(("state_dir", "pool", "images"), "/x")
    with pytest.raises(CloudError, match=expected):
        nspawn_config.provider({**DETAILS, **folders, "shares": shares}, "local")
