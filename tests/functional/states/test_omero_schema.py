"""
omero.schema, schema_present and the functions for dumps, by Salt's real loaders, with the real `omero`, psql, pg_dump
and a real PostgreSQL. Only the releases are the stand-in's: their SQL is a reduced one.
"""

import concurrent.futures
import getpass
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import types

import omero_password
import pytest
from salt.exceptions import CommandExecutionError

from testbed import standin_release

ROOT, PASSWORD = "root's own secret", "database:secret\\"
OLD, NEW = "5.6.18-standin", "5.7.0-standin"
BEFORE, AFTER = "OMERO5.4__0", "OMERO5.5__0"
COLUMNS = "select table_name, column_name from information_schema.columns order by 1, 2"
SQL = "sql/psql"
FAR = "OMERO5.6__0"
BAD = b"BEGIN; CREATE TABLE half (id int8); SELECT 1 / 0; COMMIT;"


def _releases():
    """Files by release: the stand-in's, and some that are broken."""
    new = dict(standin_release.contents(NEW))
    far = new["etc/omero.properties"].replace(b"omero.db.version=OMERO5.5", b"omero.db.version=OMERO5.6")
    return {
        OLD: dict(standin_release.contents(OLD)),
        NEW: new,
        "broken": dict(standin_release.contents(NEW, "patch")),
        "unready": new | {f"{SQL}/{AFTER}/{BEFORE}-precheck.sql": BAD},
        "far": new | {"etc/omero.properties": far, f"{SQL}/{FAR}/{AFTER}.sql": BAD},
    }


@pytest.fixture(scope="session")
def releases():
    """Folder with releases."""
    top = pathlib.Path(tempfile.mkdtemp(prefix="omero-releases-"))
    top.chmod(0o755)
    for name, files in _releases().items():
        for path, data in files.items():
            file = top / f"OMERO.server-{name}" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            file.chmod(0o755 if path.startswith(standin_release.PROGRAMS) else 0o644)
    (top / "OMERO.server").symlink_to(f"OMERO.server-{OLD}")
    yield top
    shutil.rmtree(top)


@pytest.fixture
def database(postgresql):
    """Name of an empty database, whose owner may log in."""
    postgresql.sql(f"CREATE ROLE omero LOGIN PASSWORD '{PASSWORD}'")
    for name in ("omero", "other"):
        postgresql.sql(f"CREATE DATABASE {name} OWNER omero TEMPLATE template0")
        postgresql.sql("CREATE EXTENSION pgcrypto SCHEMA public; GRANT ALL ON SCHEMA public TO omero", name)
    yield "omero"
    for name in ("omero", "other"):
        postgresql.sql(f"DROP DATABASE {name} WITH (FORCE)")
    postgresql.sql("DROP ROLE omero")


@pytest.fixture
def site(postgresql, database, releases, real_omero, salt_loaders):
    """``state(name, version, test)``, ``call(name)``, ``sql(statement)`` and the folder ``dumps``."""
    user = "daemon" if os.geteuid() == 0 else getpass.getuser()
    top = pathlib.Path(tempfile.mkdtemp(prefix="omero-dumps-"))
    top.chmod(0o755)
    db = {"host": str(postgresql.folder), "port": postgresql.port, "name": database, "user": "omero"}
    pillar = {
        "environment": {"name": "idr-test"},
        # the stand-in's java makes the digest that `omero db script` asks OMERO's for
        "omero": {
            "db": db,
            "backups": {"dir": str(top / "backups")},
            "server": {"path_prepend": [str(releases / "OMERO.server/standin/bin")]},
        },
        "secrets": {"database": {"omero": PASSWORD}, "omero": {"root": ROOT}},
    }
    loaded = {test: salt_loaders("idr-test-omeroreadwrite", pillar, test) for test in (True, False)}

    def state(name, version, test=False, **more):
        where = {"omerodir": str(releases / f"OMERO.server-{version}"), "venv": str(real_omero), "user": user}
        ret = loaded[test].states[f"omero.{name}"]("schema", **where, **more)
        assert set(ret) == {"name", "result", "comment", "changes"}
        assert PASSWORD not in str(ret)
        assert ROOT not in str(ret)
        return ret

    def call(name, *arguments, **names):
        return loaded[False].functions[f"omero.{name}"](*arguments, **names)

    yield types.SimpleNamespace(
        state=state, call=call, sql=lambda sql, name=database: postgresql.sql(sql, name), dumps=top / "backups",
        user=user, cluster=postgresql, where={"venv": str(real_omero), "user": user}, releases=releases,
    )  # fmt: skip
    shutil.rmtree(top)


