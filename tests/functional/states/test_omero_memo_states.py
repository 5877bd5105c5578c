"""The states of memo files through Salt's real loaders. What needs a server is in tests/local."""

import getpass
import json

import pytest
from salt.exceptions import CommandExecutionError

SECRETS = {"omero": {"public": "public's own secret"}, "database": {"omeroreadonly": "database:secret\\"}}


@pytest.fixture
def pillar(tmp_path):
    config = {"omero.data.dir": str(tmp_path / "data"), "omero.cluster.read_only.repo": True}
    return {
        "environment": {"name": "idr-test"},
        "omero": {
            "db": {"user": "omeroreadonly", "host": "127.0.0.1", "port": 1},
            "server": {"config": {**config, "omero.pixeldata.memoizer.dir.local": str(tmp_path / "memo")}},
            "memo": {"files_per_minute": 30},
        },
        "secrets": SECRETS,
    }


@pytest.fixture
def worker(apply, pillar, tmp_path):
    """Function that applies memo_worker.configured to a file below ``tmp_path``."""

    def worker(test=False):
        loaders = {"minion_id": "idr-test-omeroreadonly-1", "pillar": pillar}
        path = tmp_path / "etc/settings.json"
        return apply("memo_worker.configured", str(path), test, loaders, user=getpass.getuser())

    return worker


def test_settings_are_predicted_written_and_then_left_alone(worker, tmp_path):
    path = tmp_path / "etc/settings.json"
    predicted = worker(test=True)
    assert predicted["result"] is None
    assert not path.parent.exists()
    made = worker()
    assert made["result"] is True
    assert made["changes"] == predicted["changes"]
    assert path.stat().st_mode & 0o777 == 0o600
    written = json.loads(path.read_text())
    assert written["login"]["password"] == SECRETS["omero"]["public"]
    assert written["pgpass"] == "127.0.0.1:1:omero:omeroreadonly:database\\:secret\\\\\n"
    assert written["limits"]["files_per_minute"] == 30
    before = path.stat()
    again = worker()
    assert (again["result"], again["changes"]) == (True, {})
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_no_password_is_shown(worker, pillar):
    shown = json.dumps([worker(test=True), worker()])
    pillar["secrets"] = {"omero": {"public": "another"}, "database": {"omeroreadonly": "another"}}
    changed = worker()
    assert sorted(changed["changes"]) == ["login:password", "pgpass"]
    for secret in ("own secret", "database:secret", "database\\", "another"):
        assert secret not in shown + json.dumps(changed)


def test_changed_limit_is_one_change(worker, pillar):
    worker()
    pillar["omero"]["memo"]["files_per_minute"] = 5
    assert worker()["changes"] == {"limits:files_per_minute": {"old": 30, "new": 5}}


def test_settings_that_others_may_read_are_repaired(worker, tmp_path):
    worker()
    (tmp_path / "etc/settings.json").chmod(0o644)
    assert list(worker(test=True)["changes"]) == ["owner and mode"]
    assert list(worker()["changes"]) == ["owner and mode"]
    assert (tmp_path / "etc/settings.json").stat().st_mode & 0o777 == 0o600
    assert worker()["changes"] == {}


def test_change_of_its_program_hides_no_failure(salt_loaders, pillar, tmp_path):
    pillar["omero"]["memo"] = {"rate": 3}
    states = salt_loaders("idr-test-omeroreadonly-1", pillar).states
    failed = states["memo_worker.mod_watch"](
        str(tmp_path / "etc/settings.json"), user=getpass.getuser(), sfun="configured"
    )
    assert failed["result"] is False
    assert "unknown rate" in failed["comment"]


@pytest.mark.parametrize(
    ("memo", "words"),
    [
        ({"rate": 3}, "omero:memo: unknown rate"),
        ({"files_per_minute": -1}, "omero:memo:files_per_minute: a number above 0 was expected, not -1"),
        ({"login": "eve"}, "pillar secrets:omero:eve: a password was expected"),
    ],
)
def test_wrong_pillar_is_named_and_nothing_is_written(worker, pillar, tmp_path, memo, words):
    pillar["omero"]["memo"] = memo
    failed = worker()
    assert failed["result"] is False
    assert words in failed["comment"]
    assert not (tmp_path / "etc").exists()


def test_bare_host_is_no_surprise_to_test_mode(apply, pillar):
    loaders = {"minion_id": "idr-test-omeroreadonly-1", "pillar": pillar}
    assert apply("omero.memo_warm", "x", True, loaders, newest=3)["result"] is None
    failed = apply("omero.memo_warm", "x", False, loaders, newest=3)
    assert (failed["result"], failed["changes"]) == (False, {})
    assert "no user omero-server" in failed["comment"]


def test_database_that_is_away_is_an_error_without_its_password(salt_loaders, pillar):
    functions = salt_loaders("idr-test-omeroreadonly-1", pillar).functions
    with pytest.raises(CommandExecutionError, match="psql failed") as failed:
        functions["omero.memo_missing"](newest=3, user=getpass.getuser())
    assert "secret" not in str(failed.value)


def test_what_is_wanted_must_be_numbers(apply, pillar):
    loaders = {"minion_id": "idr-test-omeroreadonly-1", "pillar": pillar}
    failed = apply("omero.memo_warm", "x", False, loaders, images=["1) or (1=1"])
    assert failed["result"] is False
    assert "a list of image ids such as [1, 2] was expected" in failed["comment"]
