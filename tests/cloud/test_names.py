"""Names of a real control plane's things: clones, addresses, and what is not there."""

import pytest
from salt.exceptions import SaltCloudSystemExit


def test_clones(clean):
    clean.function("create_volume", name="old", size=1)
    clean.function("create_snapshot", name="old-snapshot", volume="old")
    volumes = [{"name": "a", "source": "old"}, {"name": "b", "snapshot": "old-snapshot", "size": 2}]
    node = clean.create("clone-one", volumes=volumes)
    found = {volume["name"]: (volume["size"], volume["origin"]["kind"]) for volume in node["volumes"]}
    assert found == {"clone-one-a": (1, "volume"), "clone-one-b": (2, "snapshot")}


def test_named_address_stays_the_projects(clean):
    def ask(cloud):
        network = cloud.network.find_network("public")
        return cloud.network.create_ip(floating_network_id=network.id).floating_ip_address

    address = clean.look(ask)
    node = clean.create("named-one", floating_ip={"address": address})
    assert node["public_ips"] == [address]
    with pytest.raises(SaltCloudSystemExit, match=f"floating_ip: address: {address} leads to another server"):
        clean.create("named-two", floating_ip={"address": address})
    answer = clean.call("destroy", "named-one")
    assert answer["addresses_kept"] == [address]
    assert clean.left() == {"floating IPs": [address]}


def test_kept_address_comes_back_with_its_host(clean):
    before = clean.create("kept-one", floating_ip={"keep": True})["public_ips"]
    assert clean.call("destroy", "kept-one")["addresses_kept"] == before
    assert clean.create("kept-one", floating_ip={"keep": True})["public_ips"] == before
    clean.call("destroy", "kept-one")
    clean.function("release_floating_ip", address=before[0])
    assert clean.left() == {}


@pytest.fixture(scope="module")
def credential(site):
    """What logs in by an application credential of the project's user, as an entry of clouds.yaml has it."""
    made = site.look(lambda cloud: cloud.identity.create_application_credential(cloud.current_user_id, "salt-cloud"))
    auth = {
        "auth_url": site.entry()["auth"]["auth_url"],
        "application_credential_id": made.id,
        "application_credential_secret": made.secret,
    }
    return {"auth_type": "v3applicationcredential", "region_name": site.region, "auth": auth}


@pytest.fixture(params=["clouds.yaml", "inline"])
def login(site, credential, request):
    """Function that makes an entry the provider's login, for the time of a block."""

    def options(entry):
        if request.param == "inline":
            return site.options(cloud=None, clouds_yaml=None, **entry)
        path = site.write("credential/clouds.yaml", {"clouds": {"embassy": entry}})
        return site.options(clouds_yaml=str(path))

    return options


def test_a_host_by_an_application_credential(clean, credential, login):
    with login(credential):
        given = {"volumes": [{"name": "db", "size": 1}], "floating_ip": True}
        made = clean.call("create", clean.vm("credential-one", **given))
        assert (made["state"], len(made["volumes"]), len(made["public_ips"])) == ("running", 1, 1)
        clean.call("destroy", "credential-one")
        clean.function("delete_volume", name="credential-one-db")
    assert clean.left() == {}


def test_a_wrong_application_credential_is_said_without_it(site, credential, login):
    wrong = {**credential, "auth": {**credential["auth"], "application_credential_secret": "wrong-secret"}}
    with login(wrong), pytest.raises(SaltCloudSystemExit, match="the cloud refused the login") as caught:
        site.call("list_nodes")
    assert "wrong-secret" not in str(caught.value)


BAD = [
    ({"size": "m9"}, "size: no flavour 'm9', expected one of m1.large, m1.medium, m1.small, m1.tiny, m1.xlarge"),
    ({"image": "debian-99"}, "image: no image 'debian-99', expected one of debian-12"),
    ({"networks": ["elsewhere"]}, "networks: no network 'elsewhere', expected one of idr, idr-storage, public"),
    ({"networks": None}, "networks: expected a list of some of idr, idr-storage"),
    ({"networks": [{"network": "idr", "fixed_ip": "10.1.1.1"}]}, "fixed_ip: expected an address in 10.77.0.0/24"),
    ({"networks": [{"port": "none"}]}, "networks: no port 'none'"),
    (
        {"security_groups": ["idr-public"]},
        "security_groups: no security group 'idr-public', expected one of default, idr",
    ),
    ({"server_group": "none"}, "server_group: no server group 'none'"),
    ({"key_name": "none"}, "key_name: no key pair 'none'"),
    ({"availability_zone": "moon"}, "availability_zone: no zone 'moon', expected one of"),
    ({"userdata_file": "/none/such"}, "userdata_file: expected a text file"),
    ({"volumes": [{"name": "db", "size": 1, "type": "gold"}]}, "db: type: no volume type 'gold', expected one of"),
    ({"volumes": [{"name": "db", "snapshot": "none"}]}, "volumes: db: no snapshot 'none'"),
    ({"volumes": [{"name": "db", "source": "none"}]}, "volumes: db: no volume 'none'"),
    ({"floating_ip": {"pool": "idr"}}, "floating_ip: no external network 'idr', expected one of public"),
    ({"floating_ip": {"address": "198.51.100.3"}}, "no floating IP 198.51.100.3, expected one of"),
    ({"floating_ip": {"network": "idr-storage"}}, "floating_ip: network: expected one of the host's own networks"),
    ({"deploy": True}, "key_filename: expected the private key of key_name for SSH"),
    ({"deploy": True, "key_filename": "/none/such"}, "key_filename: expected a file"),
    ({"deploy": True, "ssh_interface": "public"}, "ssh_interface: expected private_ips or public_ips"),
]


@pytest.mark.parametrize(("changes", "message"), BAD, ids=[message for _, message in BAD])
def test_a_wrong_option_is_named_and_nothing_is_made(site, changes, message):
    with pytest.raises(SaltCloudSystemExit) as caught:
        site.call("create", site.vm("bad-one", **changes))
    assert "profile idr-base, host bad-one: " in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_after_wrong_options_nothing_is_there(site):
    assert site.left() == {}
    assert site.accepted_keys() == []
