"""What hosts do when others come or go: each role's part, and nothing else."""

import shutil

import compiling
import idr_ids
import idr_maps
import pytest
import systems

from testbed.paths import ENVIRONMENT

COMMON = {"peers-known", "firewall-package", "firewall-rules", "firewall-unit", "firewall"}
OWN = {"database": {"postgresql-hba", "postgresql-clients"}}
NFS = {"share-exports", "share-exported"}


@pytest.fixture(scope="session")
def compile_peers(checkout, pillar_root, mine, volumes, tmp_path_factory):
    """Function that compiles the state ``peers`` alone for a role's first host."""
    states = tmp_path_factory.mktemp("states") / "salt"
    shutil.copytree(checkout / "salt", states, ignore=shutil.ignore_patterns("_*"))
    (states / "top.sls").write_text("base: {'*': [peers]}\n")

    def compile_peers(role, pillar=pillar_root, system="debian-12"):
        host = next(host for host in idr_maps.hosts(checkout, ENVIRONMENT) if idr_ids.parse(host)["role"] == role)
        grains = systems.grains(system, host, volumes[role])
        opts = compiling.options(checkout, pillar, tmp_path_factory.mktemp("minion"), grains, mine, states)
        compiled = compiling.Compiled(opts)
        assert compiled.errors == []
        return compiled

    return compile_peers


def _ids(compiled):
    return {chunk["__id__"] for chunk in compiled.chunks}


@pytest.mark.parametrize("role", idr_ids.ROLES)
@pytest.mark.parametrize("system", ["debian-12", "rocky-9"])
def test_each_role_has_its_part(compile_peers, role, system):
    compiled = compile_peers(role, system=system)
    # What a system's own firewall needs is no matter of the role.
    assert {name for name in _ids(compiled) if not name.startswith("firewall-without-")} == COMMON | OWN.get(
        role, set()
    )
    assert compiled.undefined() == []


@pytest.mark.parametrize("role", idr_ids.ROLES)
def test_nothing_is_installed_switched_or_restarted_for_another_host(compile_peers, role):
    compiled = compile_peers(role)
    used = {f"{chunk['state']}.{chunk['fun']}" for chunk in compiled.chunks}
    assert used <= {"idr.peers_known", "file.managed", "firewall.loaded", "pkg.installed", "postgresql.loaded"}
    assert {chunk["name"] for chunk in compiled.chunks if chunk["state"] == "pkg"} == {"nftables"}
    assert [chunk["restart"] for chunk in compiled.chunks if chunk["state"] == "postgresql"] == (
        [False] if role == "database" else []
    )


@pytest.mark.parametrize("role", idr_ids.ROLES)
def test_all_of_it_is_part_of_the_whole(compile_peers, compile_host, checkout, role):
    part = compile_peers(role)
    whole = compile_host(part.opts["id"], "debian-12")
    assert _ids(part) <= _ids(whole)
    assert {chunk["name"] for chunk in part.chunks} <= {chunk["name"] for chunk in whole.chunks}


def test_a_writer_over_nfs_lets_in_the_readers(compile_peers, pillar_root, tmp_path):
    root = tmp_path / "pillar"
    shutil.copytree(pillar_root, root)
    for folder in (root / "env").iterdir():
        (folder / "share.sls").write_text("share: {type: nfs}\n")
    writer = compile_peers("omeroreadwrite", root)
    assert _ids(writer) == COMMON | NFS
    assert writer.undefined() == []
    (exports,) = [chunk for chunk in writer.chunks if chunk["__id__"] == "share-exports"]
    text = writer.rendered(exports, "share/files/exports.jinja")
    readers = [host for host in writer.opts["test_mine"]["address"] if host.startswith(f"{ENVIRONMENT}-omeroreadonly-")]
    assert text.count("(ro,") == len(readers) > 0
    assert _ids(compile_peers("omeroreadonly", root)) == COMMON


def test_who_may_log_in_is_known_before_anybody_serves(compile_peers, mine):
    database = compile_peers("database")
    (hba,) = [chunk for chunk in database.chunks if chunk["__id__"] == "postgresql-hba"]
    text = database.rendered(hba, hba["source"].removeprefix("salt://"))
    fresh = [host for host, serves in mine["serving"].items() if not serves and host.startswith(f"{ENVIRONMENT}-")]
    assert fresh
    assert all(f"{mine['address'][host][0]}/32" in text for host in fresh)
