"""Provider and host options of the OpenStack driver: what is accepted, and that every error names place and key."""

import cloud_volumes
import openstack_options
import pytest
import yaml
from cloud_errors import CloudError
from openstack_options import FloatingIp, Nic


def provider(**changes):
    return openstack_options.provider({"driver": "openstack", "cloud": "embassy"} | changes, "embassy")


def test_provider_of_the_checkout(checkout):
    details = yaml.safe_load((checkout / "cloud.providers.d/embassy.conf").read_text())["embassy"]
    settings = openstack_options.provider(details, "embassy")
    assert (settings.cloud, settings.login) == ("embassy", {})
    assert all(getattr(settings, key) > 0 for key in openstack_options.TIMES)


def test_provider_with_a_login_of_its_own():
    auth = {
        "auth_url": "https://example.org/v3",
        "application_credential_id": "a",
        "application_credential_secret": "b",
    }
    settings = provider(cloud=None, auth=auth, auth_type="v3applicationcredential", region_name="one")
    assert settings.login == {"auth": auth, "auth_type": "v3applicationcredential"}
    assert settings.region_name == "one"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cloud": None}, "expected either cloud, an entry of clouds.yaml, or auth"),
        ({"auth": {"auth_url": "x"}}, "and not both"),
        ({"cloud": None, "auth": {"username": "x"}}, "auth: expected a mapping with auth_url"),
        ({"cloud": 1}, "cloud: expected a text"),
        ({"build_timeout": "soon"}, "build_timeout: expected a number of seconds, at least 1, got 'soon'"),
        ({"volume_timeout": 0}, "volume_timeout: expected a number of seconds, at least 1"),
        ({"retries": True}, "retries: expected a number, at least 0"),
        ({"tenant": "x"}, "unknown key 'tenant', expected one of api_timeout, auth"),
        ({"hosts": "("}, "hosts: expected a regular expression, got '('"),
    ],
)
def test_provider_names_what_is_wrong(changes, message):
    with pytest.raises(CloudError) as caught:
        provider(**changes)
    assert str(caught.value).startswith("provider embassy: ")
    assert message in str(caught.value)


def test_a_password_is_in_no_error():
    with pytest.raises(CloudError) as caught:
        provider(cloud=None, auth={"password": "hidden"})
    assert "hidden" not in str(caught.value)


VM = {"name": "one", "profile": "db", "provider": "embassy:openstack", "image": "debian-12", "size": "m1.small"}


def host(own=(), **changes):
    return openstack_options.host(VM | changes, own)


def test_the_least_host():
    spec = host()
    assert (spec.name, spec.image, spec.size) == ("one", "debian-12", "m1.small")
    assert (spec.networks, spec.security_groups, spec.volumes) == ((), (), ())
    assert (spec.boot_volume, spec.floating_ip, spec.protected) == (None, None, None)


def test_networks_keep_their_order():
    networks = ["a", {"network": "b", "fixed_ip": "10.0.0.5"}, {"port": "c"}]
    assert host(networks=networks).networks == (Nic("a"), Nic("b", "10.0.0.5"), Nic(port="c"))


@pytest.mark.parametrize(
    ("given", "spec"),
    [
        (True, FloatingIp()),
        (False, None),
        ({"pool": "public"}, FloatingIp(pool="public")),
        ({"address": "198.51.100.7"}, FloatingIp(address="198.51.100.7", keep=True)),
        ({"network": "a", "keep": True}, FloatingIp(network="a", keep=True)),
    ],
)
def test_floating_ip(given, spec):
    assert host(floating_ip=given).floating_ip == spec


def test_boot_volume_goes_with_its_host_unless_it_says_otherwise():
    root = host(boot_volume={"size": 20, "type": "ssd"}).boot_volume
    assert root == cloud_volumes.Spec("root", 20, delete_on_termination=True, type="ssd")
    root = host(image=None, boot_volume={"snapshot": "s", "delete_on_termination": False}).boot_volume
    assert root == cloud_volumes.Spec("root", None, snapshot="s")


HOSTS = r"(?P<environment>.+)-(?P<role>[a-z]+)(-[0-9]+)?"


def test_names_by_the_parts_of_the_hosts():
    spec = host(
        name="idr-prod-omeroreadonly-2",
        hosts=HOSTS,
        networks=["{environment}", {"network": "{environment}-storage"}],
        security_groups=["{environment}-{role}"],
        server_group="{environment}-{role}",
        key_name="{environment}",
        protected="{environment}",
        metadata={"environment": "{environment}"},
        volumes=[{"name": "data", "snapshot": "{environment}-last"}],
    )
    assert spec.networks == (Nic("idr-prod"), Nic("idr-prod-storage"))
    assert spec.security_groups == ("idr-prod-omeroreadonly",)
    assert (spec.server_group, spec.key_name, spec.protected) == ("idr-prod-omeroreadonly", "idr-prod", "idr-prod")
    assert spec.metadata == {"environment": "idr-prod"}
    assert spec.volumes[0].snapshot == "idr-prod-last"


