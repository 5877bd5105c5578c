"""What is done with a host and its volumes later on, on a real control plane."""

import pytest
from salt.exceptions import SaltCloudSystemExit


@pytest.fixture(scope="module")
def host(site):
    """A host with a volume of its own."""
    node = site.create("life-one", volumes=[{"name": "db", "size": 1}], floating_ip=True)
    yield node
    site.clean()
    assert site.left() == {}


def show(site, name="life-one"):
    return site.act("show_instance", name)


def test_stop_start_and_reboot(site, host):
    assert site.act("stop", "life-one") == "stopped"
    assert site.act("stop", "life-one") == "already stopped"
    assert show(site)["state"] == "stopped"
    assert site.act("start", "life-one") == "started"
    assert site.act("start", "life-one") == "already running"
    assert site.act("reboot", "life-one") == "rebooted"
    assert site.act("reboot", "life-one", hard="True") == "rebooted"
    assert show(site)["state"] == "running"
    with pytest.raises(SaltCloudSystemExit, match="reboot: hard: expected True or False, got 'perhaps'"):
        site.act("reboot", "life-one", hard="perhaps")


def test_resize_is_confirmed_or_taken_back(site, host):
    assert site.act("resize", "life-one", size="m1.small")["size"] == "m1.small"
    unconfirmed = site.act("resize", "life-one", size="m1.medium", confirm="False")
    assert (unconfirmed["size"], unconfirmed["status"]) == ("m1.medium", "VERIFY_RESIZE")
    assert site.act("revert_resize", "life-one")["size"] == "m1.small"
    site.act("resize", "life-one", size="m1.medium", confirm="False")
    assert site.act("confirm_resize", "life-one")["size"] == "m1.medium"
    with pytest.raises(SaltCloudSystemExit, match="expected a server that was resized and not confirmed"):
        site.act("confirm_resize", "life-one")
    with pytest.raises(SaltCloudSystemExit, match="resize: size: no flavour 'm9'"):
        site.act("resize", "life-one", size="m9")


def test_rebuild_keeps_address_and_volumes(site, host):
    image = site.act("create_image", "life-one", name="life-image")
    try:
        with pytest.raises(SaltCloudSystemExit, match="an image 'life-image' exists already"):
            site.act("create_image", "life-one", name="life-image")
        rebuilt = site.act("rebuild", "life-one", image="life-image")
        assert rebuilt["image"] == "life-image"
        assert rebuilt["private_ips"] == host["private_ips"]
        assert [volume["name"] for volume in rebuilt["volumes"]] == ["life-one-db"]
        assert site.act("rebuild", "life-one", image="debian-12")["image"] == "debian-12"
    finally:
        site.look(lambda cloud: cloud.image.delete_image(image["id"]))


def test_rename_takes_its_volumes_along(site, host):
    site.create("life-other")
    with pytest.raises(SaltCloudSystemExit, match="newname: a server 'life-other' exists already"):
        site.act("rename", "life-one", newname="life-other")
    with pytest.raises(SaltCloudSystemExit, match="newname: expected 1 to 63 of a-z"):
        site.act("rename", "life-one", newname="Life One")
    site.act("rename", "life-one", newname="life-new")
    node = show(site, "life-new")
    assert [(volume["name"], volume["host"]) for volume in node["volumes"]] == [("life-new-db", "life-new")]
    site.act("rename", "life-new", newname="life-one")
    assert show(site)["id"] == host["id"]
    site.call("destroy", "life-other")


def test_a_volumes_life(site, host):
    volume = site.function("create_volume", name="loose", size="1", type="ssd")
    assert (volume["size"], volume["type"], volume["status"]) == (1, "ssd", "available")
    with pytest.raises(SaltCloudSystemExit, match="a volume 'loose' exists already"):
        site.function("create_volume", name="loose", size="1")
    attached = site.act("attach_volume", "life-one", name="loose")
    assert attached["device"] == f"/dev/disk/by-id/virtio-{volume['id'][:20]}"
    assert site.act("attach_volume", "life-one", name="loose") == attached
    assert site.function("list_volumes")["loose"]["attached_to"] == "life-one"
    with pytest.raises(SaltCloudSystemExit, match="loose is attached to life-one, detach it first"):
        site.function("delete_volume", name="loose")
    assert site.function("extend_volume", name="loose", size="2")["size"] == 2
    with pytest.raises(SaltCloudSystemExit, match="size: expected more than the 2 GB it has, got 1"):
        site.function("extend_volume", name="loose", size="1")
    site.act("detach_volume", "life-one", name="loose")
    with pytest.raises(SaltCloudSystemExit, match="loose is not attached to life-one"):
        site.act("detach_volume", "life-one", name="loose")
    assert site.function("clone_volume", name="copy", source="loose")["size"] == 2
    assert site.function("show_volume", name="copy")["origin"] == {"kind": "volume", "id": volume["id"]}
    for name in ("loose", "copy"):
        assert site.function("delete_volume", name=name) == {"deleted": name}
    assert sorted(site.function("list_volumes")) == ["life-one-db"]


