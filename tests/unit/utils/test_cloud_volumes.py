"""Volume specifications: what is accepted, and that every error names place, key and expectation."""

import cloud_volumes
import pytest
from cloud_errors import CloudError
from cloud_volumes import Spec

WHERE = "profile db, host one"


def test_parse_reads_every_key():
    volumes = [
        {"name": "db", "size": 10},
        {"name": "data", "snapshot": "idr-1", "delete_on_termination": True},
        {"name": "more", "source": "idr-data", "size": 20},
    ]
    assert cloud_volumes.parse(volumes, WHERE) == [
        Spec("db", 10),
        Spec("data", None, snapshot="idr-1", delete_on_termination=True),
        Spec("more", 20, source="idr-data"),
    ]


@pytest.mark.parametrize("nothing", [None, []])
def test_parse_without_volumes(nothing):
    assert cloud_volumes.parse(nothing, WHERE) == []


@pytest.mark.parametrize(
    ("volumes", "message"),
    [
        ({"name": "db"}, "volumes: expected a list"),
        (["db"], "volumes[0]: expected a mapping"),
        ([{"name": "db", "size": 1, "sise": 2}], "volumes[0]: unknown key 'sise'"),
        ([{"size": 1}], "volumes[0]: name: expected"),
        ([{"name": "DB", "size": 1}], "volumes[0]: name: expected"),
        ([{"name": "d" * 33, "size": 1}], "volumes[0]: name: expected"),
        ([{"name": "db"}], "volumes[0]: size: expected a whole number"),
        ([{"name": "db", "size": "10"}], "volumes[0]: size: expected a whole number"),
        ([{"name": "db", "size": 0}], "volumes[0]: size: expected a whole number"),
        ([{"name": "db", "size": True}], "volumes[0]: size: expected a whole number"),
        ([{"name": "db", "size": None, "source": "x"}], "volumes[0]: size: expected a whole number"),
        ([{"name": "db", "size": 1}, {"name": "db", "size": 2}], "'db' is given more than once"),
        ([{"name": "db", "snapshot": "a", "source": "b"}], "volumes[0]: expected either snapshot or source"),
        ([{"name": "db", "snapshot": ["a"]}], "volumes[0]: snapshot: expected a name"),
        ([{"name": "db", "size": 1, "delete_on_termination": "yes"}], "delete_on_termination: expected true or false"),
    ],
)
def test_parse_names_what_is_wrong(volumes, message):
    with pytest.raises(CloudError) as caught:
        cloud_volumes.parse(volumes, WHERE)
    assert str(caught.value).startswith(WHERE)
    assert message in str(caught.value)


@pytest.mark.parametrize(("value", "size"), [(3, 3), ("12", 12)])
def test_size_from_command_line(value, size):
    assert cloud_volumes.size_in_gb(value, "create_volume") == size


@pytest.mark.parametrize("value", ["big", "", "-1", "1.5", 1.5, 0, None, True, "³"])
def test_size_refused(value):
    with pytest.raises(CloudError, match="create_volume: size: expected a whole number of GB"):
        cloud_volumes.size_in_gb(value, "create_volume")


def test_device_link_is_a_virtio_serial():
    link = cloud_volumes.device_link("8d4ccd2f-c1ab-49a7-a469-095ec8e7f9dc")
    assert link == "/dev/disk/by-id/virtio-8d4ccd2f-c1ab-49a7-a"


@pytest.mark.parametrize(
    ("size", "existing", "action"),
    [
        (10, None, "create"),
        (10, {"size": 10, "attached_to": None}, "attach"),
        (10, {"size": 10, "attached_to": "one"}, "attach"),
        (None, {"size": 7, "attached_to": None}, "attach"),
        (12, {"size": 10, "attached_to": None}, "extend"),
    ],
)
def test_plan(size, existing, action):
    assert cloud_volumes.plan(Spec("db", size), "one", existing, WHERE) == action


@pytest.mark.parametrize(
    ("existing", "message"),
    [
        ({"size": 10, "attached_to": "two"}, "one-db exists and is attached to two"),
        ({"size": 11, "attached_to": None}, "one-db exists with 11 GB, more than the 10 GB asked for"),
    ],
)
def test_plan_refuses(existing, message):
    with pytest.raises(CloudError, match=message):
        cloud_volumes.plan(Spec("db", 10), "one", existing, WHERE)


def test_clone_size():
    assert cloud_volumes.clone_size(None, 5, WHERE) == 5
    assert cloud_volumes.clone_size(6, 5, WHERE) == 6
    with pytest.raises(CloudError, match="at least the 5 GB"):
        cloud_volumes.clone_size(4, 5, WHERE)
