"""One host with everything that a profile can say, on a real control plane."""

import base64

import pytest
from salt.exceptions import SaltCloudSystemExit


def server_of(site, name):
    """Nova's own idea of a server, the user data among it, which only an administrator sees."""
    admin = site.plane.namespace.call(site.plane.connect)

    def look():
        (found,) = admin.compute.servers(all_projects=True, name=f"^{name}$")
        return found

    return site.plane.namespace.call(look)


@pytest.fixture(scope="module")
def around(site):
    """What the host is made with: a key pair, a port, a server group."""

    def prepare(cloud):
        cloud.create_keypair(
            "operator", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyF2mPYvWJj4vRkW2p0i4Hk0nC8Zp6mY1q9d3sO1bXe a"
        )
        network = cloud.network.find_network("idr-storage")
        port = cloud.network.create_port(network_id=network.id, name="given")
        group = cloud.compute.create_server_group(name="apart", policy="anti-affinity")
        return port.id, group.id

    def tidy(cloud):
        cloud.network.delete_port(port)
        cloud.compute.delete_server_group(group)

    port, group = site.look(prepare)
    yield
    site.clean()
    site.look(tidy)


@pytest.fixture(scope="module")
def made(site, around, tmp_path_factory):
    """A host with most of what there is."""
    userdata = tmp_path_factory.mktemp("userdata") / "userdata"
    userdata.write_text("#cloud-config\nvolumes: {{ opts.grains.volumes|tojson }}\n")
    return site.create(
        "full-one",
        size="m1.small",
        networks=[{"network": "idr", "fixed_ip": "10.77.0.50"}, {"port": "given"}],
        security_groups=["idr-internal", "idr-proxy"],
        key_name="operator",
        server_group="apart",
        availability_zone="nova",
        metadata={"owner": "ome"},
        config_drive=True,
        userdata_file=str(userdata),
        userdata_template="jinja",
        volumes=[
            {"name": "db", "size": 1, "type": "ssd"},
            {"name": "tmp", "size": 2, "delete_on_termination": True},
        ],
        floating_ip={"pool": "public", "network": "idr"},
    )


def test_it_runs_as_the_profile_says(made):
    assert made["state"] == "running"
    assert (made["image"], made["size"], made["key_name"]) == ("debian-12", "m1.small", "operator")
    assert made["security_groups"] == ["default", "idr-internal", "idr-proxy"]
    assert made["metadata"] == {"owner": "ome"}
    assert made["availability_zone"] == "nova"
    assert (made["provider"], made["profile"], made["minion_id"]) == ("embassy", "idr-base", "full-one")


def test_interfaces_are_in_order(site, made):
    assert made["networks"]["idr"][0] == "10.77.0.50"
    assert made["private_ips"][0] == "10.77.0.50"
    server = server_of(site, "full-one")
    assert list(server.addresses) == ["idr", "idr-storage"]
    assert server.has_config_drive == "True"


def test_volumes_are_attached_and_known_by_their_links(made):
    volumes = {volume["name"]: volume for volume in made["volumes"]}
    assert set(volumes) == {"full-one-db", "full-one-tmp"}
    assert {name: volume["size"] for name, volume in volumes.items()} == {"full-one-db": 1, "full-one-tmp": 2}
    assert volumes["full-one-db"]["type"] == "ssd"
    assert volumes["full-one-tmp"]["delete_on_termination"] is True
    assert volumes["full-one-db"]["device"] == f"/dev/disk/by-id/virtio-{volumes['full-one-db']['id'][:20]}"


def test_user_data_is_rendered_with_the_volumes(site, made):
    text = base64.b64decode(server_of(site, "full-one").user_data).decode()
    assert text.startswith("#cloud-config\n")
    for volume in made["volumes"]:
        assert volume["device"] in text


def test_its_floating_ip_leads_to_the_network_it_names(site, made):
    (address,) = made["public_ips"]
    known = site.function("list_floating_ips")[address]
    assert (known["fixed_ip"], known["attached_to"], known["host"]) == ("10.77.0.50", "full-one", "full-one")
    assert (known["status"], known["kept"]) == ("ACTIVE", False)


