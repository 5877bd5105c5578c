"""The archive of the OMERO.server stand-in."""

import hashlib
import pathlib
import zipfile

import jinja2
import pytest
import yaml

from testbed import standin_release

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


def test_the_local_environment_names_this_archive(built):
    source = (CHECKOUT / "pillar/env/idr-local/omero.sls").read_text()
    release = yaml.safe_load(jinja2.Template(source).render())["omero"]["server"]["release"]
    assert release["sha256"] == built[1], "put the new sha256 into pillar/env/idr-local/omero.sls"
    assert release["url"].endswith("/" + built[0].name)


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
    expected |= {f"{TOP}etc/omero.properties", f"{TOP}standin/blitz.py"}
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
