"""Read-only servers, with and without the read-write server that they share the repository with."""

import json
import re

import pytest
import visiting
from visiting import wait

OWNER = "idr-local-omeroreadwrite"
READERS = ("idr-local-omeroreadonly-1", "idr-local-omeroreadonly-2")
TREE = (".omero", "BioFormatsCache", "Files", "FullText", "ManagedRepository", "Pixels", "Thumbnails")
DATA, MOUNT, VOLUME = "/data/OMERO", "/data/OMERO-readonly", "/var/lib/idr-share/idr-omero"


@pytest.fixture(params=READERS)
def reader(request, local):
    return local.host(request.param)


def _cloud(local, action, name):
    done = local.run("salt-cloud", "-a", action, name, "-y", "--out=json")
    assert done.returncode == 0, done.stdout + done.stderr


def _up(local, name):
    """What the server says of itself."""
    return local.salt(name, "omero.look")[name]


def _failed(local, target):
    """What a state.apply could not do: ``["host: state: why", ...]``."""
    return [
        f"{host}: {state.get('__id__', state['name'])}: {state['comment']}"
        for host, states in local.salt(target, "state.apply", timeout=1200).items()
        for state in states.values()
        if not state["result"]
    ]


@pytest.fixture(scope="module")
def orphaned(local):
    """The environment while the read-write server is stopped; it is converged again afterwards."""
    _cloud(local, "stop", OWNER)
    try:
        yield local
    finally:
        _cloud(local, "start", OWNER)
        local.run("salt", OWNER, "test.ping", "-t", "60")
        assert not _failed(local, "*")


def test_repository_is_the_read_write_servers_and_read_only(local, reader):
    for folder in TREE:
        assert reader.file(f"{DATA}/{folder}").linked_to == f"{MOUNT}/{folder}"
    assert "ro" in reader.mount_point(MOUNT).options
    assert reader.run(f"runuser -u omero-server -- touch {MOUNT}/Files/x").rc != 0
    assert reader.run(f"runuser -u omero-server -- ls {VOLUME}").rc != 0
    assert reader.file("/var/lib/idr-share").mode == 0o700
    owner = local.host(OWNER)
    try:
        assert owner.run(f"echo seen > {DATA}/Files/trial").rc == 0
        assert reader.run(f"cat {DATA}/Files/trial").stdout == "seen\n"
    finally:
        owner.run(f"rm -f {DATA}/Files/trial")
    assert not reader.file(f"{DATA}/Files/trial").exists


def test_memo_and_temporary_folders_are_writable(reader):
    for folder in ("/data/BioFormatsCache", "/var/cache/omero-server"):
        assert reader.run(f"runuser -u omero-server -- sh -c 'touch {folder}/x && rm {folder}/x'").rc == 0
    assert "OMERO_TMPDIR=/var/cache/omero-server" in reader.check_output("systemctl show -p Environment omero-server")


def test_volume_is_one_device_in_all_its_hosts(local):
    done = local.run("salt-cloud", "-f", "show_volume", "local", f"name={OWNER}-data", "--out=json", "-y")
    volume = json.loads(done.stdout)["local"]["nspawn"]
    assert volume["shared_with"] == list(READERS)
    listed = local.run("losetup", "-nlO", "NAME,BACK-FILE").stdout.splitlines()
    assert [line.split()[0] for line in listed if volume["id"] in line] == [volume["host_device"]]
    mounts = {local.host(name).mount_point(VOLUME).device for name in READERS}
    assert mounts == {local.host(OWNER).mount_point("/data").device}


def test_volume_in_use_is_not_deleted(local):
    done = local.run("salt-cloud", "-f", "delete_volume", "local", f"name={OWNER}-data", "-y")
    assert done.returncode != 0
    assert "is shared with idr-local-omeroreadonly-1, idr-local-omeroreadonly-2" in done.stdout + done.stderr


def test_only_glacier2_is_open_to_the_network(reader):
    listening = reader.check_output("ss -Hltnp")
    ports = [
        int(re.search(r":(\d+)\s", line)[1])
        for line in listening.splitlines()
        if re.search(r"icegridnode|glacier2router|python|java", line)
        and not re.search(r"(127\.0\.0\.1|\[::1\]):", line)
    ]
    assert sorted(ports) == [4063, 4064, 4065], listening
    assert reader.socket("tcp://127.0.0.1:4061").is_listening


def test_serves_without_the_read_write_server(orphaned, reader):
    name = reader.backend.get_hostname()
    assert {"up": True, "db": True, "repo": True}.items() <= _up(orphaned, name).items()
    assert reader.run(f"ls {MOUNT}/Pixels").rc == 0


def test_site_and_login_without_the_read_write_server(orphaned):
    status, body, _, _ = orphaned.get("/webclient/?show=")
    assert status == 200, body[:500]
    # never asked before, so that no cache has it
    status, body, headers, _ = orphaned.get("/webclient/render_thumbnail/size/37/1/")
    assert status == 200
    assert headers["Content-Type"].startswith("image/"), body[:200]
    for reader in READERS:
        assert orphaned.salt(reader, "omero.look")[reader]["up"] is True


def test_reader_reboots_without_the_read_write_server(orphaned):
    name = READERS[1]
    _cloud(orphaned, "reboot", name)
    host = orphaned.host(name)
    assert "ro" in host.mount_point(MOUNT).options
    done = orphaned.salt(name, "state.apply", "omero.readonly")[name]
    assert all(state["result"] for state in done.values()), done


def test_reader_is_made_anew_without_the_read_write_server(orphaned):
    name = READERS[1]
    done = orphaned.run("salt-cloud", "-d", name, "-y")
    assert done.returncode == 0, done.stdout + done.stderr
    done = orphaned.run("salt-cloud", "-m", "idr-local.map", "-P", "-y", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    # it joins by itself
    wait(lambda: visiting.run(orphaned, "idr.joins", "idr-local")[name]["state"] == "serving", 900)
    assert not _failed(orphaned, name)
    assert {"up": True, "db": True, "repo": True}.items() <= _up(orphaned, name).items()
