"""The driver's own promises: errors in one line, keys withdrawn, half made hosts, nothing left of a failed create."""

import importlib.util
import json
import pathlib

import nspawn_pool
import nspawn_process
import pytest
from salt.exceptions import SaltCloudSystemExit


@pytest.fixture
def driver(checkout, tmp_path):
    """The driver as Salt's loader gives it, on folders of its own; events are kept in ``driver.events``."""
    image = tmp_path / "images/debian-12/usr/lib"
    image.mkdir(parents=True)
    (image / "os-release").write_text('PRETTY_NAME="Debian 12"\n')
    (tmp_path / "pool").mkdir()
    (tmp_path / "pki/minions").mkdir(parents=True)
    (tmp_path / "pki/master.pub").write_text("MASTER")
    details = {
        "driver": "nspawn",
        "state_dir": str(tmp_path / "state"),
        "pool": str(tmp_path / "pool"),
        "images": str(tmp_path / "images"),
        "bridge": "br0",
        "subnet": "10.99.0.0/24",
        "gateway": "10.99.0.1",
        "sizes": {"m1.small": {"ram": 1024, "cpus": 1}},
        "minion": {"master": "10.99.0.1"},
        "profiles": {},
    }
    spec = importlib.util.spec_from_file_location("nspawn_driver", checkout / "_clouds/nspawn.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.events = []
    module.__active_provider_name__ = "local:nspawn"
    module.__opts__ = {
        "providers": {"local": {"nspawn": details}},
        "profiles": {},
        "pki_dir": str(tmp_path / "pki"),
        "sock_dir": "",
        "transport": "",
    }
    module.__utils__ = {
        "cloud.fire_event": lambda key, msg, tag, args, **_: module.events.append((tag, args)),
        "cloud.filter_event": lambda tag, data, keys: {key: data[key] for key in keys if key in data},
    }
    return module


@pytest.fixture
def starts(monkeypatch):
    """Hosts "start" without a launcher: what the driver would hand it is kept."""
    launches = []
    monkeypatch.setattr(nspawn_process, "start", lambda folder, launch, limit: launches.append(launch))
    monkeypatch.setattr(nspawn_process, "need", lambda program: program)
    return launches


def vm(driver, name="one", **changes):
    """What Cloud.create hands to the driver, after it has accepted the key."""
    vm_ = {
        "name": name,
        "profile": None,
        "provider": "local:nspawn",
        "driver": "nspawn",
        "image": "debian-12",
        "size": "m1.small",
        "minion": {"master": "10.99.0.1"},
        "priv_key": "PRIVATE",
        "pub_key": f"PUBLIC {name}",
    } | changes
    key(driver, name).write_text(vm_["pub_key"])
    return vm_


def key(driver, name):
    return pathlib.Path(driver.__opts__["pki_dir"], "minions", name)


def instances(driver):
    folder = pathlib.Path(driver.__opts__["providers"]["local"]["nspawn"]["state_dir"], "instances")
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def layer(driver, name="one"):
    return pathlib.Path(driver.__opts__["providers"]["local"]["nspawn"]["state_dir"], "instances", name, "upper")


def test_create(driver, starts):
    node = driver.create(vm(driver, volumes=[{"name": "db", "size": 2}], grains={"colour": "red"}))
    assert node["private_ips"] == ["10.99.0.2"]
    link = node["volumes"][0]["device"]
    assert [volume["link"] for volume in starts[0]["volumes"]] == [link]
    assert starts[0]["limits"] == {"memory": 1 << 30, "cpus": 1}
    minion = (layer(driver) / "etc/salt/minion").read_text()
    assert f"db: {link}" in minion
    assert "colour: red" in minion
    assert "profile: null" in minion
    assert (layer(driver) / "etc/salt/pki/minion/minion.pem").read_text() == "PRIVATE"
    assert (layer(driver) / "etc/salt/pki/minion/minion_master.pub").read_text() == "MASTER"
    assert [tag.rsplit("/", 1)[1] for tag, _ in driver.events] == ["creating", "requesting", "created"]
    assert "PRIVATE" not in json.dumps(driver.events)
    assert key(driver, "one").exists()


def test_two_hosts_have_different_addresses_and_ids(driver, starts):
    one, two = driver.create(vm(driver, "one")), driver.create(vm(driver, "two"))
    assert one["private_ips"] != two["private_ips"]
    assert one["machine_id"] != two["machine_id"]
    hosts = layer(driver).parents[2] / "hosts"
    assert hosts.read_text().endswith("\n10.99.0.2 one\n10.99.0.3 two\n")


def test_without_salt_the_minion_is_masked(driver, starts):
    driver.create(vm(driver) | {"pub_key": None, "priv_key": None})
    unit = layer(driver) / "etc/systemd/system/salt-minion.service"
    assert str(unit.readlink()) == "/dev/null"
    assert not (layer(driver) / "etc/salt").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": "m9"}, "size: expected one of m1.small, got 'm9'"),
        ({"image": "x"}, "image: expected one of debian-12"),
        ({"volumes": [{"name": "a", "snapshot": "s"}]}, "volumes: a: no snapshot 's'"),
        ({"volumes": [{"nam": "a"}]}, "unknown key 'nam'"),
    ],
)
def test_wrong_profile_makes_nothing(driver, starts, changes, message):
    with pytest.raises(SaltCloudSystemExit) as caught:
        driver.create(vm(driver, **changes))
    assert message in str(caught.value)
    assert "host one" in str(caught.value)
    assert caught.value.exit_code == 1
    assert instances(driver) == []
    assert driver.list_volumes(call="function") == {}
    assert not key(driver, "one").exists()


