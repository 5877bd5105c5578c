"""Backups and restores as the master orders them, over hosts that answer as told."""

import re

import idr_minions
import idr_site
import pytest
from salt.exceptions import CommandExecutionError

RW, RO, DB, MGMT, PROXY = (
    f"idr-x-{role}" for role in ("omeroreadwrite", "omeroreadonly-1", "database", "management", "proxy")
)
BACKUP = {"label": "A", "type": "full", "start": 100, "stop": 200, "size": 1000, "repository": 10, "usable": True}
KNOWN = {"system": "7", "version": "15"}
INFO = {"stanza": "idr-x", "there": True, "problem": None, "running": False, "cluster": KNOWN, "backups": [BACKUP]}
SCHEMA = {"version": "OMERO5.4", "patch": 0}
TARGET = "2026-01-31 12:00:00+00:00"
ANSWERS = {
    "pgbackrest.info": INFO,
    "pgbackrest.space": 10**9,
    "pgbackrest.kept": ["/d.before-1"],
    "pgbackrest.answers": "",
    "pgbackrest.backup": BACKUP,
    "pgbackrest.cluster": {**KNOWN, "stanza": "idr-x", "path": "/d"},
    "pgbackrest.discard": ["/d.before-1"],
    "pgbackrest.restore": {"target": TARGET, "kept": "/d.before-2"},
    "frontend.maintenance": False,
    "service.status": False,
    "omero.db_version": SCHEMA,
    "omero.release_db_version": SCHEMA,
}


@pytest.fixture
def runner(load, tmp_path, monkeypatch):
    """Function that loads one of the runner's files; ``told`` are other answers, exceptions or callables."""

    def runner(file="backup", **told):
        told = {name.replace("__", "."): value for name, value in told.items()}
        calls = []

        class Minions(idr_minions.Minions):
            def call(self, host, function, *args, limit=60, **kwargs):
                calls.append((host, function, *args, *kwargs.values()))
                value = {**ANSWERS, **told}.get(function)
                if isinstance(value, Exception):
                    raise value
                return value(host, *args) if callable(value) else value

            def unwell(self, host, version=None):
                return ""

        class Site:
            hosts = {"readwrite": RW, "readers": [RO], "proxies": [PROXY], "database": DB}
            servers = [RW, RO]

            def __init__(self, opts, environment):
                self.minions = Minions(opts)

            def proxies(self):
                return {"status": {RO: told.get("status", "up")}, "closed": False}

            def looked(self, host):
                return {"version": "5.6.18", "db": False, "repo": False}

        monkeypatch.setattr(idr_site, "managed", lambda opts, environment: [DB, MGMT, RW, RO, PROXY])
        monkeypatch.setattr(idr_minions, "Minions", Minions)
        module = load("runners", file, opts={"root_dir": str(tmp_path)}, context={})
        if file == "backup_restore":
            module.Site = Site
            module.HEALTHY = 0
        module.calls = calls
        return module

    return runner


def _functions(module):
    return [(host, function) for host, function, *_ in module.calls]


def test_create_list_check_discard(runner):
    module = runner()
    assert module.create("idr-x", "diff")["label"] == "A"
    assert module.calls == [(MGMT, "pgbackrest.backup", "diff")]
    listed = module.list_("idr-x")
    assert (listed["from"], list(listed["backups"])) == ("1970-01-01 00:03:20+00:00", ["A"])
    assert module.check("idr-x") == {"stanza": "idr-x", "last": "1970-01-01 00:03:20+00:00"}
    assert module.discard("idr-x") == {"removed": ["/d.before-1"]}
    assert "kind: expected one of full, diff, incr" in module.create("idr-x", "half")["errors"][0]


def test_what_fails_is_an_answer(runner):
    module = runner(pgbackrest__check=CommandExecutionError("[082]"), pgbackrest__info={**INFO, "problem": "other"})
    assert module.check("idr-x") == {"errors": ["[082]"], "retcode": 1}
    assert module.list_("idr-x")["errors"] == ["other"]
    assert module.__context__["retcode"] == 1


def test_no_management_host_is_named(runner, monkeypatch):
    module = runner()
    monkeypatch.setattr(idr_site, "managed", lambda opts, environment: [DB])
    assert "expected one host of role management, found none" in module.create("idr-x")["errors"][0]


