"""Marks of what the driver makes, and who may destroy what is protected."""

import openstack_guard
import openstack_tags
import pytest
from cloud_errors import CloudError


def test_marks_are_read_back_and_kept_apart_from_others():
    metadata = openstack_tags.made("embassy", "one", "r1", delete=True, protected=None, profile="db") | {"owner": "ome"}
    assert openstack_tags.read(metadata) == {
        "provider": "embassy",
        "host": "one",
        "request": "r1",
        "delete": "true",
        "profile": "db",
    }
    assert openstack_tags.others(metadata) == {"owner": "ome"}
    assert openstack_tags.read(None) == {}


def test_a_description_carries_marks():
    marks = openstack_tags.made("embassy", "one", "r1", keep=True)
    text = openstack_tags.to_description(marks | {"salt-cloud-profile": "not of use"})
    assert text == "salt-cloud provider=embassy host=one request=r1 keep=true"
    assert openstack_tags.of_description(text) == openstack_tags.read(marks)
    assert openstack_tags.of_description("the address = of the web site") == {}
    assert openstack_tags.of_description(None) == {}


@pytest.mark.parametrize(("answer", "allowed"), [("prod", False), (None, True)])
def test_protected_goes_with_a_word(answer, allowed):
    openstack_guard.refuse_unconfirmed("prod-db", "prod", answer, allowed)


@pytest.mark.parametrize(
    ("answer", "allowed", "message"),
    [
        (None, False, "prod-db: prod is protected; expected environment:destroy: true in its pillar"),
        ("yes", True, "prod-db: prod is protected; expected its name to be typed, got 'yes'"),
        ("", False, "expected its name to be typed"),
    ],
)
def test_protected_stays_without_it(answer, allowed, message):
    with pytest.raises(CloudError) as caught:
        openstack_guard.refuse_unconfirmed("prod-db", "prod", answer, allowed)
    assert message in str(caught.value)


def test_what_serves_stays_whatever_is_said():
    with pytest.raises(CloudError, match=r"prod is protected and serves at 198\.51\.100\.7 \(prod-proxy\)"):
        openstack_guard.refuse_serving("prod-db", "prod", {"198.51.100.7": "prod-proxy"})
    openstack_guard.refuse_serving("prod-db", "prod", {})
    openstack_guard.refuse_serving("ci-db", None, {"198.51.100.7": "ci-proxy"})