@pytest.fixture
def made(site):
    """A site whose database has the schema of the old release."""
    assert site.state("schema", OLD)["result"] is True
    return site


def test_schema_is_predicted_created_and_then_left_alone(site):
    predicted = site.state("schema", OLD, test=True)
    assert (predicted["result"], predicted["changes"]) == (None, {"old": None, "new": BEFORE})
    assert site.sql("select to_regclass('dbpatch') is null") == "t"
    ret = site.state("schema", OLD)
    assert (ret["result"], ret["changes"]) == (True, predicted["changes"]), ret["comment"]
    for test in (True, False):
        again = site.state("schema", OLD, test=test)
        assert (again["result"], again["changes"]) == (True, {})
    assert site.sql("select hash from password where experimenter_id = 0") == omero_password.digest(ROOT, 0)
    assert site.call("db_version", user=site.user) == {"version": "OMERO5.4", "patch": 0}


@pytest.mark.parametrize("test", [True, False])
def test_an_empty_database_beside_a_full_repository_is_the_wrong_one(site, tmp_path, test):
    kept = tmp_path / "ManagedRepository/public_2/image.tif"
    kept.parent.mkdir(parents=True)
    kept.write_text("")
    ret = site.state("database_fits", OLD, test=test, data=str(tmp_path))
    assert (ret["result"], ret["changes"]) == (False, {})
    assert str(kept) in ret["comment"]
    assert "omero.db_restore" in ret["comment"]
    kept.unlink()
    assert site.state("database_fits", OLD, test=test, data=str(tmp_path))["result"] is True
    assert site.state("schema", OLD)["result"] is True
    kept.write_text("")
    assert site.state("database_fits", OLD, test=test, data=str(tmp_path))["result"] is True


def test_older_schema_is_dumped_and_patched(made):
    given = {"dump": str(made.dumps)}
    predicted = made.state("schema", NEW, test=True, **given)
    assert (predicted["result"], predicted["changes"]) == (None, {"old": BEFORE, "new": AFTER, **given})
    assert not made.dumps.exists()
    ret = made.state("schema", NEW, **given)
    assert (ret["result"], ret["changes"]) == (True, predicted["changes"]), ret["comment"]
    for test in (True, False):
        again = made.state("schema", NEW, test=test, **given)
        assert (again["result"], again["changes"]) == (True, {})
    assert made.sql("select currentversion from dbpatch order by id desc limit 1") == "OMERO5.5"
    (dump,) = made.call("db_dumps")
    assert (dump["schema"], dump["before"], dump["release"]) == (BEFORE, AFTER, OLD)
    assert dump["path"] in ret["comment"]
    assert pathlib.Path(dump["path"]).stat().st_mode & 0o777 == 0o600
    assert made.dumps.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("test", [True, False])
def test_patch_without_dump_or_snapshot_is_refused(made, test):
    ret = made.state("schema", NEW, test=test)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert BEFORE in ret["comment"]
    assert AFTER in ret["comment"]
    assert "`snapshot`" in ret["comment"]


def test_snapshot_takes_the_place_of_the_dump(made):
    ret = made.state("schema", NEW, dump=str(made.dumps), snapshot="vol-1")
    assert (ret["result"], ret["changes"]) == (True, {"old": BEFORE, "new": AFTER, "snapshot": "vol-1"})
    assert not made.dumps.exists()


@pytest.mark.parametrize("test", [True, False])
def test_newer_schema_is_refused(made, test):
    assert made.state("schema", NEW, snapshot="vol-1")["result"] is True
    ret = made.state("schema", OLD, test=test, dump=str(made.dumps))
    assert (ret["result"], ret["changes"]) == (False, {})
    for word in (BEFORE, AFTER, "orch.rollback"):
        assert word in ret["comment"]


