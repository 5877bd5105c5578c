"""
What the OpenStack driver reads from provider, profile and map, checked before anything is made.

Nothing here has side effects, and nothing asks the cloud. Errors are :class:`cloud_errors.CloudError` and name the
profile, the host, the key and what was expected.
"""

import ipaddress
import re
from dataclasses import dataclass

import cloud_volumes
from cloud_errors import CloudError

MAX_HOST_NAME = 63
MAX_METADATA = 255
METADATA_KEY = re.compile(r"[A-Za-z0-9_:. -]{1,255}")
# how long to wait, in seconds; a clone of a large volume may copy it
TIMES = {"api_timeout": 60, "build_timeout": 600, "volume_timeout": 600, "clone_timeout": 21600, "delete_timeout": 300}
# what openstacksdk takes beside a cloud's name
LOGIN = ("auth", "auth_type", "interface", "verify", "cacert", "cert", "key", "identity_api_version")
CLOUD = ("cloud", "clouds_yaml", "hosts", "region_name", "retries", *TIMES, *LOGIN)
HOST = (
    "availability_zone",
    "boot_volume",
    "config_drive",
    "floating_ip",
    "image",
    "key_name",
    "metadata",
    "networks",
    "protected",
    "security_groups",
    "server_group",
    "size",
    "userdata",
    "userdata_file",
    "userdata_template",
    "volumes",
)
# where the groups of the provider's pattern ``hosts`` may stand in braces
NAMED_BY_HOST = (
    "key_filename",
    "key_name",
    "metadata",
    "networks",
    "protected",
    "security_groups",
    "server_group",
    "volumes",
)
# What Salt Cloud itself reads of a host or puts there, for all drivers.
_SALT = """
    append_domain deploy deploy_command display_ssh_output domain driver extends file_map file_transport
    force_minion_config gateway grains hard_timeout inline_script key_filename keysize known_hosts_file level
    make_master make_minion master master_finger master_pem master_pub master_sign_pub_file minion name os password
    preflight_cmds preseed_minion_keys priv_key profile profiles provider pub_key requires salt_host salt_interface
    script script_args script_env ssh_agent ssh_connect_timeout ssh_gateway ssh_gateway_command ssh_gateway_key
    ssh_gateway_password ssh_gateway_port ssh_gateway_user ssh_host ssh_interface ssh_keyfile ssh_port ssh_timeout
    ssh_username start_action sudo sudo_password sync_after_install tmp_dir tty use_fqdn wait_for_fun_timeout
    wait_for_passwd_maxtries wait_for_passwd_timeout win_installer win_password win_username
"""
SALT = frozenset(_SALT.split())


@dataclass(frozen=True)
class Provider:
    """
    A provider's settings.

    ``cloud`` is an entry of clouds.yaml, or else ``login`` has what openstacksdk needs. Times are in seconds,
    ``retries`` says how often a request that failed for the moment is repeated.
    """

    alias: str
    cloud: str | None
    clouds_yaml: str | None
    region_name: str | None
    login: dict
    retries: int
    api_timeout: int
    build_timeout: int
    volume_timeout: int
    clone_timeout: int
    delete_timeout: int


@dataclass(frozen=True)
class Nic:
    """One interface: a network, perhaps with a fixed address in it, or an existing port."""

    network: str | None = None
    fixed_ip: str | None = None
    port: str | None = None


@dataclass(frozen=True)
class FloatingIp:
    """
    The floating IP a host gets: a new one of the network ``pool`` (None: the only one), or the existing ``address``.

    ``network`` says which of the host's networks it leads to (None: the first). With ``keep`` it outlives the host.
    """

    pool: str | None = None
    address: str | None = None
    network: str | None = None
    keep: bool = False


@dataclass(frozen=True)
class HostSpec:
    """
    A host as its profile and map want it, in names of the cloud. ``where`` names profile and host in errors.

    ``boot_volume`` is a :class:`cloud_volumes.Spec` called ``root``, or None to boot from the image itself.
    """

    name: str
    where: str
    image: str | None
    size: str
    networks: tuple
    security_groups: tuple
    server_group: str | None
    key_name: str | None
    availability_zone: str | None
    config_drive: bool
    metadata: dict
    userdata: str | None
    userdata_file: str | None
    volumes: tuple
    boot_volume: cloud_volumes.Spec | None
    floating_ip: FloatingIp | None
    protected: str | None


