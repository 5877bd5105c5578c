"""Provider and host settings of the nspawn driver."""

import ipaddress
import pathlib

import nspawn_config
import pytest
import yaml
from cloud_errors import CloudError

DETAILS = {
    "state_dir": "/srv/state",
    "pool": "/srv/pool",
    "images": "/srv/images",
    "bridge": "br0",
    "subnet": "10.99.0.0/29",
    "gateway": "10.99.0.1",
    "sizes": {"m1.small": {"ram": 1024, "cpus": 1}},
}


def settings(**changes):
    return nspawn_config.provider(DETAILS | changes, "local")


def test_provider_of_the_checkout(checkout):
    details = yaml.safe_load((checkout / "cloud.providers.d/local.conf").read_text())["local"]
    provider = nspawn_config.provider(details, "local")
    assert provider.state_dir == pathlib.Path("/srv/idr/.local/cloud")
    assert provider.gateway in provider.subnet
    assert {"m1.small", "m1.medium", "m1.large", "m1.xlarge"} <= set(provider.sizes)


@pytest.mark.parametrize("key", nspawn_config.REQUIRED)
def test_provider_without_a_key(key):
    with pytest.raises(CloudError, match=f"provider local: {key}: this key is missing"):
        settings(**{key: None})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pool": "pool"}, "provider local: pool: expected an absolute path"),
        ({"state_dir": "/srv/a:b"}, "provider local: state_dir: expected an absolute path without colon"),
        ({"subnet": "10.99.0.1/24"}, "provider local: subnet, gateway: expected as in"),
        ({"gateway": "10.98.0.1"}, "provider local: gateway: expected an address in 10.99.0.0/29"),
        ({"bridge": "a-bridge-name-too-long"}, "provider local: bridge: expected the name"),
        ({"sizes": {}}, "provider local: sizes: expected a mapping"),
        ({"sizes": {"m1": {"ram": 512}}}, "provider local: sizes: m1: expected the keys ram and cpus"),
        ({"sizes": {"m1": {"ram": "1G", "cpus": 1}}}, "provider local: sizes: m1: ram: expected a number"),
        ({"sizes": {"m1": {"ram": 512, "cpus": 0}}}, "provider local: sizes: m1: cpus: expected a number"),
        ({"reserve": -1}, "provider local: reserve: expected a number of GB, got -1"),
        ({"boot_timeout": "soon"}, "provider local: boot_timeout: expected a number of seconds"),
    ],
)
def test_provider_names_what_is_wrong(changes, message):
    with pytest.raises(CloudError) as caught:
        settings(**changes)
    assert message in str(caught.value)


def host(**changes):
    vm_ = {"name": "one", "profile": "db", "image": "debian-12", "size": "m1.small"} | changes
    return nspawn_config.host(vm_, settings(), ["debian-12"])


def test_host():
    spec = host(volumes=[{"name": "db", "size": 2}])
    assert (spec.name, spec.image, spec.ram, spec.cpus) == ("one", "debian-12", 1024, 1)
    assert [volume.name for volume in spec.volumes] == ["db"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "One"}, "profile db, host One: name: expected 1 to 63 of a-z, 0-9 and -"),
        ({"name": "a" * 64}, "name: expected 1 to 63"),
        ({"name": "-a"}, "name: expected 1 to 63"),
        ({"name": "a.b"}, "name: expected 1 to 63"),
        ({"name": "a\n"}, "name: expected 1 to 63"),
        ({"image": "debian-99"}, "profile db, host one: image: expected one of debian-12, got 'debian-99'"),
        ({"image": None}, "image: expected one of debian-12, got None"),
        ({"size": "m9"}, "profile db, host one: size: expected one of m1.small, got 'm9'"),
        ({"volumes": {"name": "db"}}, "profile db, host one: volumes: expected a list"),
    ],
)
def test_host_names_what_is_wrong(changes, message):
    with pytest.raises(CloudError) as caught:
        host(**changes)
    assert message in str(caught.value)


def test_addresses_are_the_lowest_free_ones_until_none_is_left():
    provider = settings()
    taken = set()
    while len(taken) < 5:
        taken.add(nspawn_config.next_address(provider, taken))
    assert sorted(taken) == [f"10.99.0.{last}" for last in range(2, 7)]
    assert nspawn_config.next_address(provider, taken - {"10.99.0.3"}) == "10.99.0.3"
    with pytest.raises(CloudError, match=r"subnet 10\.99\.0\.0/29: every address is taken"):
        nspawn_config.next_address(provider, taken)
    assert ipaddress.IPv4Address("10.99.0.1") == provider.gateway


def test_hosts_file_is_sorted():
    text = nspawn_config.hosts_file({"two": "10.99.0.2", "one": "10.99.0.3"})
    assert text == "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n10.99.0.3 one\n10.99.0.2 two\n"