def test_snapshots_of_several_volumes_are_one_set_or_none(site, host):
    site.function("create_volume", name="second", size="1")
    made = site.function("create_snapshots", set="before", volumes="life-one-db,second")
    assert sorted(made) == ["before-life-one-db", "before-second"]
    assert sorted(site.function("list_snapshots", set="before")) == sorted(made)
    assert list(site.function("list_snapshots", volume="second")) == ["before-second"]
    with pytest.raises(SaltCloudSystemExit, match="no volume 'third', expected one of life-one-db, second"):
        site.function("create_snapshots", set="after", volumes="second,third")
    with pytest.raises(SaltCloudSystemExit, match="a snapshot 'before-second' exists already"):
        site.function("create_snapshots", set="before", volumes="second")
    assert sorted(site.function("list_snapshots")) == sorted(made)
    for name in made:
        site.function("delete_snapshot", name=name)
    site.function("delete_volume", name="second")


def test_nothing_is_made_of_a_set_before_it_is_complete(site, host):
    site.function("create_volume", name="second", size="1")
    metadata = {"complete": "false", "of": "2"}
    told = site.function("create_snapshots", set="s", volumes="life-one-db,second", metadata=metadata, keep=True)
    assert {one["metadata"]["complete"] for one in told.values()} == {"false"}
    with pytest.raises(SaltCloudSystemExit, match="snapshot s-second is of a set that is not complete"):
        site.function("create_volume", name="copy", snapshot="s-second")
    tagged = site.function("tag_snapshots", set="s", metadata={"complete": "true"})
    assert {name: one["metadata"] for name, one in tagged.items()} == dict.fromkeys(
        ("s-life-one-db", "s-second"), {"complete": "true", "of": "2"}
    )
    assert site.function("create_volume", name="copy", snapshot="s-second")["origin"]["kind"] == "snapshot"
    site.function("delete_volume", name="copy")
    for name in tagged:
        site.function("delete_snapshot", name=name)
    site.function("delete_volume", name="second")


def test_the_floating_ip_is_swapped_and_then_kept(site, host):
    site.create("life-two", floating_ip=True)
    one, two = show(site)["public_ips"], show(site, "life-two")["public_ips"]
    assert site.act("swap_floating_ip", "life-one", **{"with": "life-two"}) == {one[0]: "life-two", two[0]: "life-one"}
    assert (show(site)["public_ips"], show(site, "life-two")["public_ips"]) == (two, one)
    site.act("detach_floating_ip", "life-one", address=two[0])
    # an exchange with one who has none is a move
    assert site.act("swap_floating_ip", "life-one", **{"with": "life-two"}) == {one[0]: "life-one"}
    with pytest.raises(SaltCloudSystemExit, match="leads somewhere already"):
        site.act("attach_floating_ip", "life-two", address=one[0])
    site.act("attach_floating_ip", "life-two", address=two[0])
    assert site.call("destroy", "life-two")["addresses_kept"] == two
    site.function("release_floating_ip", address=two[0])
    with pytest.raises(SaltCloudSystemExit, match="expected one that leads nowhere"):
        site.function("release_floating_ip", address=one[0])


def test_lists(site, host):
    assert site.call("avail_images")["debian-12"]["name"] == "debian-12"
    sizes = site.call("avail_sizes")
    assert {key: sizes["m1.tiny"][key] for key in ("ram", "cpus", "disk")} == {"ram": 512, "cpus": 1, "disk": 1}
    assert site.call("avail_locations")["nova"]["available"] is True
    for query in ("list_nodes", "list_nodes_full", "list_nodes_min", "list_nodes_select"):
        assert site.call(query)["life-one"]["state"] == "running"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda site: site.act("start", "none"), "none: there is no such server"),
        (lambda site: site.call("destroy", "none"), "none: there is no such server"),
        (lambda site: site.call("destroy", "life-one", call="function"), "-d, --destroy"),
        (lambda site: site.call("show_instance", "life-one", call="function"), "-a or --action"),
        (lambda site: site.call("list_volumes", call="action"), "-f or --function"),
        (lambda site: site.function("create_volume", name="a"), "size: expected a whole number of GB"),
        (lambda site: site.function("create_volume", name="a/b", size="1"), "expected a name"),
        (lambda site: site.function("create_volume", name="a", size="1", kind="x"), "unknown argument 'kind'"),
        (lambda site: site.function("clone_volume", name="a"), "expected source=VOLUME or snapshot=SNAPSHOT"),
        (lambda site: site.function("delete_snapshot", name="a"), "no snapshot 'a'"),
        (
            lambda site: site.act("attach_floating_ip", "life-one", address="198.51.100.3"),
            "no floating IP 198.51.100.3",
        ),
    ],
)
def test_errors_are_one_line_with_exit_code(site, host, call, message):
    with pytest.raises(SaltCloudSystemExit) as caught:
        call(site)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 1
