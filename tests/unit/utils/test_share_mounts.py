"""share_mounts: the two mounts of a shared volume."""

import pytest
import share_mounts


def test_only_the_second_mount_is_public_and_it_is_read_only():
    volume, public = share_mounts.plan("/data/OMERO-readonly", "idr-omero", "OMERO")
    assert volume["name"].startswith("/var/lib/idr-share/")
    assert volume["device"] == "LABEL=idr-omero"
    assert public["device"] == volume["name"] + "/OMERO"
    assert {"bind", "ro", "nosuid", "nodev", "noexec"} <= set(public["opts"].split(","))
    assert all("nofail" in mount["opts"] for mount in (volume, public))


@pytest.mark.parametrize(
    ("name", "folder"),
    [("data", "OMERO"), ("/", "OMERO"), ("/data/", "OMERO"), ("/data", "/OMERO"), ("/data", ""), ("/data", "../OMERO")],
)
def test_other_paths_are_refused(name, folder):
    with pytest.raises(ValueError, match="expected"):
        share_mounts.plan(name, "label", folder)


def test_lacking_passes_over_what_the_kernel_does_not_show():
    assert share_mounts.lacking(["rw", "noatime"], "bind,ro,noatime,nofail") == ["ro"]
    assert share_mounts.lacking(["ro", "noatime"], "bind,ro,noatime,nouuid,nofail") == []


def test_empty_is_a_tree_of_folders():
    assert share_mounts.empty([("a", ["b"], []), ("a/b", [], [])])
    assert share_mounts.empty([])
    assert not share_mounts.empty([("a", ["b"], []), ("a/b", [], ["file"])])
