"""What hosts need of quotas, and what is said where these are too small."""

import types

import openstack_quotas
import pytest
from cloud_errors import CloudError
from openstack_quotas import Quota

LARGE = types.SimpleNamespace(vcpus=4, ram=8192)


def test_a_server_with_its_ports():
    nics = [{"uuid": "a"}, {"uuid": "b", "fixed_ip": "10.0.0.5"}, {"port": "c"}]
    assert openstack_quotas.of_server(LARGE, nics) == {"instances": 1, "cores": 4, "ram": 8192, "port": 2}


def test_a_volume_that_is_new_or_larger():
    assert openstack_quotas.of_volume(5) == {"volumes": 1, "gigabytes": 5}
    assert openstack_quotas.of_volume(5, "ssd") == {
        "volumes": 1,
        "gigabytes": 5,
        "volumes_ssd": 1,
        "gigabytes_ssd": 5,
    }
    assert openstack_quotas.of_volume(3, new=False) == {"volumes": 0, "gigabytes": 3}


def test_all_that_is_too_small_is_named():
    quotas = {"cores": Quota(2, 20), "ram": Quota(0, 8192), "gigabytes_ssd": Quota(1, 5), "volumes": Quota(1, 1)}
    needed = {"cores": 24, "ram": 8192, "gigabytes_ssd": 5, "volumes": 0, "unknown": 9}
    with pytest.raises(CloudError) as caught:
        openstack_quotas.check(needed, quotas, "host a")
    assert str(caught.value) == (
        "host a: not enough quota: cores: needed 24, used 2, allowed 20; "
        "gigabytes_ssd (GB): needed 5, used 1, allowed 5"
    )


@pytest.mark.parametrize("quota", [Quota(5, -1), Quota(5, 7), Quota(0, 2)])
def test_what_fits_or_has_no_limit_is_let_through(quota):
    openstack_quotas.check({"cores": 2}, {"cores": quota}, "host a")


class Service:
    """Answers as a service does, or refuses."""

    def __init__(self, kind=None, data=None):
        self.answer = types.SimpleNamespace(ok=data is not None, status_code=403, json=lambda: {kind: data})
        self.asked = []

    def get(self, path):
        self.asked.append(path)
        return self.answer


def test_each_service_tells_its_own_and_one_may_refuse():
    cloud = types.SimpleNamespace(
        current_project_id="7",
        compute=Service("quota_set", {"id": "7", "cores": {"in_use": 2, "limit": 20, "reserved": 1}}),
        block_storage=Service(),
        network=Service("quota", {"port": {"used": 3, "limit": -1, "reserved": 0}}),
    )
    assert openstack_quotas.ask(cloud) == {"cores": Quota(3, 20), "port": Quota(3, -1)}
    assert cloud.network.asked == ["/quotas/7/details"]
