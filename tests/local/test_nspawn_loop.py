"""Loop devices for real: a file has one, however many attach it at once."""

import concurrent.futures
import os

import nspawn_loop
import pytest


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "data"
    with path.open("wb") as handle:
        handle.truncate(64 << 20)
    return str(path)


def test_attached_at_once_it_is_one_device(file):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        attached = list(pool.map(nspawn_loop.attach, [file] * 8))
    try:
        assert len({device for device, _ in attached}) == 1
    finally:
        for _, fd in attached:
            os.close(fd)


def test_the_device_stays_until_the_last_user_goes(file):
    device, first = nspawn_loop.attach(file)
    again, second = nspawn_loop.attach(file)
    assert again == device
    os.close(first)
    os.write(second, b"kept")
    third = nspawn_loop.attach(file)
    assert third[0] == device
    assert os.pread(third[1], 4, 0) == b"kept"
    os.close(second)
    os.close(third[1])
    with open(file, "rb") as handle:
        assert handle.read(4) == b"kept"


def test_other_files_have_other_devices(file, tmp_path):
    other = tmp_path / "other"
    with other.open("wb") as handle:
        handle.truncate(1 << 20)
    attached = [nspawn_loop.attach(file), nspawn_loop.attach(str(other))]
    assert attached[0][0] != attached[1][0]
    for _, fd in attached:
        os.close(fd)
