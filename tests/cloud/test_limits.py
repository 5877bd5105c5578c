"""Quotas, volumes that never come, servers of one name, what others made, and what is protected."""

import time

import pytest
from salt.exceptions import SaltCloudSystemExit

from testbed.openstack.faults import Fault

VOLUME = [{"name": "db", "size": 2}]


@pytest.fixture
def limit(plane):
    """Function ``(site, kind, **limits)`` that sets quotas of a project; they are taken back afterwards."""
    setters = {"compute": "set_compute_quotas", "volume": "set_volume_quotas", "network": "set_network_quotas"}
    admin, changed = plane.namespace.call(plane.connect), []

    def limit(site, kind, **limits):
        project = site.look(lambda cloud: cloud.current_project_id)
        setter = getattr(admin, setters[kind])
        changed.append((setter, project, dict.fromkeys(limits, -1)))
        plane.namespace.call(setter, project, **limits)

    yield limit
    for setter, project, limits in changed:
        plane.namespace.call(setter, project, **limits)


QUOTAS = [
    ("compute", {"cores": 1}, {"size": "m1.large"}, "cores: needed 4, used 0, allowed 1"),
    ("compute", {"instances": 0}, {}, "instances: needed 1, used 0, allowed 0"),
    ("compute", {"ram": 600}, {"size": "m1.large"}, "ram (MB): needed 8192, used 0, allowed 600"),
    ("volume", {"gigabytes": 1}, {}, "gigabytes (GB): needed 2, used 0, allowed 1"),
    ("volume", {"volumes": 0}, {}, "volumes: needed 1, used 0, allowed 0"),
    (
        "volume",
        {"gigabytes_ssd": 1},
        {"volumes": [{"name": "db", "size": 2, "type": "ssd"}]},
        "gigabytes_ssd (GB): needed 2, used 0, allowed 1",
    ),
    ("network", {"floatingip": 0}, {"floating_ip": True}, "floatingip: needed 1, used 0, allowed 0"),
    ("network", {"port": 1}, {"networks": ["idr", "idr-storage"]}, "port: needed 2, used "),
]


def makers(proxy):
    """The requests that made something, or tried to; not those for a token."""
    return [seen for seen in proxy.seen if seen.method in ("POST", "PUT", "DELETE") and seen.service != "keystone"]


@pytest.mark.parametrize(("kind", "limits", "changes", "said"), QUOTAS, ids=[said for *_, said in QUOTAS])
def test_a_quota_that_is_too_small_is_named_before_anything_is_made(faulty, limit, kind, limits, changes, said):
    limit(faulty, kind, **limits)
    with pytest.raises(SaltCloudSystemExit) as caught:
        faulty.create("quota-one", **{"volumes": VOLUME, **changes})
    assert f"profile idr-base, host quota-one: not enough quota: {said}" in str(caught.value)
    assert makers(faulty.proxy) == []
    assert faulty.accepted_keys() == []


def test_what_is_there_already_needs_no_more(clean, limit):
    clean.create("spare-one", volumes=VOLUME, floating_ip={"keep": True})
    clean.call("destroy", "spare-one")
    limit(clean, "volume", volumes=1, gigabytes=3)
    limit(clean, "network", floatingip=1)
    limit(clean, "compute", instances=1, cores=1)
    again = clean.create("spare-one", volumes=[{"name": "db", "size": 3}], floating_ip={"keep": True})
    assert [volume["size"] for volume in again["volumes"]] == [3]
    with pytest.raises(SaltCloudSystemExit, match="instances: needed 1, used 1, allowed 1; volumes: needed 1, used 1"):
        clean.create("spare-two", volumes=[{"name": "db", "size": 1}])


def test_quotas_are_those_of_the_whole_map(clean, limit, tmp_path):
    (tmp_path / "some.map").write_text("idr-base:\n  - some-one\n  - some-two\n  - some-three\n")
    limit(clean, "compute", instances=2)
    answer = clean.ask("-m", tmp_path / "some.map", "-P")
    for name, node in answer.items():
        said = f"host {name}, and 2 more hosts of its map: not enough quota: instances: needed 3, used 0, allowed 2"
        assert said in node["Error"]
    assert (len(answer), clean.left()) == (3, {})
    limit(clean, "compute", instances=3)
    answer = clean.ask("-m", tmp_path / "some.map", "-P")
    assert [node for node in answer.values() if "Error" in node] == []


@pytest.mark.parametrize(
    ("kind", "limits", "changes", "said"),
    [
        ("compute", {"cores": 1}, {"size": "m1.large"}, "cores"),
        ("compute", {"instances": 0}, {}, "instances"),
        ("compute", {"ram": 600}, {"size": "m1.large"}, "ram"),
        ("volume", {"gigabytes": 1}, {}, "gigabytes"),
        ("volume", {"volumes": 0}, {}, "volumes"),
        ("network", {"floatingip": 0}, {"floating_ip": True}, "floatingip"),
    ],
)
def test_a_quota_that_only_the_cloud_knows_of_is_named_and_nothing_is_left(faulty, limit, kind, limits, changes, said):
    limit(faulty, kind, **limits)
    faulty.proxy.faults = [
        Fault(service, path="/(os-)?quota", times=100, status=403) for service in ("nova", "cinder", "neutron")
    ]
    with pytest.raises(SaltCloudSystemExit) as caught:
        faulty.create("quota-one", volumes=VOLUME, **changes)
    assert f"profile idr-base, host quota-one: the quota of {said} is used up: " in str(caught.value)
    assert faulty.left() == {}
    assert faulty.accepted_keys() == []