def test_failed_patch_leaves_the_database_as_it_was(made):
    before = made.sql(COLUMNS)
    ret = made.state("schema", "broken", dump=str(made.dumps))
    assert (ret["result"], ret["changes"]) == (False, {})
    for word in ("division by zero", "all of it was undone", f"has the schema {BEFORE}", str(made.dumps)):
        assert word in ret["comment"]
    assert made.sql(COLUMNS) == before
    assert made.state("schema", OLD)["result"] is True
    assert len(made.call("db_dumps")) == 1


def test_step_that_fails_leaves_the_one_before(made):
    predicted = made.state("schema", "far", test=True, snapshot="vol-1")
    assert f"{BEFORE} -> {AFTER} -> {FAR}" in predicted["comment"]
    ret = made.state("schema", "far", snapshot="vol-1")
    assert (ret["result"], ret["changes"]) == (False, {})
    for word in (f"patching {AFTER} to {FAR} failed", f"has the schema {AFTER}", "Snapshot: vol-1"):
        assert word in ret["comment"]
    assert made.sql("select to_regclass('half') is null") == "t"
    assert made.state("schema", NEW)["result"] is True


def test_readiness_check_comes_before_everything(made):
    ret = made.state("schema", "unready", dump=str(made.dumps))
    assert (ret["result"], ret["changes"]) == (False, {})
    for word in ("readiness check failed", "division by zero", f"has the schema {BEFORE}"):
        assert word in ret["comment"]
    assert not made.dumps.exists()


def test_patch_does_not_wait_for_ever_for_a_table(made):
    holder = "BEGIN; LOCK TABLE image IN ACCESS SHARE MODE; SELECT pg_sleep(20);"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        held = pool.submit(lambda: pytest.raises(subprocess.CalledProcessError, made.sql, holder))
        while made.sql("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") != "1":
            time.sleep(0.1)
        folder = str(made.releases / f"OMERO.server-{NEW}")
        with pytest.raises(CommandExecutionError, match=f"lock timeout.*has the schema {BEFORE}"):
            made.call("schema_patch", snapshot="vol-1", lock_timeout=1, omerodir=folder, **made.where)
        made.sql("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'")
        held.result(timeout=20)
    assert made.state("schema", NEW, snapshot="vol-1")["result"] is True


def test_patch_that_cannot_be_dumped_is_not_begun(made):
    made.dumps.write_text("a file is in the way")
    ret = made.state("schema", NEW, dump=str(made.dumps))
    assert (ret["result"], ret["changes"]) == (False, {})
    assert str(made.dumps) in ret["comment"]
    assert made.state("schema", OLD)["result"] is True


def test_unknown_schema_has_no_way(made):
    made.sql("update dbpatch set currentversion = 'OMERO5.1'")
    ret = made.state("schema", NEW, dump=str(made.dumps))
    assert (ret["result"], ret["changes"]) == (False, {})
    assert f"knows the way from {BEFORE}" in ret["comment"]


def test_release_that_is_not_there_yet(site):
    assert site.state("schema", "9.9.9", test=True)["result"] is None
    assert site.state("schema_present", "9.9.9", test=True)["result"] is None
    ret = site.state("schema", "9.9.9")
    assert ret["result"] is False
    assert "there is no release" in ret["comment"]


def test_database_that_refuses(site):
    site.sql("ALTER ROLE omero PASSWORD 'another'")
    assert site.state("schema", OLD, test=True)["result"] is None
    for name in ("schema", "schema_present"):
        ret = site.state(name, OLD, timeout=1)
        assert (ret["result"], ret["changes"]) == (False, {})
        assert "password authentication failed" in ret["comment"]


def test_database_that_comes_later(site):
    site.cluster.sql("ALTER DATABASE omero ALLOW_CONNECTIONS false")
    assert "not currently accepting" in site.state("schema", OLD, timeout=1)["comment"]
    site.cluster.sql("ALTER DATABASE omero ALLOW_CONNECTIONS true")
    assert site.state("schema", OLD, timeout=1)["result"] is True


def test_schema_present(made):
    for test in (True, False):
        ret = made.state("schema_present", OLD, test=test)
        assert (ret["result"], ret["changes"]) == (True, {})
    assert made.state("schema_present", NEW, test=True)["result"] is None
    ret = made.state("schema_present", NEW, timeout=0)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert f"its schema is {BEFORE}" in ret["comment"]