def test_without_a_pattern_braces_are_nothing_special():
    assert host(networks=["{environment}"]).networks == (Nic("{environment}"),)


def test_profiles_and_maps_of_the_checkout(checkout):
    details = yaml.safe_load((checkout / "cloud.providers.d/embassy.conf").read_text())["embassy"]
    profiles = {}
    for name in ("idr-base", "idr-roles"):
        profiles |= yaml.safe_load((checkout / f"cloud.profiles.d/{name}.conf").read_text())
    for path in sorted(checkout.glob("idr-*.map")):
        for profile, entries in yaml.safe_load(path.read_text()).items():
            # those of machines that are there already have a provider of their own
            for entry in entries if profile in profiles else ():
                ((name, own),) = entry.items() if isinstance(entry, dict) else [(entry, {})]
                vm_ = details | profiles["idr-base"] | profiles[profile] | own | {"name": name, "profile": profile}
                spec = openstack_options.host(vm_)
                environment = path.stem
                assert spec.networks == (Nic(environment),)
                assert spec.security_groups == (f"{environment}-{profile.removeprefix('idr-')}",)
                assert spec.protected == (environment if environment == "idr-prod" else None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "One"}, "name: expected 1 to 63 of a-z, 0-9 and -, got 'One'"),
        ({"name": "a" * 64}, "name: expected 1 to 63"),
        ({"size": None}, "size: expected the name or id of a flavour"),
        ({"size": 3}, "size: expected a text that is not empty, got 3"),
        ({"image": ""}, "image: expected a text that is not empty"),
        ({"image": None, "boot_volume": {"size": 1}}, "image: expected the name or id of an image, or a boot_volume"),
        ({"flavor": "m1"}, "unknown key 'flavor', expected one of api_timeout"),
        ({"networks": []}, "networks: expected a list of names, in the order of interfaces, got []"),
        ({"networks": [3]}, "networks[0]: expected a mapping"),
        ({"networks": [{}]}, "networks[0]: expected either network or port"),
        ({"networks": [{"network": "a", "port": "b"}]}, "networks[0]: expected either network or port"),
        ({"networks": [{"port": "a", "fixed_ip": "10.0.0.1"}]}, "networks[0]: fixed_ip: expected none beside port"),
        ({"networks": [{"network": "a", "fixed_ip": "10.0.0"}]}, "networks[0]: fixed_ip: expected an IP address"),
        ({"security_groups": ["a", "a"]}, "security_groups: expected each name once"),
        ({"security_groups": [1]}, "security_groups: expected a list of names"),
        ({"metadata": []}, "metadata: expected a mapping of texts"),
        ({"metadata": {"a/b": "c"}}, "metadata: expected keys of letters"),
        ({"metadata": {"a": "b" * 256}}, "metadata: a: expected a text of at most 255"),
        ({"config_drive": 1}, "config_drive: expected true or false, got 1"),
        ({"userdata": "a", "userdata_file": "b"}, "userdata_file: expected either this or userdata, got both"),
        ({"volumes": {"name": "a"}}, "volumes: expected a list"),
        ({"volumes": [{"name": "a", "size": 1, "kind": "x"}]}, "volumes[0]: unknown key 'kind', expected only name"),
        ({"volumes": [{"name": "a", "size": 1, "type": 3}]}, "volumes[0]: type: expected a name"),
        (
            {"volumes": [{"name": "root", "size": 1}], "boot_volume": {"size": 1}},
            "the name 'root' is the boot volume's",
        ),
        ({"boot_volume": {}}, "boot_volume: size: expected a whole number of GB"),
        ({"boot_volume": {"size": 1, "image": "x"}}, "boot_volume: unknown key 'image'"),
        ({"boot_volume": 20}, "boot_volume: expected a mapping"),
        ({"floating_ip": "a"}, "floating_ip: expected a mapping"),
        ({"floating_ip": {"pool": "a", "address": "198.51.100.7"}}, "floating_ip: expected either pool"),
        ({"floating_ip": {"address": "a"}}, "floating_ip: address: expected an IP address, got 'a'"),
        ({"floating_ip": {"keep": "yes"}}, "floating_ip: keep: expected true or false"),
        ({"floating_ip": {"ip": "a"}}, "floating_ip: unknown key 'ip'"),
        ({"protected": True}, "protected: expected a text"),
        ({"hosts": "a-(?P<role>[a-z]+)"}, "name: expected one that matches the provider's hosts"),
        ({"hosts": "(?P<all>.*)", "networks": ["{role}"]}, "networks: expected no braces but those of the provider's"),
    ],
)
def test_host_names_what_is_wrong(changes, message):
    with pytest.raises(CloudError) as caught:
        host(**changes)
    assert str(caught.value).startswith(f"profile db, host {changes.get('name', 'one')}: ")
    assert message in str(caught.value)


def test_keys_of_salt_cloud_and_of_its_main_file_are_no_typos():
    assert host(ssh_username="debian", minion={}, grains={}, requires=[], level=1).name == "one"
    with pytest.raises(CloudError, match="unknown key 'log_level'"):
        host(log_level="info")
    assert host(own=["log_level"], log_level="info").name == "one"
