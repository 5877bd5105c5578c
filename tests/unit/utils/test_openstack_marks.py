"""By what our own in a cloud is known."""

import openstack_marks
import pytest
from cloud_errors import CloudError


@pytest.mark.parametrize("other", ["idr", "prod", "idr-prod-2", "x-idr-prod"])
def test_a_mark_is_its_owners_alone(other):
    text = openstack_marks.description("net", "idr-prod")
    assert text == "net [idr-salt:idr-prod]"
    assert openstack_marks.ours(text, "idr-prod")
    assert not openstack_marks.ours(text, other)
    assert not openstack_marks.ours(openstack_marks.description("net", other), "idr-prod")


@pytest.mark.parametrize("text", [None, "", "idr-prod", "[idr-salt:idr-prod] net", 7])
def test_what_has_no_mark_at_its_end_is_not_ours(text):
    assert not openstack_marks.ours(text, "idr-prod")


@pytest.mark.parametrize(
    ("name", "owner", "ours"),
    [
        ("idr-prod-omeroreadonly", "idr-prod", True),
        ("idr-prod-omeroreadonly", "idr", False),
        ("idr-omeroreadonly", "idr-prod", False),
        ("idr-prod-omeroreadonly-1", "idr-prod", False),
        ("idr-prod-others", "idr-prod", False),
        ("idr-prod", "idr-prod", False),
        (None, "idr-prod", False),
    ],
)
def test_server_groups_by_name(name, owner, ours):
    assert openstack_marks.own_group(name, owner) is ours


@pytest.mark.parametrize(
    ("name", "owner", "key"),
    [
        ("", "idr", "name"),
        (" ", "idr", "name"),
        (7, "idr", "name"),
        ("x" * 250, "idr", "name"),
        ("net", "Idr", "owner"),
        ("net", "idr]", "owner"),
        ("net", None, "owner"),
        ("net", "", "owner"),
    ],
)
def test_what_cannot_be_marked_is_named(name, owner, key):
    with pytest.raises(CloudError, match=f"^{key}: expected "):
        openstack_marks.check(name, owner)


def test_the_longest_name_fits_a_description():
    longest = 255 - len(" [idr-salt:idr-prod]")
    openstack_marks.check("x" * longest, "idr-prod")
    assert len(openstack_marks.description("x" * longest, "idr-prod")) == 255
    with pytest.raises(CloudError):
        openstack_marks.check("x" * (longest + 1), "idr-prod")
