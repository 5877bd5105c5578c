"""What the real `omero` command's exit codes become."""

import os
import socket
import time

import pytest
from salt.exceptions import CommandExecutionError

ROOT, PUBLIC = "root's own secret", "a public secret"


@pytest.fixture
def failing(omero):
    """Function that calls a function of the module and returns the error's class and text."""

    def call(*arguments, **names):
        with pytest.raises(CommandExecutionError) as caught:
            omero(*arguments, **names)
        return type(caught.value).__name__, str(caught.value)

    return call


@pytest.fixture
def closed():
    """A port of loopback at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize("name", ["fixpyramids", "removepyramids", "cleanse"])
def test_a_server_that_is_down(failing, closed, omero, installation, name):
    omero("config_load", {"omero.data.dir": str(installation.omerodir)})
    kind, text = failing(name, port=closed)
    assert kind == "ConnectionRefused"
    assert text.startswith("Nothing answers at the server's port: omero login")
    assert ROOT not in text


def test_asking_a_server_that_is_down(failing, closed):
    for name, arguments in (("look", ()), ("read_only", ()), ("sessions", ()), ("hql", ("select 1",))):
        kind, text = failing(name, *arguments, port=closed)
        assert kind == "CommandExecutionError"
        assert "ConnectionRefused" in text
        assert ROOT not in text
        assert PUBLIC not in text


def test_a_server_that_never_answers_meets_a_limit(failing):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        _, text = failing("hql", "select 1", port=silent.getsockname()[1], timeout=2)
    assert time.monotonic() - begun < 15
    assert "Timed out after 2 seconds" in text
    assert ROOT not in text


def test_waiting_for_a_server_that_is_down(failing):
    kind, text = failing("waitup", timeout=0, unit="idr-test-nothing")
    assert kind == "StartTimedOut"
    assert text.startswith("The server did not come up in time: after 0 s the service idr-test-nothing is ")


def test_a_service_that_is_not_there(failing):
    kind, text = failing("start", unit="idr-test-nothing", timeout=20)
    assert kind == "ServiceFailed"
    assert "idr-test-nothing" in text


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("cleanse", {"subdirectory": "/etc"}, "subdirectory: one of Pixels, Files"),
        ("removepyramids", {"endian": "x"}, "endian: one of both, little, big"),
        ("reindex", {"action": "x"}, "action: one of class, dryrun"),
        ("reindex", {"action": "reset"}, "reset: a value was expected"),
        ("reindex", {"action": "full", "value": 1}, "full: no value was expected"),
        ("email", {"subject": "S", "text": "T"}, "users or groups were expected"),
        ("email", {"subject": "S", "text": "T", "everyone": True, "users": ["x"]}, "users or groups were expected"),
        ("email", {"subject": "-S", "text": "T", "everyone": True}, "one line was expected"),
        ("look", {"password": "secrets:not:there"}, "pillar secrets:not:there: a password was expected"),
    ],
)
def test_wrong_arguments_are_named_at_once(failing, name, arguments, expected):
    assert expected in failing(name, **arguments)[1]


@pytest.mark.parametrize("key", ["omero.cluster.read_only", "omero.cluster.read_only.repo"])
def test_a_read_only_repository_is_not_changed(failing, omero, key):
    omero("config_load", {key: True})
    for name, arguments in {
        "cleanse": {"dry_run": False},
        "fixpyramids": {"dry_run": False},
        "removepyramids": {"dry_run": False},
        "reindex": {"action": "wipe"},
    }.items():
        assert failing(name, **arguments)[0] == "ReadOnly"


def test_reindexing_without_a_data_folder(failing, omero):
    omero("config_load", {"omero.data.dir": "/not/there"})
    kind, text = failing("reindex", "full")
    assert kind == "NoDataFolder"
    assert "/not/there" in text


def test_a_configuration_that_cannot_be_read(failing, installation):
    path = installation.omerodir / "etc/grid/config.xml"
    path.write_text("<icegrid>")
    assert f"{path}: config.xml is not well-formed" in failing("config_list")[1]
    assert f"{path}: config.xml is not well-formed" in failing("config_set", "a", 1)[1]
    assert path.read_text() == "<icegrid>"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to own what the user may not write")
def test_a_configuration_that_may_not_be_written(failing, omero, installation):
    omero("config_load", {"a": 1})
    path = installation.omerodir / "etc/grid/config.xml"
    os.chown(path, 0, 0)
    path.chmod(0o644)
    assert failing("config_set", "a", 2)[0] == "ConfigReadOnly"
    assert omero("config_list") == {"a": 1}