def test_dump_is_restored_into_another_database(made):
    made.sql("insert into experimentergroup (id, permissions, version, name, ldap) values (77, -120, 0, 'mine', false)")
    dump = made.call("db_dump", user=made.user)
    assert made.state("schema", NEW, snapshot="vol-1")["result"] is True
    found = made.call("db_restore", dump["path"], "other", user=made.user)
    assert found == {"database": "other", "schema": BEFORE}
    assert made.sql("select name from experimentergroup where id = 77", "other") == "mine"
    assert made.sql("select distinct tableowner from pg_tables where schemaname = 'public'", "other") == "omero"
    assert made.sql("select currentversion from dbpatch order by id desc limit 1") == "OMERO5.5"
    with pytest.raises(CommandExecutionError, match="an empty one was expected"):
        made.call("db_restore", dump["path"], "other", user=made.user)


def test_restore_is_all_or_nothing_and_never_into_the_database_in_use(made):
    dump = made.call("db_dump", user=made.user)
    with pytest.raises(CommandExecutionError, match="omero is the database in use"):
        made.call("db_restore", dump["path"], "omero", user=made.user)
    with pytest.raises(CommandExecutionError, match="no such dump"):
        made.call("db_restore", "/no/such.dump", "other", user=made.user)
    with pytest.raises(CommandExecutionError, match='"nobody" does not exist'):
        made.call("db_restore", dump["path"], "nobody", user=made.user)
    with open(dump["path"], "r+b") as file:
        file.truncate(dump["size"] - 2000)
    with pytest.raises(CommandExecutionError, match="not what was dumped"):
        made.call("db_restore", dump["path"], "other", user=made.user)
    pathlib.Path(dump["path"]).with_suffix(".json").unlink()
    with pytest.raises(CommandExecutionError, match="pg_restore failed"):
        made.call("db_restore", dump["path"], "other", user=made.user)
    assert made.sql("select to_regclass('dbpatch') is null", "other") == "t"


def test_so_many_dumps_are_kept(made):
    paths = [made.call("db_dump", keep=2, user=made.user)["path"] for _ in range(3)]
    assert [one["path"] for one in made.call("db_dumps")] == paths[:0:-1]
    assert made.state("schema", NEW, dump=str(made.dumps), keep=1)["result"] is True
    assert len(made.call("db_dumps")) == 3, "those before a patch are counted apart"
    assert {path.suffix for path in made.dumps.iterdir()} == {".dump", ".json"}
    assert len(list(made.dumps.iterdir())) == 6


def test_failed_dump_leaves_nothing(made):
    made.sql("ALTER ROLE omero PASSWORD 'another'")
    with pytest.raises(CommandExecutionError, match="password authentication failed"):
        made.call("db_dump", user=made.user)
    made.sql(f"ALTER ROLE omero PASSWORD '{PASSWORD}'; ALTER TABLE image OWNER TO super")
    with pytest.raises(CommandExecutionError, match="permission denied for table image"):
        made.call("db_dump", user=made.user)
    assert not made.dumps.exists()
    assert made.call("db_dumps") == []


def test_db_script(site):
    where = {"omerodir": str(site.releases / f"OMERO.server-{OLD}"), **site.where}
    text = site.call("db_script", **where)
    assert "CREATE TABLE dbpatch" in text
    assert omero_password.digest(ROOT, 0) not in text
    path = site.dumps.parent / "schema.sql"
    assert site.call("db_script", str(path), **where) == {"path": str(path), "schema": BEFORE}
    assert path.stat().st_mode & 0o777 == 0o600
    assert omero_password.digest(ROOT, 0) in path.read_text()
    with pytest.raises(CommandExecutionError, match="File exists"):
        site.call("db_script", str(path), **where)


def test_schema_plan(made):
    plan = made.call("schema_plan", str(made.releases / f"OMERO.server-{NEW}"), **made.where)
    assert plan == {"do": "patch", "old": BEFORE, "new": AFTER, "steps": [AFTER], "problem": None}
    assert json.dumps(plan)
