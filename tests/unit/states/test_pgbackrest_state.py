"""What the states of backups look at and change; pgBackRest itself is a double."""

import json

import pytest
from salt.exceptions import CommandExecutionError

SECRET = "x" * 48
PILLAR = {"secrets:pgbackrest:authority": SECRET, "environment:name": "idr-x"}
CLUSTER = {"stanza": "idr-x", "path": "/d", "system": "7", "version": "15"}
KNOWN = {"system": "7", "version": "15"}
EMPTY = {"there": False, "problem": None, "running": False, "cluster": None, "backups": []}
FULL = {"label": "A", "present": True}


@pytest.fixture
def states(load, tmp_path, monkeypatch):
    """Function that loads both files of the module over a double of the execution module."""

    def states(file="pgbackrest", test=False, **told):
        called = []
        said = {
            "pillar.get": lambda key, unmask: PILLAR[key],
            "pgbackrest.database": lambda: {**CLUSTER, "host": "idr-x-database"},
            "pgbackrest.info": lambda: EMPTY,
            "pgbackrest.cluster": lambda: CLUSTER,
            "pgbackrest.marked": lambda: None,
            "pgbackrest.owned": lambda: {"environment": "idr-x", "stanza": "idr-x"},
            "pgbackrest.mark": lambda: str(tmp_path / "mark"),
            "mine.get": lambda target, alias, tgt_type: {},
            "cmd.run_stdout": lambda command, python_shell: "inactive",
            **{
                name: lambda *args, name=name, **kwargs: called.append((name, *args)) or True
                for name in (
                    "pgbackrest.stanza_create", "pgbackrest.stanza_upgrade", "pgbackrest.check", "service.start",
                    "mine.update",
                )
            },
            **told,
        }  # fmt: skip
        module = load("states", file, salt=said, opts={"test": test, "id": "idr-x-database"})
        if file == "pgbackrest":
            monkeypatch.setattr(module.shutil, "chown", lambda *args: None)
        module.called = called
        return module

    return states


def _certified(module, folder):
    return module.certified(str(folder), "secrets:pgbackrest:authority", ["idr-x-database"])


def test_certificate_is_made_once(states, tmp_path):
    folder = tmp_path / "tls"
    assert _certified(states(test=True), folder)["result"] is None
    assert not folder.exists()
    ret = _certified(states(), folder)
    assert (ret["result"], list(ret["changes"])) == (True, [str(folder)])
    assert SECRET not in json.dumps(ret)
    assert (folder / "key.pem").stat().st_mode & 0o777 == 0o600
    before = (folder / "key.pem").read_bytes()
    assert _certified(states(), folder)["changes"] == {}
    other = states(**{"pillar.get": lambda key, unmask: "y" * 48})
    assert "the secret is another one" in str(_certified(other, folder)["changes"])
    assert (folder / "key.pem").read_bytes() != before


def test_missing_secret_says_how_to_make_it(states, tmp_path):
    ret = _certified(states(**{"pillar.get": lambda key, unmask: None}), tmp_path)
    assert (ret["result"], "idr.secrets" in ret["comment"]) == (False, True)


def test_a_volume_is_marked_once(states, tmp_path):
    assert states(test=True).owned("x")["result"] is None
    assert states().owned("x")["changes"] == {"stanza": {"old": None, "new": "idr-x"}}
    assert json.loads((tmp_path / "mark").read_text()) == {"environment": "idr-x", "stanza": "idr-x"}
    same = {"environment": "idr-x", "stanza": "idr-x"}
    assert states(**{"pgbackrest.marked": lambda: same}).owned("x")["changes"] == {}


def test_the_mine_is_told_when_it_knows_something_else(states):
    mine = {}
    told = {
        "mine.get": lambda target, alias, tgt_type: dict(mine),
        "mine.update": lambda: mine.update({"idr-x-database": CLUSTER}),
    }
    assert states(test=True, **told).published("x")["result"] is None
    assert states(**told).published("x")["changes"]["cluster"] == {"old": None, "new": CLUSTER}
    assert states(**told).published("x")["changes"] == {}
    assert states(**{**told, "pgbackrest.cluster": lambda: None}).published("x")["result"] is False


def test_management_waits_for_the_database(states):
    def unknown():
        raise CommandExecutionError("the mine has no cluster")

    told = {"pgbackrest.database": unknown}
    assert states("pgbackrest_repository", True, **told).database_known("x")["result"] is None
    ret = states("pgbackrest_repository", **told).database_known("x", timeout=0)
    assert (ret["result"], "the mine has no cluster" in ret["comment"]) == (False, True)
    assert states("pgbackrest_repository").database_known("x")["result"] is True


@pytest.mark.parametrize(
    ("info", "acts"),
    [
        (EMPTY, ["stanza_create", "check"]),
        ({**EMPTY, "there": True, "cluster": KNOWN}, []),
        ({**EMPTY, "there": True, "cluster": {**KNOWN, "system": "6"}}, ["stanza_upgrade", "check"]),
    ],
)
def test_stanza_is_that_of_the_present_cluster(states, info, acts):
    module = states("pgbackrest_repository", **{"pgbackrest.info": lambda: info})
    ret = module.stanza("x")
    assert ret["result"] is True
    assert [name for name, *_ in module.called] == [f"pgbackrest.{act}" for act in acts]
    assert bool(ret["changes"]) == bool(acts)
    ret = states("pgbackrest_repository", True, **{"pgbackrest.info": lambda: info}).stanza("x")
    assert ret["result"] is (None if acts else True)


def test_stanza_without_the_mine_is_left_alone(states):
    told = {
        "pgbackrest.info": lambda: {**EMPTY, "there": True, "cluster": KNOWN},
        "pgbackrest.database": lambda: {**CLUSTER, "system": None, "version": None},
    }
    assert states("pgbackrest_repository", **told).stanza("x")["changes"] == {}


def test_stanza_that_fails_says_why(states):
    def refused(*_):
        raise CommandExecutionError("[056]: unable to find primary cluster")

    ret = states("pgbackrest_repository", **{"pgbackrest.stanza_create": refused}).stanza("x", timeout=0)
    assert (ret["result"], ret["changes"], "[056]" in ret["comment"]) == (False, {}, True)
    broken = {**EMPTY, "problem": "other"}
    assert "other" in states("pgbackrest_repository", **{"pgbackrest.info": lambda: broken}).stanza("x")["comment"]


@pytest.mark.parametrize(
    ("info", "active", "begun"),
    [
        (EMPTY, "inactive", True),
        ({**EMPTY, "backups": [{**FULL, "present": False}]}, "failed", True),
        ({**EMPTY, "backups": [FULL]}, "inactive", False),
        (EMPTY, "activating", False),
        ({**EMPTY, "running": True}, "inactive", False),
    ],
)
def test_the_first_backup_is_begun_and_not_waited_for(states, info, active, begun):
    told = {"pgbackrest.info": lambda: info, "cmd.run_stdout": lambda command, python_shell: active}
    module = states("pgbackrest_repository", **told)
    ret = module.begun("idr-backup@full.service")
    assert (ret["result"], bool(ret["changes"])) == (True, begun)
    assert module.called == ([("service.start", "idr-backup@full.service")] if begun else [])
    ret = states("pgbackrest_repository", True, **told).begun("x")
    assert ret["result"] is (None if begun else True)