def test_failed_start_leaves_nothing_but_older_volumes(driver, monkeypatch):
    def fail(*_):
        raise OSError("no bridge")

    driver.create_volume({"name": "one-old", "size": "1"}, call="function")
    monkeypatch.setattr(nspawn_process, "start", fail)
    monkeypatch.setattr(nspawn_process, "need", lambda program: program)
    with pytest.raises(SaltCloudSystemExit, match="no bridge"):
        driver.create(vm(driver, volumes=[{"name": "old", "size": 1}, {"name": "new", "size": 1}]))
    assert instances(driver) == []
    assert not key(driver, "one").exists()
    volumes = driver.list_volumes(call="function")
    assert {name: volume["attached_to"] for name, volume in volumes.items()} == {"one-old": None}


def test_existing_host_keeps_its_key_and_folder(driver, starts):
    driver.create(vm(driver))
    with pytest.raises(SaltCloudSystemExit, match="a host of this name exists already"):
        driver.create(vm(driver) | {"pub_key": key(driver, "one").write_text("OTHER") and "OTHER"})
    assert key(driver, "one").read_text() == "PUBLIC one"
    assert instances(driver) == ["one"]


def test_volumes_come_back_and_grow(driver, starts):
    before = driver.create(vm(driver, volumes=[{"name": "db", "size": 2}]))
    assert driver.destroy("one")["volumes_kept"] == ["one-db"]
    after = driver.create(vm(driver, volumes=[{"name": "db", "size": 3}]))
    assert after["volumes"][0]["id"] == before["volumes"][0]["id"]
    assert after["volumes"][0]["size"] == 3
    driver.destroy("one")
    with pytest.raises(SaltCloudSystemExit, match="one-db exists with 3 GB"):
        driver.create(vm(driver, volumes=[{"name": "db", "size": 2}]))


def test_delete_on_termination(driver, starts):
    driver.create(vm(driver, volumes=[{"name": "tmp", "size": 1, "delete_on_termination": True}]))
    assert driver.destroy("one")["volumes_kept"] == []
    assert driver.list_volumes(call="function") == {}
    assert instances(driver) == []


@pytest.fixture
def half_made(driver, starts):
    """A host whose creator died after the record was written."""
    driver.create(vm(driver, volumes=[{"name": "db", "size": 1}]))
    record = layer(driver).parent / "host.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"state": "building"}))
    return driver


def test_half_made_host_is_shown_but_made_again(half_made):
    assert half_made.list_nodes()["one"]["state"] == "error"
    assert half_made.list_nodes_min() == {}
    with pytest.raises(SaltCloudSystemExit, match="its creation did not end"):
        half_made.start("one", call="action")
    half_made.create(vm(half_made, volumes=[{"name": "db", "size": 1}]))
    assert half_made.list_nodes()["one"]["state"] == "stopped"


