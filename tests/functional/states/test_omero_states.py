"""The OMERO states through Salt's real loaders; only OMERO's and PostgreSQL's commands are doubles."""

import copy
import getpass
import json
import pathlib

import omero_double
import omero_password
import pytest
import salt.config
import salt.loader
import salt.utils.secret

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
ROOT, DATABASE = "root's own secret", "database:secret\\"


@pytest.fixture
def installation(tmp_path):
    made = omero_double.Installation(tmp_path / "omero")
    made.database(dbpatch=None)
    return made


@pytest.fixture
def states(installation, tmp_path):
    """Function that loads all states, in test mode or not, with the double's pillar."""
    pillar = {
        "environment": {"name": "idr-test"},
        "omero": {"db": {"user": "omero"}, "server": {"path_prepend": [str(installation.venv / "bin")]}},
        "secrets": {"database": {"omero": DATABASE}, "omero": {"root": ROOT}},
    }

    def load(test=False):
        opts = copy.deepcopy(salt.config.DEFAULT_MINION_OPTS)
        opts.update(
            id="idr-test-omeroreadwrite",
            root_dir=str(tmp_path),
            cachedir=str(tmp_path / "cache"),
            extension_modules=str(tmp_path / "extmods"),
            conf_file=str(tmp_path / "minion"),
            file_client="local",
            module_dirs=[str(CHECKOUT)],
            # as a minion has it: values are asterisks to whoever asks without care
            pillar=salt.utils.secret.hide(pillar),
            test=test,
        )
        opts["grains"] = salt.loader.grains(opts)
        utils = salt.loader.utils(opts)
        functions = salt.loader.minion_mods(opts, utils=utils)
        serializers = salt.loader.serializers(opts)
        return salt.loader.states(opts, functions, utils, serializers)

    return load


@pytest.fixture
def where(installation):
    return {"omerodir": str(installation.omerodir), "venv": str(installation.venv), "user": getpass.getuser()}


def config(states, where, test=False, **arguments):
    ret = states(test)["omero.config"]("server", **arguments, **where)
    assert set(ret) == {"name", "result", "comment", "changes"}
    return ret


PROPERTIES = {"omero.db.poolsize": 25, "omero.web.apps": ["a", "b'c"], "omero.web.debug": False}
SECRETS = {"omero.db.pass": "secrets:database:omero"}


def test_config_is_predicted_loaded_once_and_then_left_alone(states, where, installation):
    predicted = config(states, where, test=True, properties=PROPERTIES, secrets=SECRETS)
    assert predicted["result"] is None
    assert installation.calls == []
    first = config(states, where, properties=PROPERTIES, secrets=SECRETS)
    assert first["result"] is True
    assert first["changes"] == predicted["changes"]
    assert first["changes"]["omero.web.apps"] == {"old": None, "new": '["a","b\'c"]'}
    assert first["changes"]["omero.db.pass"] == {"old": None, "new": "********"}
    assert len(installation.calls) == 1
    for test in (True, False):
        again = config(states, where, test=test, properties=PROPERTIES, secrets=SECRETS)
        assert (again["result"], again["changes"]) == (True, {})
    assert len(installation.calls) == 1


def test_config_really_holds_the_secret(states, where, installation):
    config(states, where, properties=PROPERTIES, secrets=SECRETS)
    ((_, (mode, text)),) = installation.calls[0]["files"].items()
    assert mode == "0o600"
    assert "omero.db.pass" in text
    again = config(states, where, properties={**PROPERTIES, "omero.db.pass": DATABASE})
    assert again["changes"] == {}, "what was stored is not what pillar has"


