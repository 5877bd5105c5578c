"""The checkout's own maps, profiles and provider, as they stand, on a cloud that has what they name."""

import time

import idr_move
import pytest

PROD = [
    "idr-prod-database",
    "idr-prod-management",
    *(f"idr-prod-omeroreadonly-{number}" for number in (1, 2, 3, 4)),
    "idr-prod-omeroreadwrite",
    "idr-prod-proxy",
]


@pytest.fixture(scope="module")
def cloud(make_site):
    """A project with the checkout's configuration, and without SSH, which these servers have not."""
    site = make_site("maps")
    site.as_the_checkout_says("idr-prod", "idr-next")
    yield site
    site.clean()


def test_production_is_made_from_its_map(cloud):
    answer = cloud.ask("-m", "idr-prod.map", "-P")
    assert [answer[name].get("Error") for name in PROD] == [None] * len(PROD)
    for name in PROD:
        role = name.removeprefix("idr-prod-").rstrip("-1234")
        assert answer[name]["security_groups"] == [f"idr-prod-{role}"]
        assert list(answer[name]["networks"]) == ["idr-prod"]
        assert (answer[name]["protected"], answer[name]["key_name"]) == ("idr-prod", "idr-prod")
    left = cloud.left()
    assert left["servers"] == PROD
    assert left["volumes"] == [
        "idr-prod-database-db",
        "idr-prod-management-data",
        "idr-prod-omeroreadwrite-data",
        "idr-prod-proxy-nginxcache",
    ]
    assert len(left["floating IPs"]) == 1


def test_its_complete_map_is_left_alone_and_quickly_so(cloud):
    begun = time.monotonic()
    answer = cloud.ask("-m", "idr-prod.map", "-P")
    assert {node["Message"] for node in answer.values()} == {"Already running."}
    assert time.monotonic() - begun < 30


def test_it_is_not_destroyed_by_mistake(cloud):
    done = cloud.run("-m", "idr-prod.map", "-d", "-P")
    for name in PROD:
        assert f"{name}: idr-prod is protected and serves at " in done.stdout + done.stderr
    assert cloud.left()["servers"] == PROD
    # one by one the first refusal is the end
    done = cloud.run("-m", "idr-prod.map", "-d")
    assert done.returncode == 1
    assert "is protected and serves at " in done.stdout + done.stderr
    assert cloud.left()["servers"] == PROD


def test_the_next_release_is_made_of_clones_of_it(cloud):
    names = "idr-prod-database-db,idr-prod-omeroreadwrite-data,idr-prod-proxy-nginxcache"
    cloud.ask("-f", "create_snapshots", "embassy", "set=next", f"volumes={names}")
    answer = cloud.ask("-m", "idr-next.map", "-P")
    assert not [name for name, node in answer.items() if "Error" in node]
    volumes = cloud.ask("-f", "list_volumes", "embassy")["embassy"]["openstack"]
    cloned = sorted(name for name, volume in volumes.items() if volume["origin"])
    assert cloned == ["idr-next-database-db", "idr-next-omeroreadwrite-data", "idr-next-proxy-nginxcache"]
    assert volumes["idr-next-omeroreadwrite-data"]["size"] == 1500
    assert volumes["idr-next-management-data"]["origin"] is None


@pytest.fixture
def mover(cloud, checkout, monkeypatch):
    """What ``release.promote`` moves the public address with; each call is made where the cloud can be reached."""
    for name, value in cloud.variables.items():
        monkeypatch.setenv(name, value)
    opts = {"conf_file": str(cloud.folder / "master"), "pillar_roots": {"base": [str(checkout / "pillar")]}}
    made = cloud.plane.namespace.call(idr_move.Mover, opts, "idr-next")
    return lambda name, *arguments: cloud.plane.namespace.call(getattr(made, name), *arguments)


def test_the_address_goes_over_to_the_next_release_and_stays(cloud, mover):
    def address(name):
        return cloud.ask("-a", "show_instance", name)["embassy"]["openstack"][name]["public_ips"]

    before = address("idr-prod-proxy")
    assert [mover("address", "idr-prod")] == before
    mover("move", before[0], "idr-prod", "idr-next")
    assert address("idr-next-proxy") == before
    mover("move", before[0], "idr-next", "idr-prod")
    assert address("idr-prod-proxy") == before
    cloud.ask("-a", "swap_floating_ip", "idr-prod-proxy", "with=idr-next-proxy")
    assert mover("address", "idr-next") == before[0]
    answer = cloud.ask("-m", "idr-next.map", "-d", "-P")["embassy"]["openstack"]
    assert answer["idr-next-proxy"]["addresses_kept"] == before
    assert before[0] in cloud.left()["floating IPs"]
