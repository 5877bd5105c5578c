"""
What the nspawn driver reads from provider and profiles, checked before anything is made.

Nothing here has side effects. Errors are :class:`cloud_errors.CloudError`.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

import cloud_volumes
from cloud_errors import CloudError

REQUIRED = ("state_dir", "pool", "images", "bridge", "subnet", "gateway", "sizes")
MAX_HOST_NAME = 63


@dataclass(frozen=True)
class Share:
    """Hosts whose whole name matches ``hosts`` get ``volume``, a name with the pattern's groups in braces, as well."""

    hosts: re.Pattern
    volume: str


@dataclass(frozen=True)
class Provider:
    """
    A provider's settings: folders, the LAN, sizes ``{name: {ram: MB, cpus: N}}``, limits of waits in seconds, the
    :class:`Share` tuple, ``{name: host}`` of what stands for floating IPs, and the GB that the pool keeps free.
    """

    state_dir: Path
    pool: Path
    images: Path
    bridge: str
    subnet: ipaddress.IPv4Network
    gateway: ipaddress.IPv4Address
    sizes: dict
    boot_timeout: int
    stop_timeout: int
    shares: tuple = ()
    floating_ips: dict = field(default_factory=dict)
    reserve: int = 1


@dataclass(frozen=True)
class HostSpec:
    """A host as its profile and map want it; ``ram`` in MB, ``where`` names both in errors."""

    name: str
    image: str
    size: str
    ram: int
    cpus: float
    volumes: tuple
    where: str


def provider(details, alias):
    """Return the :class:`Provider` of ``cloud.providers.d``'s entry ``alias``."""
    where = f"provider {alias}"
    for key in REQUIRED:
        if details.get(key) is None:
            raise CloudError(f"{where}: {key}: this key is missing, expected {', '.join(REQUIRED)}")
    folders = {key: _folder(details, key, where) for key in ("state_dir", "pool", "images")}
    try:
        subnet = ipaddress.IPv4Network(details["subnet"])
        gateway = ipaddress.IPv4Address(details["gateway"])
    except ValueError as exc:
        raise CloudError(f"{where}: subnet, gateway: expected as in 10.99.0.0/24 and 10.99.0.1: {exc}") from exc
    if gateway not in subnet:
        raise CloudError(f"{where}: gateway: expected an address in {subnet}, got {gateway}")
    bridge = details["bridge"]
    if not isinstance(bridge, str) or not 1 <= len(bridge) <= 15:
        raise CloudError(f"{where}: bridge: expected the name of a network bridge, got {bridge!r}")
    return Provider(
        **folders,
        bridge=bridge,
        subnet=subnet,
        gateway=gateway,
        sizes=_sizes(details["sizes"], where),
        boot_timeout=_seconds(details, "boot_timeout", 180, where),
        stop_timeout=_seconds(details, "stop_timeout", 60, where),
        shares=_shares(details.get("shares", []), where),
        floating_ips=_floating_ips(details.get("floating_ips", {}), where),
        reserve=_gigabytes(details, "reserve", 1, where),
    )


def _folder(details, key, where):
    value = details[key]
    # a colon or comma would end the path in overlayfs's mount options
    if not isinstance(value, str) or not value.startswith("/") or set(value) & set(":,\\"):
        raise CloudError(f"{where}: {key}: expected an absolute path without colon, comma or backslash, got {value!r}")
    return Path(value)


def _seconds(details, key, default, where):
    value = details.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise CloudError(f"{where}: {key}: expected a number of seconds, at least 1, got {value!r}")
    return value


def _gigabytes(details, key, default, where):
    value = details.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise CloudError(f"{where}: {key}: expected a number of GB, got {value!r}")
    return value


def _sizes(sizes, where):
    if not isinstance(sizes, dict) or not sizes:
        raise CloudError(f"{where}: sizes: expected a mapping of names to {{ram: MB, cpus: N}}, got {sizes!r}")
    for name, size in sizes.items():
        if not isinstance(size, dict) or set(size) != {"ram", "cpus"}:
            raise CloudError(f"{where}: sizes: {name}: expected the keys ram and cpus, got {size!r}")
        for key, types, least in (("ram", int, 64), ("cpus", (int, float), 0.05)):
            if isinstance(size[key], bool) or not isinstance(size[key], types) or size[key] < least:
                raise CloudError(f"{where}: sizes: {name}: {key}: expected a number, at least {least}")
    return sizes