def test_half_made_host_can_be_destroyed(half_made):
    half_made.__opts__["destroy"] = True
    assert half_made.list_nodes_min() == {"one": {"state": "error"}}
    half_made.destroy("one")
    assert instances(half_made) == []


def test_what_is_not_ours_is_refused(driver):
    folder = layer(driver, "foreign")
    folder.mkdir(parents=True)
    with pytest.raises(SaltCloudSystemExit, match="foreign: there is no such host"):
        driver.destroy("foreign")
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda driver: driver.create_volume({"name": "a"}, call="function"), "size: expected a whole number"),
        (lambda driver: driver.create_volume({"name": "a/b", "size": "1"}, call="function"), "expected a name"),
        (lambda driver: driver.create_volume({"name": "a", "size": "1"}, call="action"), "-f or --function"),
        (lambda driver: driver.clone_volume({"name": "a"}, call="function"), "expected source=VOLUME or snapshot="),
        (lambda driver: driver.delete_volume({"name": "a"}, call="function"), "no volume 'a'"),
        (lambda driver: driver.show_instance("x", call="action"), "x: there is no such host"),
        (lambda driver: driver.show_instance("x", call="function"), "-a or --action"),
        (lambda driver: driver.attach_volume("x", {"name": "a"}, call="action"), "x: there is no such host"),
        (lambda driver: driver.destroy("x", call="function"), "-d, --destroy"),
    ],
)
def test_errors_are_one_line_with_exit_code(driver, call, message):
    with pytest.raises(SaltCloudSystemExit) as caught:
        call(driver)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 1


def test_stopped_hosts_volumes_change_hands(driver, starts):
    driver.create(vm(driver, "one"))
    driver.create(vm(driver, "two"))
    driver.create_volume({"name": "v", "size": "1"}, call="function")
    driver.attach_volume("one", {"name": "v"}, call="action")
    with pytest.raises(SaltCloudSystemExit, match="v is attached to one"):
        driver.attach_volume("two", {"name": "v"}, call="action")
    with pytest.raises(SaltCloudSystemExit, match="v is not attached to two"):
        driver.detach_volume("two", {"name": "v"}, call="action")
    with pytest.raises(SaltCloudSystemExit, match="v is attached to one, detach it first"):
        driver.delete_volume({"name": "v"}, call="function")
    driver.detach_volume("one", {"name": "v"}, call="action")
    driver.attach_volume("two", {"name": "v"}, call="action")
    assert driver.show_volume({"name": "v"}, call="function")["attached_to"] == "two"
    driver.start("two", call="action")
    assert [volume["link"] for volume in starts[-1]["volumes"]] == [
        driver.show_volume({"name": "v"}, call="function")["device"]
    ]


def test_lists(driver):
    assert driver.avail_images()["debian-12"]["os"] == "Debian 12"
    assert driver.avail_sizes()["m1.small"] == {"id": "m1.small", "name": "m1.small", "ram": 1024, "cpus": 1}
    assert list(driver.avail_locations()) == ["localhost"]
    assert driver.list_nodes_select() == {}


def test_not_loaded_without_provider(driver):
    driver.__opts__["providers"] = {}
    assert driver.__virtual__() is False


@pytest.fixture
def copied(monkeypatch):
    """Clones are made where the kernel cannot share blocks: what a volume has is of no interest here."""
    monkeypatch.setattr(nspawn_pool.fcntl, "ioctl", lambda *_: None)


def call(driver, function, /, **arguments):
    return getattr(driver, function)(kwargs=arguments, call="function")


def test_a_set_of_snapshots_carries_metadata_and_can_be_changed(driver, copied):
    for name in ("a", "b"):
        call(driver, "create_volume", name=name, size=1)
    made = call(driver, "create_snapshots", set="s", volumes="a,b", metadata={"complete": "false", "x": "1"})
    assert sorted(made) == ["s-a", "s-b"]
    assert call(driver, "list_snapshots", set="s") == made
    assert made["s-a"]["volume"] == "a"
    assert made["s-a"]["metadata"] == {"complete": "false", "x": "1"}
    tagged = call(driver, "tag_snapshots", set="s", metadata='{"complete": "true"}')
    assert {name: one["metadata"] for name, one in tagged.items()} == dict.fromkeys(
        made, {"complete": "true", "x": "1"}
    )
    assert call(driver, "show_snapshot", name="s-b") == tagged["s-b"]