def test_plan(runner):
    module = runner("backup_restore")
    assert module.plan("idr-x", TARGET) == {
        "environment": "idr-x",
        "target": "2026-01-31 12:00:00.000000+00",
        "label": "A",
        "database": DB,
        "servers": [RW, RO],
        "maintenance": False,
    }
    assert (DB, "pgbackrest.seal") in _functions(module)
    # one that does not answer may be why it is restored
    module = runner("backup_restore", pgbackrest__answers="connection refused")
    assert "errors" not in module.plan("idr-x", TARGET)
    assert (DB, "pgbackrest.seal") not in _functions(module)


@pytest.mark.parametrize(
    ("target", "told", "said"),
    [
        ("yesterday", {}, "target: expected a time"),
        ("2999-01-31 12:00:00+00:00", {}, "a time that is over"),
        ("1970-01-01 00:00:10+00:00", {}, "oldest backup \\(A\\)"),
        (TARGET, {"pgbackrest__info": {**INFO, "running": True}}, "a backup is being made"),
        (TARGET, {"pgbackrest__space": 5}, "expected 1100 bytes free .* found 5; .*/d.before-1"),
        (TARGET, {"test__ping": CommandExecutionError("does not answer")}, "does not answer"),
        (TARGET, {"pgbackrest__seal": CommandExecutionError("[082]")}, "\\[082\\]"),
    ],
)
def test_refused_before_anything_is_stopped(runner, target, told, said):
    module = runner("backup_restore", **told)
    (line,) = module.plan("idr-x", target)["errors"]
    assert line.endswith("Nothing was stopped.")
    assert re.search(said, line)
    assert not {"service.stop", "pgbackrest.restore"} & {function for _, function in _functions(module)}


def test_servers_are_stopped_readers_first(runner):
    module = runner("backup_restore")
    assert module.stopped("idr-x") == {"stopped": [RW, RO]}
    assert [host for host, function in _functions(module) if function == "service.stop"] == [RO, RW]
    module = runner("backup_restore", service__status=True)
    assert "could not be stopped. The database was not touched." in module.stopped("idr-x")["errors"][0]


def test_database_is_proved(runner):
    module = runner("backup_restore")
    assert module.database("idr-x", "A", TARGET) == {"target": TARGET, "kept": "/d.before-2", "schema": SCHEMA}
    assert (DB, "state.apply", "postgresql", True) in module.calls


@pytest.mark.parametrize("told", [{"state__apply": CommandExecutionError("no")}, {"omero__db_version": None}])
def test_what_is_not_proved_goes_back(runner, told):
    module = runner("backup_restore", **told)
    assert module.database("idr-x", "A", TARGET)["errors"][0].endswith("The cluster of before is back.")
    assert module.calls[-1] == (DB, "pgbackrest.put_back", "/d.before-2")


def test_servers_start_on_what_is_there(runner):
    module = runner("backup_restore")
    assert module.served("idr-x") == {"serving": [RW, RO]}
    assert [host for host, function in _functions(module) if function == "service.start"] == [RW, RO]
    older = {"version": "OMERO5.3", "patch": 0}
    module = runner("backup_restore", omero__db_version=older)
    module.served("idr-x")
    assert (RW, "state.apply", True) in module.calls


def test_the_site_is_shown_when_the_front_end_has_servers(runner):
    (line,) = runner("backup_restore", status="down").served("idr-x")["errors"]
    assert f"the front end: not healthy within 0 s: {RO} is down" in line
    assert "errors" not in runner("backup_restore", status="drained").served("idr-x")


def test_no_server_starts_without_a_database(runner):
    module = runner("backup_restore", pgbackrest__answers="connection refused")
    assert "The site stays in maintenance" in module.served("idr-x")["errors"][0]
    assert "service.start" not in {function for _, function in _functions(module)}


def test_pages_and_the_backup_afterwards(runner):
    module = runner("backup_restore")
    assert module.closed("idr-x", True) == {"maintenance": True}
    assert module.calls == [(PROXY, "frontend.maintenance", True)]
    assert module.anew("idr-x") == {"label": "A"}
    assert (MGMT, "pgbackrest.stanza_upgrade") not in _functions(module)
    # the cluster of a volume that was lost
    module = runner("backup_restore", pgbackrest__info={**INFO, "cluster": {**KNOWN, "system": "8"}})
    module.anew("idr-x")
    assert (MGMT, "pgbackrest.stanza_upgrade") in _functions(module)
    module = runner("backup_restore", pgbackrest__backup=CommandExecutionError("full"))
    assert "salt-run backup.create idr-x is left" in module.anew("idr-x")["errors"][0]
