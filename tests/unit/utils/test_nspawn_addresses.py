"""What stands for floating IPs on the local cloud."""

import json

import nspawn_addresses
import pytest
from cloud_errors import CloudError


@pytest.fixture
def addresses(tmp_path):
    return nspawn_addresses.Addresses(tmp_path, {"site": "a-proxy", "other": "c-proxy"})


def test_a_name_leads_to_its_first_host_until_it_is_moved(addresses, tmp_path):
    assert addresses.all() == {"other": "c-proxy", "site": "a-proxy"}
    assert addresses.swap("a-proxy", "b-proxy") == {"site": "b-proxy"}
    assert addresses.all()["site"] == "b-proxy"
    again = nspawn_addresses.Addresses(tmp_path, addresses.first)
    assert again.swap("b-proxy", "c-proxy") == {"other": "b-proxy", "site": "c-proxy"}


def test_a_swap_is_undone_by_another(addresses):
    before = addresses.all()
    for _ in range(2):
        addresses.swap("a-proxy", "c-proxy")
    assert addresses.all() == before


def test_there_must_be_one_to_swap(addresses, tmp_path):
    with pytest.raises(CloudError, match="neither has a floating IP"):
        addresses.swap("x", "y")
    assert not (tmp_path / "floating_ips.json").exists()


def test_a_name_that_the_provider_does_not_have_any_more_is_gone(addresses, tmp_path):
    (tmp_path / "floating_ips.json").write_text(json.dumps({"old": "a-proxy", "site": "b-proxy"}))
    assert addresses.all() == {"other": "c-proxy", "site": "b-proxy"}
