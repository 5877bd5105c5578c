"""
A larger volume in the map: one command, and the host has more room, without a pause.

The volume stays larger than the map says afterwards. That is the management host's, which no test makes again.
"""

import json
import pathlib

import pytest

from testbed.paths import CHECKOUT

ENVIRONMENT, HOST, PATH = "idr-local", "idr-local-management", "/data"
GIB = 1024**3


@pytest.fixture
def runner(local):
    """Function that returns what a function of the master's runners returns."""

    def runner(*arguments):
        done = local.run("salt-run", "--out=json", *arguments, timeout=300)
        assert "{" in done.stdout, done.stdout + done.stderr
        return json.loads(done.stdout[done.stdout.index("{") :])

    return runner


@pytest.fixture
def volume(local):
    """Function that returns what the cloud says of the volume."""

    def volume():
        done = local.run("salt-cloud", "-f", "show_volume", "local", f"name={HOST}-data", "--out=json")
        return json.loads(done.stdout)["local"]["nspawn"]

    return volume


@pytest.fixture
def map_of(tmp_path):
    """Function that gives the host's volume a size in the map; the map is as it was afterwards."""
    path = pathlib.Path(CHECKOUT, f"{ENVIRONMENT}.map")
    before = path.read_text()

    def map_of(size):
        entry = f"  - {HOST}: {{volumes: [{{name: data, size: {size}}}]}}"
        path.write_text(before.replace(f"  - {HOST}", entry))

    yield map_of
    path.write_text(before)


def test_file_system_grows_while_it_is_written_to(local, runner, volume, map_of):
    host, old = local.host(HOST), volume()["size"]
    began = host.run("stat -c %i /data/logs/journal").stdout
    map_of(old - 1)
    (error,) = runner("volume.grow", ENVIRONMENT)["errors"]
    assert f"{ENVIRONMENT}.map: {HOST}: volume data: expected size {old} (GB) or more, found {old - 1}" in error

    map_of(old + 1)
    expected = {f"{HOST}-data": {"host": HOST, "volume": "data", "from": old, "to": old + 1}}
    assert runner("volume.grow", ENVIRONMENT, "test=True") == {"extended": expected, "grown": {}}
    assert volume()["size"] == old
    told = runner("volume.grow", ENVIRONMENT)
    assert told["extended"] == expected
    assert told["grown"][HOST][PATH] > GIB * 0.9
    assert volume()["size"] == old + 1
    assert int(host.run("findmnt -bno SIZE /data").stdout) > old * GIB
    assert host.run("stat -c %i /data/logs/journal").stdout == began
    assert runner("volume.grow", ENVIRONMENT) == {"extended": {}, "grown": {}}


def test_a_device_that_is_larger_is_grown_into_by_the_states(local, volume):
    size = volume()["size"] + 1
    done = local.run("salt-cloud", "-f", "extend_volume", "local", f"name={HOST}-data", f"size={size}", "-y")
    assert done.returncode == 0, done.stdout + done.stderr
    (predicted,) = local.salt(HOST, "state.single", "volume.grown", f"name={PATH}", "test=True")[HOST].values()
    assert (predicted["result"], "Would grow" in predicted["comment"]) == (None, True)
    (grown,) = local.salt(HOST, "state.single", "volume.grown", f"name={PATH}")[HOST].values()
    assert (grown["result"], bool(grown["changes"])) == (True, True)