def provider(details, alias):
    """Return the :class:`Provider` of ``cloud.providers.d``'s entry ``alias``."""
    where = f"provider {alias}"
    _refuse_unknown(details, where, {*CLOUD, *HOST, *SALT})
    cloud, auth = _text(details, "cloud", where), details.get("auth")
    if (cloud is None) == (auth is None):
        raise CloudError(f"{where}: expected either cloud, an entry of clouds.yaml, or auth, and not both")
    if details.get("hosts") is not None:
        _pattern(details["hosts"], where)
    if auth is not None and (not isinstance(auth, dict) or "auth_url" not in auth):
        raise CloudError(f"{where}: auth: expected a mapping with auth_url and a login")
    return Provider(
        alias=alias,
        cloud=cloud,
        clouds_yaml=_text(details, "clouds_yaml", where),
        region_name=_text(details, "region_name", where),
        login={key: details[key] for key in LOGIN if details.get(key) is not None},
        retries=_number(details, "retries", 5, where, least=0),
        **{key: _number(details, key, default, where, unit="seconds") for key, default in TIMES.items()},
    )


def host(vm_, own=()):
    """
    Return the :class:`HostSpec` of a host.

    vm_
        What Salt Cloud hands to ``create``: provider, profile and map merged, with ``-p`` also its main configuration
        file.
    own
        The keys of that file.
    """
    where = f"profile {vm_.get('profile') or '(none)'}, host {vm_['name']}"
    name = vm_["name"]
    if not isinstance(name, str) or len(name) > MAX_HOST_NAME or not cloud_volumes.LABEL.fullmatch(name):
        raise CloudError(f"{where}: name: expected 1 to {MAX_HOST_NAME} of a-z, 0-9 and -, got {name!r}")
    _refuse_unknown(vm_, where, {*CLOUD, *HOST, *SALT, *own})
    vm_ = vm_ | named_by_host(vm_)
    size = _text(vm_, "size", where)
    if size is None:
        raise CloudError(f"{where}: size: expected the name or id of a flavour, got None")
    boot_volume = _boot_volume(vm_.get("boot_volume"), where)
    image = _text(vm_, "image", where)
    if image is None and not (boot_volume and (boot_volume.snapshot or boot_volume.source)):
        raise CloudError(f"{where}: image: expected the name or id of an image, or a boot_volume with an origin")
    if _text(vm_, "userdata", where) and _text(vm_, "userdata_file", where):
        raise CloudError(f"{where}: userdata_file: expected either this or userdata, got both")
    return HostSpec(
        name=name,
        where=where,
        image=image,
        size=size,
        networks=_networks(vm_.get("networks"), where),
        security_groups=_names(vm_.get("security_groups"), f"{where}: security_groups"),
        server_group=_text(vm_, "server_group", where),
        key_name=_text(vm_, "key_name", where),
        availability_zone=_text(vm_, "availability_zone", where),
        config_drive=_boolean(vm_, "config_drive", where),
        metadata=_metadata(vm_.get("metadata"), f"{where}: metadata"),
        userdata=_text(vm_, "userdata", where),
        userdata_file=_text(vm_, "userdata_file", where),
        volumes=_volumes(vm_.get("volumes"), boot_volume, where),
        boot_volume=boot_volume,
        floating_ip=_floating_ip(vm_.get("floating_ip"), f"{where}: floating_ip"),
        protected=_text(vm_, "protected", where),
    )


def _pattern(value, where):
    try:
        return re.compile(value)
    except (re.error, TypeError) as exc:
        raise CloudError(f"{where}: hosts: expected a regular expression, got {value!r}: {exc}") from exc


def named_by_host(vm_):
    """Return those of a host's options that may be named by it, with the parts of its name in the braces' place."""
    if vm_.get("hosts") is None:
        return {}
    where = f"profile {vm_.get('profile') or '(none)'}, host {vm_['name']}"
    match = _pattern(vm_["hosts"], where).fullmatch(vm_["name"])
    if not match:
        raise CloudError(f"{where}: name: expected one that matches the provider's hosts, {vm_['hosts']!r}")
    groups = match.groupdict("")
    given = {key: vm_[key] for key in NAMED_BY_HOST if vm_.get(key) is not None}
    return {key: _filled(value, groups, f"{where}: {key}") for key, value in given.items()}


def _filled(value, groups, where):
    if isinstance(value, dict):
        return {key: _filled(each, groups, where) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, groups, where) for each in value]
    if not isinstance(value, str):
        return value
    try:
        return value.format(**groups)
    except (IndexError, KeyError, ValueError) as exc:
        known = ", ".join(f"{{{name}}}" for name in sorted(groups)) or "(there is none)"
        raise CloudError(f"{where}: expected no braces but those of the provider's hosts, {known}") from exc


