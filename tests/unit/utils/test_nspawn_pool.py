"""Volumes and snapshots as files; clones need a filesystem with reflinks and are shown by the local tests."""

import errno

import nspawn_pool
import pytest
from cloud_errors import CloudError


@pytest.fixture
def pool(tmp_path):
    return nspawn_pool.Pool(tmp_path)


@pytest.fixture
def copying(monkeypatch):
    """Copy the first MiB where the kernel would share blocks."""

    def clone(target, request, source):
        assert request == nspawn_pool.FICLONE
        with open(source, "rb", closefd=False) as reader, open(target, "wb", closefd=False) as writer:
            writer.write(reader.read(1 << 20))

    monkeypatch.setattr(nspawn_pool.fcntl, "ioctl", clone)


def test_volume_is_sparse_and_private(pool):
    volume = pool.create("a", 2, "here")
    data = pool.data(volume).stat()
    assert data.st_size == 2 << 30
    assert data.st_blocks < 1000
    assert data.st_mode & 0o777 == 0o600
    assert pool.volumes() == {"a": volume}
    assert volume["attached_to"] is None


def test_names_are_unique(pool):
    pool.create("a", 1, "here")
    with pytest.raises(CloudError, match="here: a volume 'a' exists already"):
        pool.create("a", 1, "here")


@pytest.mark.parametrize("kind", ["volume", "snapshot"])
def test_a_pool_that_is_nearly_full_takes_nothing_more(pool, copying, kind):
    origin = pool.create("a", 1, "here")
    known = sorted(pool.path.rglob("*"))
    pool.reserve = 1 << 20
    with pytest.raises(CloudError, match=f"no space for the {kind} b: .* GB are free, expected at least 1048576"):
        pool.create("b", 1, "here") if kind == "volume" else pool.snapshot("b", origin, "here")
    assert sorted(pool.path.rglob("*")) == known


def test_a_pool_that_becomes_full_meanwhile_keeps_no_half_of_it(pool, monkeypatch):
    origin = pool.create("a", 1, "here")
    known = sorted(pool.path.rglob("*"))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(nspawn_pool.fcntl, "ioctl", full)
    with pytest.raises(CloudError, match="no space for the snapshot b"):
        pool.snapshot("b", origin, "here")
    assert [path for path in sorted(pool.path.rglob("*")) if path.name != "snapshots"] == known


def test_find_by_name_and_id(pool):
    volume = pool.create("a", 1, "here")
    assert pool.find("volume", "a", "here") == volume
    assert pool.find("volume", volume["id"], "here") == volume
    with pytest.raises(CloudError, match="here: no volume 'b', expected one of a"):
        pool.find("volume", "b", "here")
    with pytest.raises(CloudError, match="here: no snapshot 'a', expected one of .there is none."):
        pool.find("snapshot", "a", "here")


def test_extend(pool):
    volume = pool.extend(pool.create("a", 1, "here"), 3, "here")
    assert volume["size"] == 3
    assert pool.data(volume).stat().st_size == 3 << 30
    with pytest.raises(CloudError, match="here: size: expected more than the 3 GB it has, got 2"):
        pool.extend(volume, 2, "here")
    assert pool.volumes()["a"]["size"] == 3


def test_delete_refuses_what_is_attached(pool):
    volume = pool.attach(pool.create("a", 1, "here"), "one")
    assert pool.attached_to("one") == [volume]
    with pytest.raises(CloudError, match="here: a is attached to one, detach it first"):
        pool.delete(volume, "here")
    pool.delete(pool.attach(volume, None), "here")
    assert pool.volumes() == {}
    assert list((pool.path / "volumes").iterdir()) == []


def test_snapshot_and_clone(pool, copying):
    volume = pool.create("a", 1, "here")
    with pool.data(volume).open("r+b") as data:
        data.truncate(1 << 20)
        data.write(b"before")
    snapshot = pool.snapshot("s", volume, "here")
    pool.data(volume).write_bytes(b"after")
    clone = pool.create("b", 2, "here", snapshot)
    assert pool.data(clone).stat().st_size == 2 << 30
    with pool.data(clone).open("rb") as data:
        assert data.read(6) == b"before"
    assert clone["origin"]["name"] == "s"
    with pytest.raises(CloudError, match="here: a snapshot 's' exists already"):
        pool.snapshot("s", volume, "here")
    pool.delete(snapshot, "here")
    assert pool.snapshots() == {}


def test_pool_without_reflinks_is_named_and_left_clean(pool, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    volume = pool.create("a", 1, "here")
    monkeypatch.setattr(nspawn_pool.fcntl, "ioctl", refuse)
    with pytest.raises(CloudError, match=f"pool {pool.path}: expected a filesystem with reflinks"):
        pool.create("b", 1, "here", volume)
    assert list(pool.volumes()) == ["a"]
    assert len(list((pool.path / "volumes").iterdir())) == 1


def test_missing_pool_is_named(tmp_path):
    with pytest.raises(CloudError, match="nowhere: expected a folder"), nspawn_pool.Pool(tmp_path / "nowhere").lock():
        pass
