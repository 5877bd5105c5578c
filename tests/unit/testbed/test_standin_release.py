"""The archive of the OMERO.server stand-in."""

import hashlib
import pathlib
import re
import types
import zipfile

import jinja2
import pytest
import yaml

from testbed import standin_release
from testbed.standin_release import NEXT, VERSION

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
TOP = "OMERO.server-5.6.18-standin/"
SQL = f"{TOP}sql/psql/OMERO5.4__0/"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return standin_release.build(tmp_path_factory.mktemp("releases"))


@pytest.fixture(scope="module")
def archive(built):
    with zipfile.ZipFile(built[0]) as opened:
        yield opened


def test_the_same_archive_is_built_again(built, tmp_path):
    path, sha256 = standin_release.build(tmp_path / "new")
    assert path.read_bytes() == built[0].read_bytes()
    assert sha256 == built[1] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [p.name for p in path.parent.iterdir()] == ["OMERO.server-5.6.18-standin.zip"]


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory):
    """The next version as {name in its folder: bytes}."""
    path, _ = standin_release.build(tmp_path_factory.mktemp("next"), NEXT)
    with zipfile.ZipFile(path) as opened:
        return {e.filename.removeprefix(f"{path.stem}/"): opened.read(e) for e in opened.infolist()}


@pytest.mark.parametrize("version", [VERSION, NEXT])
def test_the_local_environment_names_the_archives_of_both_versions(version, tmp_path):
    source = (CHECKOUT / "pillar/env/idr-local/standin.sls").read_text()
    source = re.sub(r"set version = '.*?'", f"set version = '{version}'", source)
    salt = {"idr.described": lambda minion: types.SimpleNamespace(roles=["omeroreadonly"])}
    server = yaml.safe_load(jinja2.Template(source).render(salt=salt, opts=types.SimpleNamespace(id="x")))["omero"][
        "server"
    ]
    path, sha256 = standin_release.build(tmp_path, version)
    assert server["version"] == version
    assert server["release"]["sha256"] == sha256, "put the new sha256 into pillar/env/idr-local/standin.sls"
    assert server["release"]["url"].endswith("/" + path.name)


def test_entries_are_sorted_stored_and_without_a_time(archive):
    entries = archive.infolist()
    assert [e.filename for e in entries] == sorted(e.filename for e in entries)
    assert {e.compress_type for e in entries} == {zipfile.ZIP_STORED}
    assert {e.date_time for e in entries} == {standin_release.STAMP}


def test_only_programs_are_executable(archive):
    modes = {e.filename: e.external_attr >> 16 & 0o777 for e in archive.infolist()}
    assert {name for name, mode in modes.items() if mode == 0o755} == {
        f"{TOP}standin/bin/icegridnode",
        f"{TOP}standin/bin/java",
    }
    assert set(modes.values()) == {0o755, 0o644}


def test_what_omero_py_reads_is_in_it(archive):
    names = set(archive.namelist())
    expected = {SQL + name for name in ("psql-header.sql", "schema.sql", "views.sql", "psql-footer.sql")}
    expected |= {f"{TOP}etc/templates/{name}" for name in ("ice.config", "internal.cfg", "master.cfg")}
    expected |= {f"{TOP}etc/templates/grid/{name}" for name in ("default.xml", "templates.xml")}
    expected |= {f"{TOP}etc/omero.properties", f"{TOP}etc/profiles/psql", f"{TOP}standin/blitz.py"}
    assert expected <= names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_version_is_labelled(archive, tmp_path):
    assert b"\nomero.version=5.6.18-STANDIN\n" in archive.read(f"{TOP}etc/omero.properties")
    path, _ = standin_release.build(tmp_path, "5.6.19-standin2")
    with zipfile.ZipFile(path) as other:
        properties = other.read("OMERO.server-5.6.19-standin2/etc/omero.properties")
    assert b"\nomero.version=5.6.19-STANDIN2\n" in properties


@pytest.mark.parametrize("version", ["5.6.18", "5.6-standin", "../5.6.18-standin", ""])
def test_a_version_that_does_not_say_what_it_is_is_refused(version, tmp_path):
    with pytest.raises(SystemExit, match="version: expected"):
        standin_release.build(tmp_path, version)
    assert not list(tmp_path.iterdir())


def test_the_sql_templates_take_what_omero_py_puts_in(archive):
    # `omero db script` runs the first and the last file through Python's % operator
    values = {"TIME": "now", "DIR": "here", "SCRIPT": "x.sql"}
    for name in ("psql-header.sql", "psql-footer.sql"):
        assert archive.read(SQL + name).decode() % values
    footer = archive.read(SQL + "psql-footer.sql").decode()
    assert all(mark in footer for mark in ("@DBVERSION@", "@DBPATCH@", "@ROOTPASS@"))
    assert footer.rstrip().endswith("COMMIT;")


def test_the_next_version_is_the_same_source_with_a_schema_more(upgraded):
    first = dict(standin_release.contents(VERSION))
    changed = {name for name in first if upgraded[name] != first[name]}
    assert changed == {"etc/omero.properties"}
    assert set(upgraded) - set(first) == {
        f"sql/psql/OMERO5.5__0/{name}.sql" for name in ("schema", "views", "psql-header", "psql-footer", "OMERO5.4__0")
    }
    properties = upgraded["etc/omero.properties"].decode()
    assert "\nomero.version=5.7.0-STANDIN\nomero.db.version=OMERO5.5\nomero.db.patch=0\n" in properties
    assert "\nstandin.fault=\n" in properties


def test_what_is_between_the_versions_has_the_schema_of_the_last_one_before():
    names = dict(standin_release.contents("5.6.99-standin"))
    assert not [name for name in names if "OMERO5.5" in name]
    assert b"\nomero.db.version=OMERO5.5\n" in dict(standin_release.contents("6.0.0-standin"))["etc/omero.properties"]


@pytest.mark.parametrize("fault", ["start", "start-readonly"])
def test_a_release_that_does_not_start_differs_in_that_only(upgraded, fault, tmp_path):
    path, _ = standin_release.build(tmp_path, NEXT, fault)
    version = f"{NEXT}.fault_{fault.replace('-', '_')}"
    assert path.name == f"OMERO.server-{version}.zip"
    broken = dict(standin_release.contents(version, fault))
    (changed,) = [name for name in upgraded if upgraded[name] != broken[name]]
    lines = set(broken[changed].decode().splitlines()) - set(upgraded[changed].decode().splitlines())
    assert lines == {f"standin.fault={fault}", f"omero.version={version.replace('standin', 'STANDIN')}"}


def test_a_broken_patch_fails_where_it_has_changed_all_but_does_not_say_that_it_is_finished(upgraded):
    name = "sql/psql/OMERO5.5__0/OMERO5.4__0.sql"
    whole, broken = upgraded[name].decode(), dict(standin_release.contents(NEXT, "patch"))[name].decode()
    place = broken.index("SELECT 1 / 0")
    assert broken.index("ALTER TABLE image") < place < broken.index("UPDATE dbpatch")
    assert broken.startswith(whole[: place - 1])


def test_a_fault_that_is_none_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="fault: expected one of start, "):
        standin_release.build(tmp_path, NEXT, "boom")
    with pytest.raises(SystemExit, match="this version has no patch"):
        standin_release.build(tmp_path, VERSION, "patch")


def test_a_property_that_is_not_there_cannot_be_set():
    files = {"etc/omero.properties": b"omero.version=1\n"}
    with pytest.raises(SystemExit, match="expected one line of omero.db.version, found 0"):
        standin_release.set_property(files, "omero.db.version", "OMERO5.5")
