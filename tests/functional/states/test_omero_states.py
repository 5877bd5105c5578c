"""omero.config by Salt's real loaders and the real `omero` command, on a real config.xml."""

import fcntl
import shutil
import subprocess

import pytest

ROOT, DATABASE = "root's own secret", "database:secret\\ $HOME"
PROPERTIES = {"omero.db.poolsize": 25, "omero.web.apps": ["a", "b'c"], "omero.web.debug": False}
SECRETS = {"omero.db.pass": "secrets:database:omero"}
PILLAR = {
    "environment": {"name": "idr-test"},
    "secrets": {"database": {"omero": DATABASE}, "omero": {"root": ROOT}},
}


@pytest.fixture
def config(salt_loaders, installation):
    """Function that applies the state, in test mode or not."""
    loaded = {}

    def apply(test=False, **arguments):
        if test not in loaded:
            loaded[test] = salt_loaders("idr-test-omeroreadwrite", PILLAR, test).states
        ret = loaded[test]["omero.config"]("server", **arguments, **installation.where)
        assert set(ret) == {"name", "result", "comment", "changes"}
        assert DATABASE not in str(ret)
        assert ROOT not in str(ret)
        return ret

    return apply


@pytest.fixture
def stored(installation):
    """Function that returns what is stored, as the real command says; None where nothing is."""

    def get():
        command = ["setpriv", f"--reuid={installation.user}", f"--regid={installation.user}", "--clear-groups"]
        command += [str(installation.venv / "bin/omero"), "config", "get", "--show-password"]
        env = {"OMERODIR": str(installation.omerodir), "HOME": str(installation.omerodir), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, capture_output=True, check=True, timeout=60, env=env)
        return dict(line.split("=", 1) for line in done.stdout.decode().splitlines())

    return get


def test_config_is_predicted_loaded_and_then_left_alone(config, stored, installation):
    predicted = config(test=True, properties=PROPERTIES, secrets=SECRETS)
    assert predicted["result"] is None
    assert not (installation.omerodir / "etc/grid/config.xml").exists()
    first = config(properties=PROPERTIES, secrets=SECRETS)
    assert (first["result"], first["changes"]) == (True, predicted["changes"])
    assert first["changes"]["omero.web.apps"] == {"old": None, "new": '["a","b\'c"]'}
    assert first["changes"]["omero.db.pass"] == {"old": None, "new": "********"}
    assert stored()["omero.db.pass"] == DATABASE
    before = (installation.omerodir / "etc/grid/config.xml").stat().st_mtime_ns
    for test in (True, False):
        again = config(test=test, properties=PROPERTIES, secrets=SECRETS)
        assert (again["result"], again["changes"]) == (True, {})
    assert (installation.omerodir / "etc/grid/config.xml").stat().st_mtime_ns == before, "written again for nothing"


def test_config_removes_what_is_not_declared_and_keeps_what_is_to_be_kept(config, stored):
    config(properties={"a.one": 1, "b.two": 2, "c.three": 3})
    for test in (True, False):
        ret = config(test=test, properties={"a.one": 1}, keep=["c."])
        assert ret["changes"] == {"b.two": {"old": "2", "new": None}}
    assert config(properties={"a.one": 1}, keep=["c."])["changes"] == {}
    assert stored() == {"a.one": "1", "c.three": "3"}


def test_config_leaves_unknown_keys_alone_if_told_so(config, stored):
    config(properties={"a.one": 1, "b.two": 2})
    for test in (True, False):
        ret = config(test=test, properties={"a.one": 3}, remove_unknown=False)
        assert ret["changes"] == {"a.one": {"old": "1", "new": "3"}}
    assert config(properties={"a.one": 3}, remove_unknown=False)["changes"] == {}
    assert stored() == {"a.one": "3", "b.two": "2"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"properties": {"omero.x": None}}, "omero.x: a string"),
        ({"properties": {"omero.x": "two\nlines"}}, "omero.x: "),
        ({"properties": {}, "secrets": {"omero.db.pass": "secrets:not:there"}}, "secrets:not:there"),
        ({"properties": {"omero.x": 1}, "secrets": {"omero.x": "secrets:omero:root"}}, "not by both"),
    ],
)
def test_config_names_what_is_wrong_and_changes_nothing(config, installation, arguments, expected):
    for test in (True, False):
        ret = config(test=test, **arguments)
        assert (ret["result"], ret["changes"]) == (False, {})
        assert expected in ret["comment"]
    assert not (installation.omerodir / "etc/grid/config.xml").exists()


@pytest.fixture
def held(config, installation):
    """The lock of the configuration, as another `omero config` holds it."""
    config(properties={"a.one": 1})
    path = installation.omerodir / "etc/grid/config.xml.lock"
    with open(path, "a+") as lock:
        shutil.chown(path, installation.user)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield lock


def test_config_gives_up_on_a_lock_in_time(config, held, stored):
    assert config(test=True, properties={"a.one": 2})["result"] is None
    ret = config(properties={"a.one": 2}, lock_timeout=1)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert "locked by another process" in ret["comment"]
    fcntl.flock(held, fcntl.LOCK_UN)
    assert config(properties={"a.one": 2}, lock_timeout=1)["result"] is True
    assert stored() == {"a.one": "2"}


def test_config_of_a_broken_file(config, installation):
    path = installation.omerodir / "etc/grid/config.xml"
    path.write_text("<icegrid>")
    ret = config(properties=PROPERTIES)
    assert ret["result"] is False
    assert str(path) in ret["comment"]
    assert path.read_text() == "<icegrid>"
