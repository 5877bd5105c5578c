"""What a scratch host proves, on real XFS, a real PostgreSQL cluster and the real amcheck."""

import pathlib
import re
import shutil
import subprocess

import pytest

SCHEMA = """
CREATE TABLE pixelstype (id int8 PRIMARY KEY, value varchar(255));
INSERT INTO pixelstype VALUES (1, 'uint8');
CREATE TABLE pixels (id int8 PRIMARY KEY, sizex int, sizey int, sizez int, sizec int, sizet int,
    pixelstype int8 REFERENCES pixelstype, path text, name text);
INSERT INTO pixels SELECT n, 2, 2, 1, 1, 1, 1, NULL, NULL FROM generate_series(1, 3) n;
CREATE TABLE many AS SELECT n FROM generate_series(1, 20000) n;
CREATE INDEX many_n ON many (n);
"""
SIZE = 320 << 20


def call(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120, **options).stdout


def postgres(*command, **options):
    return call("runuser", "-u", "postgres", "--", *command, cwd="/", **options)


@pytest.fixture(scope="module")
def origin(as_root, tmp_path_factory):
    """``{name: image}`` of a database's and a repository's volume, as the snapshots of a set have them."""
    folder = tmp_path_factory.mktemp("origin")
    images, programs = {}, sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    for name in ("db", "data"):
        images[name], place = folder / f"{name}.xfs", folder / name
        with images[name].open("wb") as file:
            file.truncate(SIZE)
        place.mkdir()
        call("mkfs.xfs", "-q", images[name])
        call("mount", "-o", "loop", images[name], place)
    try:
        shutil.chown(folder / "db", "postgres")
        for path in (folder, *folder.parents[:2]):
            path.chmod(path.stat().st_mode | 0o055)
        data, sock = folder / "db/main", folder / "db"
        postgres(programs / "initdb", "--no-sync", "--locale=C.UTF-8", "--data-checksums", "-D", data)
        postgres(
            programs / "pg_ctl",
            "-D",
            data,
            "-w",
            "-o",
            f"-k {sock} -c listen_addresses=''",
            "start",
            "-l",
            sock / "log",
        )
        postgres("psql", "-qh", sock, "-c", "CREATE DATABASE omero")
        postgres("psql", "-qh", sock, "-d", "omero", "-f", "-", input=SCHEMA)
        index = postgres("psql", "-qXAth", sock, "-d", "omero", "-c", "SELECT pg_relation_filepath('many_n')").strip()
        postgres("psql", "-qh", sock, "-c", "CHECKPOINT")
        # not stopped: what is copied is what a power cut would have left
        (folder / "data/OMERO/Pixels").mkdir(parents=True)
        for number in (1, 2, 3):
            (folder / f"data/OMERO/Pixels/{number}").write_bytes(b"xxxx")
        for name in images:
            call("fsfreeze", "--freeze", folder / name)
            call("cp", "--sparse=always", images[name], folder / f"{name}.snapshot")
            call("fsfreeze", "--unfreeze", folder / name)
        postgres(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        for name in images:
            subprocess.run(["umount", "--lazy", folder / name], check=False)
    return {"db": folder / "db.snapshot", "data": folder / "data.snapshot", "index": f"main/{index}"}


@pytest.fixture
def prove(origin, salt_loaders, tmp_path, grains):
    """Function ``(damage)`` that proves clones after a function was called with the folders of both."""
    devices, base = {}, tmp_path / "base"

    def prove(damage=None):
        for name in ("db", "data"):
            clone = tmp_path / f"{name}.clone"
            call("cp", "--sparse=always", origin[name], clone)
            if damage:
                place = tmp_path / name
                place.mkdir()
                call("mount", "-o", "loop,nouuid", clone, place)
                damage(name, place)
                call("umount", place)
            devices[name] = call("losetup", "--find", "--show", clone).strip()
        grains["volumes"] = devices
        function = salt_loaders("idr-test-scratch").functions["snapshot.prove"]
        function.__globals__["BASE"] = str(base)
        version = sorted(pathlib.Path("/usr/lib/postgresql").iterdir())[-1].name
        return function(
            {"a-db": "db", "b-data": "data"},
            postgresql={"version": f"{version}.1", "volume": "a-db", "data": "main", "tables": {"omero": [3, 3]}},
            omero={"volume": "b-data", "data": "OMERO", "database": "omero"},
        )

    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(parent.stat().st_mode | 0o055)
    yield prove
    grains.pop("volumes", None)
    for name, device in devices.items():
        subprocess.run(["umount", base / name], capture_output=True, check=False)
        call("losetup", "--detach", device)
    shutil.rmtree("/run/idr-snapshot-proof", ignore_errors=True)


def test_a_good_set(prove):
    told = prove()
    assert told["errors"] == []
    assert told["mounted"] == ["a-db", "b-data"]
    assert told["tables"] == {"omero": 3, "postgres": 0}
    assert told["files"] == 3


def test_a_damaged_index_and_a_lost_file(prove, origin):
    def damage(name, place):
        if name == "data":
            (place / "OMERO/Pixels/2").unlink()
            return
        with (place / origin["index"]).open("r+b") as file:
            file.seek(5 * 8192 + 4000)
            file.write(b"nonsense" * 20)

    told = prove(damage)
    assert any(re.search("amcheck: .*(many_n|page)", error) for error in told["errors"]), told
    assert any("pixels 2: expected the file" in error for error in told["errors"]), told


def test_a_cluster_that_does_not_start(prove):
    def damage(name, place):
        if name == "db":
            (place / "main/global/pg_control").write_bytes(b"")

    (error,) = prove(damage)["errors"]
    assert error.startswith("PostgreSQL does not start on the cluster: ")


def test_a_lost_table(prove, origin):
    def damage(name, place):
        if name == "db":
            shutil.rmtree(place / "main/base")

    assert prove(damage)["errors"]
