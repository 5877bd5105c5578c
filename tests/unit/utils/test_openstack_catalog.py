"""Names of the cloud's things become ids, and what is not there is named."""

import types

import openstack_catalog
import pytest
from cloud_errors import CloudError


def things(*names):
    return [types.SimpleNamespace(id=f"id-{number}", name=name) for number, name in enumerate(names)]


def test_by_name_and_by_id():
    assert openstack_catalog.pick(things("a", "b"), "b", "where: key", "thing").id == "id-1"
    assert openstack_catalog.pick(things("a", "b"), "id-0", "where: key", "thing").name == "a"


def test_what_is_missing_is_named_with_what_there_is():
    with pytest.raises(CloudError, match="where: key: no thing 'c', expected one of a, b"):
        openstack_catalog.pick(things("b", "a"), "c", "where: key", "thing")
    with pytest.raises(CloudError, match="there is none"):
        openstack_catalog.pick([], "c", "where: key", "thing")


def test_of_many_those_that_are_alike_are_shown():
    many = things(*(f"image-{number}" for number in range(50)), "Debian 12", "Debian 11")
    with pytest.raises(CloudError, match="expected one such as .*Debian 12") as caught:
        openstack_catalog.pick(many, "debian 12", "where: image", "image")
    assert len(str(caught.value)) < 300


def test_two_of_one_name_are_never_guessed():
    with pytest.raises(CloudError, match="2 things are called 'a', expected one of their ids: id-0, id-1"):
        openstack_catalog.pick(things("a", "a"), "a", "where: key", "thing")


def test_a_kind_is_asked_for_once():
    asked = []
    network = types.SimpleNamespace(networks=lambda: asked.append(1) or things("a"))
    catalog = openstack_catalog.Catalog(lambda: types.SimpleNamespace(network=network))
    assert catalog.networks() == catalog.networks()
    assert asked == [1]
