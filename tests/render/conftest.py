"""Every environment and role of every map, on every system."""

import pathlib
import shutil

import compiling
import idr_ids
import idr_maps
import idr_secrets
import pytest
import systems
import yaml

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


def _first_hosts():
    """One host of each environment and role; of several the first stands for all."""
    first = {}
    for host in idr_maps.hosts(CHECKOUT):
        parsed = idr_ids.parse(host)
        first.setdefault((parsed["environment"], parsed["role"]), host)
    return list(first.values())


def pytest_generate_tests(metafunc):
    """Parametrize whatever asks for a compiled host."""
    if "compiled" in metafunc.fixturenames:
        cases = [(host, system) for host in _first_hosts() for system in systems.SYSTEMS]
        metafunc.parametrize("compiled", cases, ids=["@".join(case) for case in cases], indirect=True, scope="session")


@pytest.fixture(scope="session")
def pillar_root(tmp_path_factory):
    """The checkout's pillar with fresh secrets for each environment."""
    root = tmp_path_factory.mktemp("pillar") / "pillar"
    shutil.copytree(CHECKOUT / "pillar", root, ignore=shutil.ignore_patterns("secrets"))
    for host in idr_maps.hosts(CHECKOUT):
        idr_secrets.make(root / "secrets", idr_ids.parse(host)["environment"])
    return root


@pytest.fixture(scope="session")
def mine():
    """Addresses of all hosts of all maps, and one of a stranger."""
    hosts = idr_maps.hosts(CHECKOUT)
    addresses = {host: [f"10.99.0.{number}"] for number, host in enumerate(hosts, 10)}
    return {"address": {**addresses, "stranger": ["10.99.0.9"]}}


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
