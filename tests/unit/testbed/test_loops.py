"""Loop devices of this checkout, beside those of another whose files have the same paths."""

import pytest

from testbed import loops

POOL = "/srv/idr/.local/pool.img"


def device(number, inode, on, path):
    return {
        "name": f"/dev/loop{number}",
        "back-file": path,
        "back-ino": inode,
        "back-maj:min": f"      {on} ",
        "maj:min": f"  7:{number}  ",
    }


DEVICES = [
    device(6, 134, "7:10", f"{POOL.removesuffix('.img')}/volumes/a/data"),
    device(10, 5001, "254:0", POOL),
    device(11, 134, "7:12", f"{POOL.removesuffix('.img')}/volumes/b/data"),
    device(12, 5002, "254:0", POOL),
    device(13, 5002, "259:0", "/var/lib/another.img"),
    device(14, 7, "7:1", "/a file/of: 7:10"),
]


@pytest.mark.parametrize(
    ("image", "expected"),
    [(5001, ["/dev/loop10", "/dev/loop6"]), (5002, ["/dev/loop11", "/dev/loop12"]), (5003, [])],
)
def test_each_checkout_has_its_own(image, expected):
    assert loops.ours(DEVICES, image) == expected


def test_without_a_pool_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(loops, "STATE", tmp_path)
    assert loops.attached() == []
