"""Every environment and role of every map, and those of the local one on every system."""

import ipaddress
import pathlib
import shutil

import compiling
import idr_ids
import idr_maps
import idr_pillar
import idr_secrets
import pytest
import systems
import yaml

from testbed.paths import ENVIRONMENT

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
CLUSTER = {"path": "/var/lib/postgresql/15/main", "system": "7000000000000000001", "version": "15"}


def _first_hosts():
    """One host of each environment and role; of several the first stands for all."""
    first = {}
    for host in idr_maps.hosts(CHECKOUT):
        parsed = idr_ids.parse(host)
        first.setdefault((parsed["environment"], parsed["role"]), host)
    return list(first.values())


def _systems(host):
    """Environments differ in pillar alone: what differs between systems shows in one of them."""
    return systems.SYSTEMS if idr_ids.parse(host)["environment"] == ENVIRONMENT else list(systems.SYSTEMS)[:1]


def pytest_generate_tests(metafunc):
    """Parametrize whatever asks for a compiled host."""
    if "compiled" in metafunc.fixturenames:
        cases = [(host, system) for host in _first_hosts() for system in _systems(host)]
        metafunc.parametrize("compiled", cases, ids=["@".join(case) for case in cases], indirect=True, scope="session")


@pytest.fixture(scope="session")
def pillar_root(tmp_path_factory):
    """The checkout's pillar with fresh secrets for each environment, beside the maps."""
    root = tmp_path_factory.mktemp("pillar") / "pillar"
    for path in CHECKOUT.glob("*.map"):
        shutil.copy(path, root.parent)
    shutil.copytree(CHECKOUT / "pillar", root, ignore=shutil.ignore_patterns("secrets"))
    for environment in sorted({idr_ids.parse(host)["environment"] for host in idr_maps.hosts(CHECKOUT)}):
        idr_secrets.make(root / "secrets", environment)
        _choose_release(root / "env" / environment)
    return root


def _choose_release(folder):
    """Name a release of OMERO where an environment leaves that to its operator."""
    if any("release:" in path.read_text() for path in folder.glob("*.sls")):
        return
    release = {"url": "https://example.org/OMERO.server-5.6.13.zip", "sha256": "0" * 64}
    text = yaml.safe_dump({"omero": {"server": {"version": "5.6.13", "release": release}}})
    (folder / "release.sls").write_text(text)
    init = folder / "init.sls"
    init.write_text(f"{init.read_text().rstrip()}\n  - env.{folder.name}.release\n")


def _address(host, number):
    """One of the network of its environment: others are passed over."""
    network = idr_pillar.network(CHECKOUT / "pillar", idr_ids.parse(host)["environment"])
    return str(ipaddress.ip_network(network)[number])


@pytest.fixture(scope="session")
def mine():
    """Addresses of all hosts of all maps, of one more reader of each that does not serve yet, and of a stranger."""
    hosts = idr_maps.hosts(CHECKOUT)
    fresh = sorted({f"{idr_ids.parse(host)['environment']}-omeroreadonly-9" for host in hosts})
    addresses = {host: [_address(host, number)] for number, host in enumerate([*hosts, *fresh], 10)}
    readers = [host for host in [*hosts, *fresh] if idr_ids.parse(host)["role"] == "omeroreadonly"]
    databases = [host for host in hosts if idr_ids.parse(host)["role"] == "database"]
    return {
        "address": {**addresses, "stranger": ["10.99.0.9"]},
        "serving": {**{host: host not in fresh for host in readers}, "stranger": True},
        "pgbackrest": {host: {**CLUSTER, "stanza": idr_ids.parse(host)["environment"]} for host in databases},
    }


@pytest.fixture(scope="session")
def volumes():
    """Names of the volumes that a role's profile has."""
    profiles = yaml.safe_load((CHECKOUT / "cloud.profiles.d/idr-roles.conf").read_text())
    return {
        name.removeprefix("idr-"): [volume["name"] for volume in profile.get("volumes", [])]
        for name, profile in profiles.items()
    }


@pytest.fixture(scope="session")
def compile_host(pillar_root, mine, volumes, tmp_path_factory):
    """Function that compiles one host on one system."""

    def compile_host(host, system, **grains):
        names = volumes[idr_ids.parse(host)["role"]]
        opts = compiling.options(
            CHECKOUT,
            pillar_root,
            tmp_path_factory.mktemp("minion"),
            systems.grains(system, host, names, **grains),
            mine,
        )
        return compiling.Compiled(opts)

    return compile_host


@pytest.fixture(scope="session")
def compiled(request, compile_host):
    """One host on one system, compiled."""
    return compile_host(*request.param)


@pytest.fixture(scope="session")
def every_state_function(pillar_root, mine, tmp_path_factory):
    """Names of all state functions there are."""
    opts = compiling.options(
        CHECKOUT, pillar_root, tmp_path_factory.mktemp("loader"), systems.grains("debian-12", "loader"), mine
    )
    return compiling.every_state_function(opts)