def _refuse_unknown(given, where, known):
    unknown = sorted(str(key) for key in given if key not in known)
    if unknown:
        raise CloudError(f"{where}: unknown key {unknown[0]!r}, expected one of {', '.join(sorted({*CLOUD, *HOST}))}")


def _text(given, key, where):
    value = given.get(key)
    if value is not None and (not isinstance(value, str) or not value):
        raise CloudError(f"{where}: {key}: expected a text that is not empty, got {value!r}")
    return value


def _boolean(given, key, where, default=False):
    value = given.get(key, default)
    if not isinstance(value, bool):
        raise CloudError(f"{where}: {key}: expected true or false, got {value!r}")
    return value


def _number(given, key, default, where, least=1, unit=""):
    value = given.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        what = f"a number of {unit}" if unit else "a number"
        raise CloudError(f"{where}: {key}: expected {what}, at least {least}, got {value!r}")
    return value


def _names(value, where):
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise CloudError(f"{where}: expected a list of names, got {value!r}")
    if len(set(value)) < len(value):
        raise CloudError(f"{where}: expected each name once, got {value!r}")
    return tuple(value)


def _metadata(value, where):
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CloudError(f"{where}: expected a mapping of texts, got {value!r}")
    for key, text in value.items():
        if not isinstance(key, str) or not METADATA_KEY.fullmatch(key):
            raise CloudError(f"{where}: expected keys of letters, digits and _:. -, got {key!r}")
        if not isinstance(text, str) or len(text) > MAX_METADATA:
            raise CloudError(f"{where}: {key}: expected a text of at most {MAX_METADATA} characters, got {text!r}")
    return dict(value)


def _mapping(value, where, keys):
    if not isinstance(value, dict):
        raise CloudError(f"{where}: expected a mapping with the keys {', '.join(keys)}, got {value!r}")
    unknown = sorted(str(key) for key in value if key not in keys)
    if unknown:
        raise CloudError(f"{where}: unknown key {unknown[0]!r}, expected only {', '.join(keys)}")
    return value


def _address(given, key, where):
    value = given.get(key)
    if value is None:
        return None
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise CloudError(f"{where}: {key}: expected an IP address, got {value!r}") from None


def _networks(value, where):
    if value is None:
        return ()
    if not isinstance(value, list) or not value:
        raise CloudError(f"{where}: networks: expected a list of names, in the order of interfaces, got {value!r}")
    return tuple(_nic(entry, f"{where}: networks[{index}]") for index, entry in enumerate(value))


def _nic(entry, where):
    if isinstance(entry, str) and entry:
        return Nic(network=entry)
    _mapping(entry, where, ("network", "fixed_ip", "port"))
    nic = Nic(_text(entry, "network", where), _address(entry, "fixed_ip", where), _text(entry, "port", where))
    if (nic.network is None) == (nic.port is None):
        raise CloudError(f"{where}: expected either network or port, got {entry!r}")
    if nic.port and nic.fixed_ip:
        raise CloudError(f"{where}: fixed_ip: expected none beside port, which has its own")
    return nic


def _boot_volume(value, where):
    if value is None:
        return None
    keys = ("size", "type", "snapshot", "source", "delete_on_termination")
    _mapping(value, f"{where}: boot_volume", keys)
    entry = {"name": "root", "delete_on_termination": True, **value}
    # what is wrong with it is said of the entry of a list, which there is none of
    try:
        return cloud_volumes.parse([entry], where, types=True)[0]
    except CloudError as exc:
        raise CloudError(str(exc).replace("volumes[0]", "boot_volume")) from None


def _volumes(value, boot_volume, where):
    specs = tuple(cloud_volumes.parse(value, where, types=True))
    if boot_volume and any(spec.name == boot_volume.name for spec in specs):
        raise CloudError(f"{where}: volumes: the name {boot_volume.name!r} is the boot volume's")
    return specs


def _floating_ip(value, where):
    if value in (None, False):
        return None
    if value is True:
        return FloatingIp()
    _mapping(value, where, ("pool", "address", "network", "keep"))
    if "pool" in value and "address" in value:
        raise CloudError(f"{where}: expected either pool, for a new one, or address, for one that is there, got both")
    address = _address(value, "address", where)
    return FloatingIp(
        pool=_text(value, "pool", where),
        address=address,
        network=_text(value, "network", where),
        keep=_boolean(value, "keep", where, default=address is not None),
    )
