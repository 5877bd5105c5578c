"""The functions omero.config_* with the real `omero` command on a real config.xml."""

import json
import subprocess
import time

import pytest
from salt.exceptions import CommandExecutionError

MASK = "********"
SECRET = 'it\'s $HOME "q" \\ é'
ODD = [
    'it\'s "quoted" `x` $HOME ${x} $(id) \\ \\\\ # no comment',
    " leading and trailing ",
    "-v",
    "--help",
    "ümläut 日本 🧬 \u2028 \x85 \x7f",
    "a=b=c",
    "<a href='x'>&amp;]]>",
    '{"a": [1, "b\\nc"]}',
    "%user%_%userId%/%thread%//%year%-%month%",
    "",
    "x" * 100_000,
]


@pytest.fixture
def real(installation):
    """Function ``(*words)`` that returns how subprocess starts the real command as the installation's user."""

    def call(*words):
        become = ["setpriv", f"--reuid={installation.user}", f"--regid={installation.user}", "--clear-groups"]
        env = {"OMERODIR": str(installation.omerodir), "HOME": str(installation.omerodir), "PATH": "/usr/bin:/bin"}
        return {"args": [*become, installation.venv / "bin/omero", *words], "env": env}

    return call


@pytest.fixture
def stored(real):
    """Function that returns what is stored, as the real command says."""

    def get():
        done = subprocess.run(**real("config", "get", "--show-password"), capture_output=True, check=True, timeout=60)
        return dict(line.split("=", 1) for line in done.stdout.decode().removesuffix("\n").split("\n"))

    return get


def test_odd_values_come_back(omero, stored):
    wanted = {f"omero.web.odd{n}": value for n, value in enumerate(ODD)}
    assert len(omero("config_load", wanted)) == len(ODD)
    assert stored() == wanted
    assert omero("config_load", wanted) == {}


@pytest.mark.parametrize("value", ["two\nlines", "tab\t", "\x00", "\ud800", "\uffff", None, b"bytes"])
def test_what_cannot_be_stored_is_refused_by_name(omero, installation, value):
    with pytest.raises(CommandExecutionError, match=r"omero\.web\.odd"):
        omero("config_load", {"omero.web.odd": value})
    assert not (installation.omerodir / "etc/grid/config.xml").exists()


def test_typed_values(omero):
    wanted = {"a.int": 25, "a.yes": True, "a.no": False, "a.list": [1, "two"], "a.map": {"k": [None]}, "a.half": 0.5}
    texts = {
        "b.zeros": "007",
        "b.long": "1234567890123456789012",
        "b.none": "null",
        "b.brace": "{not json",
        "b.v": "5.10",
    }
    omero("config_load", {**wanted, **texts})
    assert omero("config_list") == {**wanted, **texts}
    assert omero("config_get", "a.list") == [1, "two"]
    assert omero("config_get", "a.list", typed=False) == '[1,"two"]'
    assert omero("config_get", "a.not", default="x") == "x"


def test_set_and_remove_leave_the_others_alone(omero, stored):
    omero("config_load", {"a": 1, "b": 2})
    assert omero("config_set", "b", 3, test=True) == {"b": {"old": "2", "new": "3"}}
    assert stored()["b"] == "2"
    assert omero("config_set", "b", 3) == {"b": {"old": "2", "new": "3"}}
    assert omero("config_set", "b", 3) == {}
    assert omero("config_remove", "a", test=True) == {"a": {"old": "1", "new": None}}
    assert omero("config_remove", "a") == {"a": {"old": "1", "new": None}}
    assert omero("config_remove", "a") == {}
    assert stored() == {"b": "3"}


def test_secrets_are_stored_and_masked(omero, stored):
    assert omero("config_set", "omero.db.pass", secret="secrets:odd") == {"omero.db.pass": {"old": None, "new": MASK}}
    omero("config_set", "omero.web.caches", {"default": {"LOCATION": "redis://me:hidden@host:6379/0"}})
    assert stored()["omero.db.pass"] == SECRET
    shown = omero("config_list")
    assert shown["omero.db.pass"] == MASK
    assert shown["omero.web.caches"] == {"default": {"LOCATION": f"redis://me:{MASK}@host:6379/0"}}
    assert omero("config_get", "omero.db.pass") == MASK
    assert omero("config_get", "omero.db.pass", show_password=True) == SECRET
    assert omero("config_remove", "omero.db.pass") == {"omero.db.pass": {"old": MASK, "new": None}}


@pytest.mark.parametrize("given", [{}, {"value": 1, "secret": "secrets:odd"}])
def test_set_needs_one_of_value_and_secret(omero, given):
    with pytest.raises(CommandExecutionError, match="one of the two"):
        omero("config_set", "a", **given)


def test_members_of_lists(omero):
    odd = {"label": "it's $x"}
    assert omero("config_append", "a.list", odd)["a.list"] == {"old": None, "new": json.dumps([odd])}
    assert omero("config_append", "a.list", odd) == {}
    omero("config_append", "a.list", "two")
    assert omero("config_get", "a.list") == [odd, "two"]
    omero("config_remove", "a.list", odd)
    assert omero("config_get", "a.list") == ["two"]


@pytest.mark.parametrize(
    ("properties", "arguments"),
    [
        ({"a": "text"}, ("config_append", "a", 1)),
        ({"a": {"no": "list"}}, ("config_append", "a", 1)),
        ({"a": [1]}, ("config_remove", "a", 2)),
        # omero ends with 512 here, of which the system leaves 0
        ({"b": 1}, ("config_remove", "a", 2)),
    ],
)
def test_what_is_no_list_or_not_in_it_is_an_error(omero, properties, arguments):
    omero("config_load", properties)
    with pytest.raises(
        CommandExecutionError, match="not a name or a value of a property|that is set was expected"
    ) as no:
        omero(*arguments)
    assert type(no.value).__name__ in ("BadProperty", "CommandExecutionError")
    assert omero("config_list") == properties


@pytest.fixture
def locked(omero, installation, real):
    """config.xml with another `omero config` that holds its lock, until it is ended."""
    omero("config_load", {"a": 1})
    holder = subprocess.Popen(**real("config", "lock"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    lock = installation.omerodir / "etc/grid/config.xml.lock"
    for _ in range(100):
        if lock.exists():
            break
        time.sleep(0.1)
    yield holder
    holder.kill()
    holder.wait()


def test_a_held_lock_is_an_error_at_the_limit(omero, locked):
    begun = time.monotonic()
    with pytest.raises(CommandExecutionError, match="^The configuration is locked by another process"):
        omero("config_set", "a", 2, lock_timeout=1)
    assert time.monotonic() - begun < 20
    assert omero("config_list") == {"a": 1}


def test_a_lock_that_is_released_is_waited_for(omero, locked):
    subprocess.Popen(["sh", "-c", f"sleep 2; kill {locked.pid}"])
    assert omero("config_set", "a", 2, lock_timeout=30)
    assert omero("config_list") == {"a": 2}


def test_the_releases_defaults(omero):
    defaults = omero("config_parse")
    assert defaults["omero.ports.ssl"] == 4064
    assert defaults["omero.cluster.read_only"] is False
    assert omero("config_parse", typed=False)["omero.ports.ssl"] == "4064"