def test_config_removes_what_is_not_declared_and_keeps_what_is_to_be_kept(states, where):
    config(states, where, properties={"a.one": 1, "b.two": 2, "c.three": 3})
    ret = config(states, where, properties={"a.one": 1}, keep=["c."])
    assert ret["changes"] == {"b.two": {"old": "2", "new": None}}
    assert config(states, where, properties={"a.one": 1}, keep=["c."])["changes"] == {}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"properties": {"omero.x": None}}, "omero.x: a string"),
        ({"properties": {}, "secrets": {"omero.db.pass": "secrets:not:there"}}, "secrets:not:there"),
        ({"properties": {"omero.x": 1}, "secrets": {"omero.x": "secrets:omero:root"}}, "not by both"),
    ],
)
def test_config_names_what_is_wrong_and_changes_nothing(states, where, installation, arguments, expected):
    for test in (True, False):
        ret = config(states, where, test=test, **arguments)
        assert ret["result"] is False
        assert expected in ret["comment"]
    assert installation.calls == []


def test_config_does_not_repeat_a_refused_line(states, where):
    ret = config(states, where, properties={}, secrets={"refuse.password": "secrets:omero:root"})
    assert ret["result"] is False
    assert "exit code 1" in ret["comment"]
    assert ROOT not in str(ret)


def test_config_of_a_broken_file(states, where, installation):
    path = installation.omerodir / "etc/grid/config.xml"
    path.write_text("<icegrid>")
    ret = config(states, where, properties=PROPERTIES)
    assert ret["result"] is False
    assert str(path) in ret["comment"]
    assert path.read_text() == "<icegrid>"


def test_schema_is_predicted_created_and_then_left_alone(states, where, installation):
    predicted = states(True)["omero.schema"]("schema", **where)
    assert (predicted["result"], predicted["changes"]) == (None, {"old": None, "new": "OMERO5.4__0"})
    ret = states()["omero.schema"]("schema", **where)
    assert (ret["result"], ret["changes"]) == (True, predicted["changes"]), ret["comment"]
    for test in (True, False):
        again = states(test)["omero.schema"]("schema", **where)
        assert (again["result"], again["changes"]) == (True, {})


def test_schema_gets_the_digest_of_the_root_password_and_nothing_shows_it(states, where, installation):
    states()["omero.schema"]("schema", **where)
    applied = next(call for call in installation.calls if call["argv"][-1].endswith("schema.sql"))
    mode, sql = applied["files"][applied["argv"][-1]]
    assert mode == "0o600"
    assert omero_password.digest(ROOT, 0) in sql
    passfile = applied["files"][applied["env"]["PGPASSFILE"]]
    assert passfile == ["0o600", "idr-test-database:5432:omero:omero:database\\:secret\\\\\n"]
    for call in installation.calls:
        shown = json.dumps([call["argv"], call["env"]])
        assert ROOT not in shown
        assert "database:secret" not in shown
        assert not pathlib.Path(call["env"].get("PGPASSFILE", "/gone")).exists(), "left behind"


@pytest.mark.parametrize("test", [True, False])
def test_schema_of_another_version_is_refused(states, where, installation, test):
    installation.database(dbpatch="1|OMERO5.5")
    ret = states(test)["omero.schema"]("schema", **where)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert "OMERO5.5__1" in ret["comment"]
    assert "OMERO5.4__0" in ret["comment"]


def test_schema_waits_for_the_database(states, where, installation):
    installation.database(refuses=1)
    ret = states()["omero.schema"]("schema", timeout=10, **where)
    assert ret["result"] is True, ret["comment"]


def test_schema_gives_up_in_time_and_says_why(states, where, installation):
    installation.database(refuses=99)
    assert states(True)["omero.schema"]("schema", **where)["result"] is None
    ret = states()["omero.schema"]("schema", timeout=1, **where)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert "connection refused" in ret["comment"]


def test_schema_present(states, where, installation):
    assert states(True)["omero.schema_present"]("schema", **where)["result"] is None
    ret = states()["omero.schema_present"]("schema", timeout=0, **where)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert "schema is none" in ret["comment"]
    installation.database(refuses=1, dbpatch="0|OMERO5.4")
    ret = states()["omero.schema_present"]("schema", timeout=10, **where)
    assert (ret["result"], ret["changes"]) == (True, {})
