"""idr_masterless: decisions."""

import idr_masterless
import pytest


@pytest.mark.parametrize(
    ("addresses", "outward", "network"),
    [
        (["192.0.2.7", "10.98.0.3"], "192.0.2.7", "10.98.0.0/24"),
        (["192.0.2.7", "198.51.100.2"], "198.51.100.2", "198.51.100.2/32"),
        (["198.51.100.2", "192.0.2.7"], None, "192.0.2.7/32"),
    ],
)
def test_a_host_knows_itself_by_one_of_its_addresses(addresses, outward, network):
    assert idr_masterless.network("10.98.0.0/24", addresses, outward) == network


def test_a_host_without_an_address_is_told_so():
    with pytest.raises(ValueError, match="expected one"):
        idr_masterless.network("10.98.0.0/24", [], None)


def _pillar(accounts, operators=(), sources=("operators",)):
    return {"accounts": accounts, "firewall": {"operators": list(operators), "services": {"ssh": {"from": sources}}}}


@pytest.mark.parametrize(
    ("pillar", "reasons"),
    [
        (_pillar({"ann": {"keys": ["k"]}}, ["192.0.2.0/24"]), 0),
        (_pillar({"ann": {"keys": ["k"]}}, sources=["public"]), 0),
        (_pillar({"ann": {"keys": ["k"], "absent": True}}, ["192.0.2.0/24"]), 1),
        (_pillar({"ann": {"keys": ["k"]}}), 1),
        (_pillar({"ann": {"keys": ["k"]}}, ["192.0.2.0/24"], ["management"]), 1),
        (_pillar({}), 2),
    ],
)
def test_who_could_still_log_in(pillar, reasons):
    assert len(idr_masterless.closed(pillar)) == reasons


def test_pillar_is_no_file_root_and_the_host_s_own_comes_first():
    found = idr_masterless.configuration("/srv/idr", "x-allinone")
    assert found["file_roots"] == {"base": ["/srv/idr/salt"]}
    assert found["pillar_roots"]["base"] == ["/srv/idr/.masterless/pillar", "/srv/idr/pillar"]