def _shares(entries, where):
    if not isinstance(entries, list):
        raise CloudError(f"{where}: shares: expected a list of {{hosts: PATTERN, volume: NAME}}, got {entries!r}")
    return tuple(_share(entry, f"{where}: shares[{index}]") for index, entry in enumerate(entries))


def _floating_ips(entries, where):
    where = f"{where}: floating_ips"
    if not isinstance(entries, dict):
        raise CloudError(f"{where}: expected a mapping of names to hosts, got {entries!r}")
    for name, host_ in entries.items():
        for value in (name, host_):
            if not isinstance(value, str) or len(value) > MAX_HOST_NAME or not cloud_volumes.LABEL.fullmatch(value):
                raise CloudError(f"{where}: {name}: expected names of a-z, 0-9 and -, got {value!r}")
    return entries


def _share(entry, where):
    if not isinstance(entry, dict) or set(entry) != {"hosts", "volume"}:
        raise CloudError(f"{where}: expected the keys hosts and volume, got {entry!r}")
    try:
        pattern = re.compile(entry["hosts"])
    except (re.error, TypeError) as exc:
        raise CloudError(f"{where}: hosts: expected a regular expression: {exc}") from exc
    try:
        cloud_volumes.resource_name(str(entry["volume"]).format(**dict.fromkeys(pattern.groupindex, "x")), where)
    except (IndexError, KeyError, ValueError) as exc:
        known = ", ".join(f"{{{name}}}" for name in sorted(pattern.groupindex)) or "(there is none)"
        raise CloudError(f"{where}: volume: expected no braces but those of hosts' groups, {known}") from exc
    return Share(pattern, entry["volume"])


def shared_with(settings, name):
    """Return the set of names of the volumes that the host ``name`` shares with their owners."""
    matches = ((share, share.hosts.fullmatch(name)) for share in settings.shares)
    return {share.volume.format(**match.groupdict("")) for share, match in matches if match}


def host(vm_, settings, images):
    """
    Return the :class:`HostSpec` of a host.

    vm_
        What Salt Cloud hands to ``create``: profile and map merged.
    settings
        The :class:`Provider`.
    images
        The names of the images there are.
    """
    name = vm_["name"]
    where = f"profile {vm_.get('profile') or '(none)'}, host {name}"
    if not isinstance(name, str) or len(name) > MAX_HOST_NAME or not cloud_volumes.LABEL.fullmatch(name):
        raise CloudError(f"{where}: name: expected 1 to {MAX_HOST_NAME} of a-z, 0-9 and -")
    image = _choice(vm_, "image", images, where)
    size = _choice(vm_, "size", settings.sizes, where)
    return HostSpec(
        name=name,
        image=image,
        size=size,
        ram=settings.sizes[size]["ram"],
        cpus=settings.sizes[size]["cpus"],
        volumes=tuple(cloud_volumes.parse(vm_.get("volumes"), where)),
        where=where,
    )


def _choice(vm_, key, choices, where):
    value = vm_.get(key)
    if not isinstance(value, str) or value not in choices:
        known = ", ".join(sorted(choices)) or "(there is none)"
        raise CloudError(f"{where}: {key}: expected one of {known}, got {value!r}")
    return value


def next_address(settings, taken):
    """Return the lowest address of the LAN that neither the gateway nor any of ``taken`` (strings) has."""
    for address in settings.subnet.hosts():
        if address != settings.gateway and str(address) not in taken:
            return str(address)
    raise CloudError(f"subnet {settings.subnet}: every address is taken")


LOCALHOST = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"


def hosts_file(hosts):
    """Return the text of a hosts file for ``{name: address}``, sorted so that it only changes when the hosts do."""
    return LOCALHOST + "".join(f"{address} {name}\n" for name, address in sorted(hosts.items()))
