"""The repository over NFS, as environments have it whose hosts do not share a volume."""

import shutil

import compiling
import idr_ids
import idr_maps
import pytest
import systems

from testbed.paths import ENVIRONMENT


@pytest.fixture(scope="session")
def over_nfs(checkout, pillar_root, mine, tmp_path_factory):
    """Function that compiles a role's first host on a system, in an environment whose share is NFS."""
    root = tmp_path_factory.mktemp("nfs") / "pillar"
    shutil.copytree(pillar_root, root)
    (root / "env" / ENVIRONMENT / "share.sls").write_text("share: {type: nfs}\n")

    def compile_role(role, system):
        host = next(host for host in idr_maps.hosts(checkout, ENVIRONMENT) if idr_ids.parse(host)["role"] == role)
        grains = systems.grains(system, host, ["data"] if role == "omeroreadwrite" else [])
        return compiling.Compiled(compiling.options(checkout, root, tmp_path_factory.mktemp("minion"), grains, mine))

    return compile_role


def _state(compiled, name):
    return next(chunk for chunk in compiled.chunks if chunk["__id__"] == name)


@pytest.mark.parametrize("system", systems.SYSTEMS)
def test_exports_are_for_each_read_only_server_and_nobody_else(over_nfs, mine, system):
    compiled = over_nfs("omeroreadwrite", system)
    assert compiled.errors == []
    assert compiled.undefined() == []
    chunk, path = next(
        (chunk, path) for chunk, path in compiled.sources() if chunk["name"] == "/etc/exports.d/idr.exports"
    )
    lines = [line for line in compiled.rendered(chunk, path).splitlines() if line and not line.startswith("#")]
    readers = [address for host, (address,) in mine["address"].items() if f"{ENVIRONMENT}-omeroreadonly" in host]
    assert sorted(lines) == sorted(
        f"/data/OMERO {address}(ro,root_squash,sync,no_subtree_check,sec=sys)" for address in readers
    )
    assert _state(compiled, "share-server")["enable"] is True


@pytest.mark.parametrize("system", systems.SYSTEMS)
def test_readers_mount_it_so_that_a_dead_server_does_not_hang_them(over_nfs, system):
    compiled = over_nfs("omeroreadonly", system)
    assert compiled.errors == []
    assert compiled.undefined() == []
    mount = _state(compiled, "share-mounted")
    assert mount["device"].endswith("-omeroreadwrite:/data/OMERO")
    assert mount["fstype"] == "nfs4"
    assert {"ro", "soft", "nofail", "_netdev", "nosuid", "nodev", "noexec"} <= set(mount["opts"])
    assert any(option.startswith("timeo=") for option in mount["opts"])
    packages = {"Debian": "nfs-common", "RedHat": "nfs-utils"}
    assert _state(compiled, "share-packages")["name"] == packages[systems.SYSTEMS[system]["os_family"]]


@pytest.mark.parametrize("system", systems.SYSTEMS)
def test_only_the_writer_exports(over_nfs, compile_host, system):
    assert "share-exports" not in {chunk["__id__"] for chunk in over_nfs("omeroreadonly", system).chunks}
    # whose hosts share the volume itself
    host = f"{ENVIRONMENT}-omeroreadwrite"
    assert "share-exports" not in {chunk["__id__"] for chunk in compile_host(host, system).chunks}
