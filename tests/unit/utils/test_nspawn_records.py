"""Records of the nspawn driver."""

import multiprocessing
import os

import cloud_locks
import nspawn_records
import pytest
from cloud_errors import CloudError


def test_write_and_read(tmp_path):
    path = tmp_path / "a.json"
    assert nspawn_records.read(path) is None
    nspawn_records.write(path, {"b": 1})
    assert nspawn_records.read(path) == {"b": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_damaged_file_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(CloudError, match=r"a\.json: expected JSON"):
        nspawn_records.read(tmp_path / "a.json")


def _count(folder, times):
    for _ in range(times):
        with cloud_locks.lock(folder / "lock"):
            number = nspawn_records.read(folder / "n.json", 0)
            nspawn_records.write(folder / "n.json", number + 1)


def test_processes_do_not_lose_each_others_changes(tmp_path):
    workers = [multiprocessing.Process(target=_count, args=(tmp_path, 20)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert nspawn_records.read(tmp_path / "n.json") == 60


def test_only_folders_with_a_record_are_hosts(tmp_path):
    hosts = nspawn_records.Hosts(tmp_path)
    assert hosts.all() == {}
    hosts.make_folder("b")
    hosts.make_folder("a")
    hosts.save({"name": "b"})
    assert hosts.all() == {"b": {"name": "b"}}
    assert hosts.load("a") is None
    assert oct(hosts.instances.stat().st_mode & 0o777) == "0o700"


def test_cloud_id_stays(tmp_path):
    hosts = nspawn_records.Hosts(tmp_path)
    assert hosts.cloud_id() == hosts.cloud_id()
    assert len(hosts.cloud_id()) == 8


def test_hosts_file_keeps_its_inode(tmp_path):
    hosts = nspawn_records.Hosts(tmp_path)
    hosts.write_hosts_file("10.0.0.1 a-rather-long-name\n")
    before = os.stat(tmp_path / "hosts").st_ino
    hosts.write_hosts_file("10.0.0.2 b\n")
    assert (tmp_path / "hosts").read_text() == "10.0.0.2 b\n"
    assert os.stat(tmp_path / "hosts").st_ino == before