def test_snapshots_beyond_the_quota_leave_none_of_their_set(clean, limit):
    for name in ("one", "two"):
        clean.function("create_volume", name=name, size="1")
    limit(clean, "volume", snapshots=1)
    # Beforehand: of two that are asked for side by side Cinder with SQLite, which locks no row, may let both in.
    clean.function("create_snapshot", name="before", volume="one")
    with pytest.raises(SaltCloudSystemExit, match="the quota of snapshots is used up"):
        clean.function("create_snapshots", set="both", volumes="one,two")
    deadline = time.monotonic() + 30
    while clean.left()["snapshots"] != ["before"]:
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_a_volume_that_is_never_ready_has_its_limit(clean):
    begun = time.monotonic()
    with clean.options(volume_timeout=4, delete_timeout=15), pytest.raises(SaltCloudSystemExit) as caught:
        clean.create("limit-one", volumes=[{"name": "stuck", "size": 1}])
    assert "are available: not within 4 seconds" in str(caught.value)
    # Cinder deletes no volume that it is still making
    assert "what is left of it: limit-one-stuck" in str(caught.value)
    assert time.monotonic() - begun < 90
    assert clean.left() == {"volumes": ["limit-one-stuck"]}
    admin = clean.plane.namespace.call(clean.plane.connect)

    def give_up(cloud):
        for volume in cloud.block_storage.volumes(all_projects=True):
            cloud.block_storage.reset_volume_status(volume.id, "error", None, None)

    clean.plane.namespace.call(give_up, admin)


def other_server(site, name, **metadata):
    """A server that somebody made without Salt Cloud."""

    def make(cloud):
        return cloud.create_server(
            name, image="debian-12", flavor="m1.tiny", network="idr", auto_ip=False, wait=True, meta=metadata
        ).id

    return site.look(make)


def test_two_servers_of_one_name_are_an_error_and_never_a_guess(clean):
    ids = {other_server(clean, "twin"), other_server(clean, "twin")}
    node = clean.call("list_nodes")["twin"]
    assert (node["state"], set(node["id"].split(", "))) == ("duplicate", ids)
    for call in (
        lambda: clean.call("destroy", "twin"),
        lambda: clean.act("stop", "twin"),
        lambda: clean.act("show_instance", "twin"),
        lambda: clean.call("create", clean.vm("twin")),
    ):
        with pytest.raises(SaltCloudSystemExit, match="twin: 2 servers have this name"):
            call()
    assert clean.left()["servers"] == ["twin", "twin"]


def test_what_another_made_is_not_destroyed(clean):
    other_server(clean, "foreign")
    other_server(clean, "elsewhere", **{"salt-cloud-provider": "other"})
    with pytest.raises(
        SaltCloudSystemExit, match="foreign: it was made otherwise, expected a server that the provider"
    ):
        clean.call("destroy", "foreign")
    with pytest.raises(SaltCloudSystemExit, match="elsewhere: it was made by the provider other"):
        clean.call("destroy", "elsewhere")
    for action in ({"size": "m1.small"},):
        with pytest.raises(SaltCloudSystemExit, match="made otherwise"):
            clean.act("resize", "foreign", **action)
    clean.look(lambda cloud: cloud.create_volume(1, name="theirs", wait=True).id)
    with pytest.raises(SaltCloudSystemExit, match="theirs was not made by the provider embassy"):
        clean.function("delete_volume", name="theirs")
    assert clean.left()["servers"] == ["elsewhere", "foreign"]
    assert clean.left()["volumes"] == ["theirs"]


def test_a_volume_of_another_host_is_refused(clean):
    clean.create("owner", volumes=[{"name": "db", "size": 1}])
    clean.look(lambda cloud: cloud.block_storage.update_volume(cloud.get_volume("owner-db").id, name="thief-db"))
    with pytest.raises(SaltCloudSystemExit, match="thief-db exists and is attached to owner"):
        clean.create("thief", volumes=[{"name": "db", "size": 1}])
    assert clean.left()["servers"] == ["owner"]


@pytest.fixture
def allow(clean):
    """Function that says in pillar whether protected things may be destroyed without being asked."""
    yield lambda destroy: clean.write("pillar/environment.sls", {"environment": {"destroy": destroy}})
    clean.write("pillar/environment.sls", {})


def test_what_is_protected_needs_a_word_and_must_not_serve(clean, allow):
    clean.create("prod-proxy", protected="prod", floating_ip=True)
    clean.create("prod-db", protected="prod", volumes=[{"name": "db", "size": 1}])
    (address,) = clean.act("show_instance", "prod-proxy")["public_ips"]
    allow(True)
    for name in ("prod-proxy", "prod-db"):
        with pytest.raises(
            SaltCloudSystemExit, match=rf"{name}: prod is protected and serves at {address} \(prod-proxy"
        ):
            clean.call("destroy", name)
    clean.act("detach_floating_ip", "prod-proxy", address=address)
    allow(False)
    with pytest.raises(SaltCloudSystemExit, match="prod-db: prod is protected; expected environment:destroy: true"):
        clean.call("destroy", "prod-db")
    assert clean.left()["servers"] == ["prod-db", "prod-proxy"]
    allow(True)
    clean.call("destroy", "prod-db")
    clean.call("destroy", "prod-proxy")
    assert clean.left() == {"volumes": ["prod-db-db"], "floating IPs": [address]}
    allow(False)
    with pytest.raises(SaltCloudSystemExit, match="prod-db-db: prod is protected"):
        clean.function("delete_volume", name="prod-db-db")