def test_a_set_is_whole_or_not_there_unless_what_is_made_shall_stay(driver, copied):
    for name in ("a", "b"):
        call(driver, "create_volume", name=name, size=1)
    call(driver, "create_snapshots", set="s", volumes="b")
    with pytest.raises(SaltCloudSystemExit, match="s-b: create_snapshots: a snapshot 's-b' exists already"):
        call(driver, "create_snapshots", set="s", volumes="a,b")
    assert list(call(driver, "list_snapshots")) == ["s-b"]
    told = call(driver, "create_snapshots", set="s", volumes="a,b", keep=True)
    assert told["s-a"]["set"] == "s"
    assert "exists already" in told["s-b"]["error"]
    with pytest.raises(SaltCloudSystemExit, match="no volume 'c', expected one of a, b"):
        call(driver, "create_snapshots", set="t", volumes="a,c", keep=True)
    assert list(call(driver, "list_snapshots", set="t")) == []


def test_nothing_is_made_of_a_set_that_is_not_complete(driver, copied, starts):
    call(driver, "create_volume", name="a", size=1)
    call(driver, "create_snapshots", set="s", volumes="a", metadata={"complete": "false"})
    with pytest.raises(SaltCloudSystemExit, match="snapshot s-a is of a set that is not complete"):
        call(driver, "create_volume", name="b", snapshot="s-a")
    with pytest.raises(SaltCloudSystemExit, match="volumes: db: snapshot s-a is of a set that is not complete"):
        driver.create(vm(driver, volumes=[{"name": "db", "snapshot": "s-a"}]))
    call(driver, "tag_snapshots", set="s", metadata={"complete": "true"})
    assert call(driver, "create_volume", name="b", snapshot="s-a")["origin"]["name"] == "s-a"


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("create_snapshots", {"set": "s", "volumes": []}, "volumes: expected names with commas"),
        ("create_snapshots", {"set": "s", "volumes": "a,a"}, "'a' is given more than once"),
        ("create_snapshots", {"set": "s", "volumes": "a", "metadata": {"x": 1}}, "metadata: x: expected a text"),
        ("create_snapshots", {"set": "s", "volumes": "a", "metadata": {"x": "1" * 256}}, "at most 255 characters"),
        ("tag_snapshots", {"set": "s", "metadata": "x"}, "metadata: expected a JSON object"),
        ("tag_snapshots", {"set": "s", "metadata": "[]"}, "metadata: expected a mapping"),
        ("tag_snapshots", {"set": "s", "metadata": {}}, "set: expected one that has snapshots, got 's'"),
    ],
)
def test_bad_input_names_what_was_expected(driver, name, arguments, message):
    with pytest.raises(SaltCloudSystemExit, match=message):
        call(driver, name, **arguments)


def test_what_stands_for_a_floating_ip_is_a_name_that_leads_to_one_host(driver, starts):
    provider = driver.__opts__["providers"]["local"]["nspawn"]
    provider["floating_ips"] = {"site": "one"}
    driver.create(vm(driver))
    driver.create(vm(driver, "two"))
    hosts = pathlib.Path(provider["state_dir"], "hosts")

    def leads():
        names = dict(line.split()[1::-1] for line in hosts.read_text().splitlines() if not line.startswith(":"))
        return names["site"]

    first = leads()
    assert call(driver, "list_floating_ips") == {"site": {"attached_to": "one"}}
    assert driver.swap_floating_ip("one", kwargs={"with": "two"}, call="action") == {"site": "two"}
    assert leads() != first
    # one that is destroyed takes the way there along, and gets it back
    driver.destroy("two", call="action")
    assert "site" not in hosts.read_text()
    driver.create(vm(driver, "two"))
    assert "site" in hosts.read_text()
    with pytest.raises(SaltCloudSystemExit, match="expected another host than two"):
        driver.swap_floating_ip("two", kwargs={"with": "two"}, call="action")
    provider["floating_ips"] = {"site": "Not a name"}
    with pytest.raises(SaltCloudSystemExit, match="floating_ips: site: expected names"):
        call(driver, "list_floating_ips")