def test_it_is_one_in_its_server_group_that_allows_no_second_on_this_machine(site, made):
    with pytest.raises(SaltCloudSystemExit) as caught:
        site.create("full-two", server_group="apart", volumes=[{"name": "db", "size": 1}], floating_ip=True)
    assert "profile idr-base, host full-two: full-two: Nova could not do it (No valid host was found" in str(
        caught.value
    )
    left = site.left()
    assert left["servers"] == ["full-one"]
    assert left["volumes"] == ["full-one-db", "full-one-tmp"]
    assert len(left["floating IPs"]) == 1
    assert site.accepted_keys() == []


def test_a_group_that_would_rather_have_them_apart_takes_both(site, around):
    group = site.look(lambda cloud: cloud.compute.create_server_group(name="rather-apart", policy="soft-anti-affinity"))
    ids = {site.create(name, server_group="rather-apart")["id"] for name in ("soft-one", "soft-two")}
    assert set(site.look(lambda cloud: cloud.compute.get_server_group(group.id)).member_ids) == ids
    site.look(lambda cloud: cloud.compute.create_server_group(name="rather-apart", policy="affinity"))
    with pytest.raises(SaltCloudSystemExit, match="server_group: 2 server groups are called 'rather-apart'"):
        site.create("soft-three", server_group="rather-apart")
    site.destroy("soft-one", "soft-two")
    site.look(
        lambda cloud: [
            cloud.compute.delete_server_group(each)
            for each in cloud.compute.server_groups()
            if each.name == "rather-apart"
        ]
    )


def test_a_second_one_of_its_name_is_refused(site, made):
    with pytest.raises(SaltCloudSystemExit, match="a server of this name exists already"):
        site.call("create", site.vm("full-one"))
    assert site.left()["servers"] == ["full-one"]


def test_destroyed_it_leaves_what_is_to_stay_and_comes_back_with_it(site, made):
    (kept,) = (volume["id"] for volume in made["volumes"] if volume["name"] == "full-one-db")
    answer = site.call("destroy", "full-one")
    assert (answer["volumes_kept"], answer["addresses_kept"]) == (["full-one-db"], [])
    # the port was not the driver's to delete
    assert {kind: len(names) for kind, names in site.left().items()} == {"volumes": 1, "ports": 1}
    with pytest.raises(
        SaltCloudSystemExit, match="full-one-db exists with 1 GB.*a volume cannot shrink|size: expected"
    ):
        site.create("full-one", volumes=[{"name": "db", "size": 0}])
    again = site.create("full-one", volumes=[{"name": "db", "size": 3}])
    assert [(volume["id"], volume["size"]) for volume in again["volumes"]] == [(kept, 3)]
    site.call("destroy", "full-one")


def test_boot_from_a_volume(site):
    node = site.create("boot-one", boot_volume={"size": 2}, volumes=[{"name": "db", "size": 1}])
    volumes = {volume["name"]: volume for volume in node["volumes"]}
    assert set(volumes) == {"boot-one-root", "boot-one-db"}
    site.function("create_snapshot", name="golden", volume="boot-one-root")
    other = site.create("boot-two", image=None, boot_volume={"snapshot": "golden", "delete_on_termination": False})
    (root,) = other["volumes"]
    assert (root["name"], root["size"], root["origin"]["kind"]) == ("boot-two-root", 2, "snapshot")
    # what has a snapshot cannot be deleted
    assert site.call("destroy", "boot-one")["volumes_kept"] == ["boot-one-db", "boot-one-root"]
    assert site.call("destroy", "boot-two")["volumes_kept"] == ["boot-two-root"]
    site.function("delete_snapshot", name="golden")
    site.function("delete_volume", name="boot-one-root")
    assert site.create("boot-one", boot_volume={"size": 1})["state"] == "running"
    assert site.call("destroy", "boot-one")["volumes_kept"] == []
