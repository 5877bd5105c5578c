import idr_volumes
import pytest

XFS_INFO = """meta-data=/dev/loop0 isize=512 agcount=4, agsize=65536 blks
data     =                       bsize=4096   blocks=262144, imaxpct=25
log      =internal log           bsize=4096   blocks=16384, version=2
"""
GIB = 1024**3


@pytest.mark.parametrize(
    ("size", "spare"), [(GIB, 0), (GIB + idr_volumes.WORTH - 1, 0), (2 * GIB, GIB), (GIB - 4096, 0)]
)
def test_growth(size, spare):
    assert idr_volumes.growth(size, XFS_INFO) == spare


def test_growth_refuses_other_text():
    with pytest.raises(ValueError, match="xfs_info"):
        idr_volumes.growth(GIB, "no such filesystem")


def test_devices():
    text = "DEVNAME=/dev/a\nLABEL=x\nTYPE=xfs\n\nDEVNAME=/dev/b\nTYPE=ext4\n"
    assert idr_volumes.devices(text) == [
        {"DEVNAME": "/dev/a", "LABEL": "x", "TYPE": "xfs"},
        {"DEVNAME": "/dev/b", "TYPE": "ext4"},
    ]
    assert idr_volumes.devices("") == []


@pytest.mark.parametrize("label", ["", "thirteen-char", "a b", "a/b", None, "x;y"])
def test_label_is_refused(label):
    with pytest.raises(ValueError, match="label"):
        idr_volumes.check_label(label)


def test_label():
    assert idr_volumes.check_label("idr-database") == "idr-database"
