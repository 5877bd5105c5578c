"""Read-only servers come, die, return, reboot and go by themselves, under the eyes of visitors of all of them."""

import json
import os
import re
import signal
import subprocess
import time

import pytest
import visiting

from testbed.paths import CHECKOUT

ENVIRONMENT = "idr-local"
FIRST, SECOND, THIRD = (f"{ENVIRONMENT}-omeroreadonly-{number}" for number in (1, 2, 3))
# Visitors of so many addresses come to all servers, as who comes to which is decided by the address.
VISITORS = [f"10.99.0.{number}" for number in range(201, 209)]


def joins(local):
    return visiting.run(local, "idr.joins", ENVIRONMENT)


def await_state(local, host, *states, within=900):
    """The record of a server when it has come to one of these states."""
    deadline = time.monotonic() + within
    while True:
        record = joins(local).get(host, {"state": "unknown"})
        if record["state"] in states:
            return record
        assert time.monotonic() < deadline, record
        time.sleep(2)


def ports(local):
    """Ports of the servers that clients of raw OMERO are told."""
    arguments = json.loads(local.run("curl", "-s", f"http://{visiting.PROXY}/connection/omero-client.json").stdout)
    return sorted(map(int, re.findall(r"-p (\d+)", arguments[0])))


def reloads(proxy):
    return proxy.run("journalctl -u haproxy | grep -c 'Reloaded haproxy'").stdout.strip()


def who_knows(local, host):
    """Hosts whose hosts file names a host."""
    answer = local.salt(f"{ENVIRONMENT}-*", "file.search", "/etc/hosts", f"{host}$", "multiline=True")
    return {name for name, found in answer.items() if found is True}


def everybody(local):
    return set(local.salt(f"{ENVIRONMENT}-*", "test.ping"))


@pytest.fixture(scope="module", autouse=True)
def visitors_have_addresses(local):
    for address in VISITORS:
        assert local.run("ip", "address", "add", f"{address}/24", "dev", "br0").returncode == 0
    yield
    for address in VISITORS:
        local.run("ip", "address", "delete", f"{address}/24", "dev", "br0")


@pytest.fixture(scope="module", autouse=True)
def as_before(local):
    """Two servers that serve, whatever a test left."""
    yield
    if THIRD in visiting.run(local, "manage.up") or THIRD in joins(local):
        visiting.run(local, "idr.leave", THIRD, "destroy=True")
    visiting.run(local, "idr.reconcile", ENVIRONMENT)


@pytest.fixture(scope="module")
def third(local):
    """One server more, made while visitors read."""
    proxy = local.host(visiting.PROXY)
    before = reloads(proxy)
    with visiting.reading(local, *VISITORS) as visits:
        done = local.run("salt-cloud", "-p", "idr-omeroreadonly", THIRD, "-y")
        assert done.returncode == 0, done.stdout + done.stderr
        record = await_state(local, THIRD, "serving", "failed")
        visiting.wait(lambda: visiting.visits(proxy).get(THIRD, 0) > 0, 60)
    assert visits["failed"] == []
    return {"record": record, "reloads": int(reloads(proxy)) - int(before), "visits": visits}


def test_one_more_server_joins_by_itself(local, third):
    assert third["record"]["state"] == "serving", third
    assert sorted(third["record"]["seconds"]) == ["applied", "ready", "serving", "states"]
    assert third["reloads"] == 1
    assert ports(local) == [14061, 14062, 14063]
    assert who_knows(local, THIRD) == everybody(local)
    assert local.salt(FIRST, "mine.get", THIRD, "serving")[FIRST] == {THIRD: True}
    servers = local.salt(visiting.PROXY, "frontend.servers")[visiting.PROXY]
    assert {servers[name]["status"] for name in (FIRST, SECOND, THIRD)} == {"up"}


def test_everything_is_as_it_should_be(local, third):
    applied = local.salt(f"{ENVIRONMENT}-*", "state.apply", "test=True")
    changed = {host: [one["__id__"] for one in states.values() if one["changes"]] for host, states in applied.items()}
    assert not any(changed.values()), changed
    rows = visiting.run(local, "idr.reconcile", ENVIRONMENT)
    assert {row["found"] for host, row in rows.items() if host != THIRD} == {"all is well"}
    assert rows[THIRD]["found"] == "it is in no map"


def test_web_and_raw_omero_are_split_by_one_value_without_dropping_anybody(local, third):
    proxy = local.host(visiting.PROXY)
    # a connection of raw OMERO that stays open meanwhile
    talk = (
        "import socket,ssl,sys; c=ssl.create_default_context(); c.check_hostname=False; c.verify_mode=ssl.CERT_NONE;"
        f" s=c.wrap_socket(socket.create_connection(('{visiting.PROXY}',4064))); print(s.recv(4).decode(), flush=True);"
        " sys.stdin.read(); s.sendall(b'IceP\\1\\0\\1\\0\\3\\0\\x0e\\0\\0\\0'); print('open', flush=True)"
    )
    with subprocess.Popen(
        [CHECKOUT / "bin/local", "python3", "-c", talk], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout.readline() == "IceP\n"
        with visiting.reading(local, *VISITORS) as visits:
            visiting.apply(local, {"haproxy": {"api_servers": 1}}, "proxy.haproxy")
            time.sleep(5)
            backends = {name: sorted(visiting.servers(proxy, name)) for name in ("omeroweb", "omero", "websocket")}
            told = ports(local)
            visiting.apply(local, None, "proxy.haproxy")
        assert client.communicate(timeout=30)[0] == "open\n"
    assert backends == {"omeroweb": [FIRST, SECOND], "omero": [THIRD], "websocket": [THIRD]}
    assert told == [14063]
    assert visits["failed"] == []
    assert sorted(visiting.servers(proxy, "omero")) == [FIRST, SECOND, THIRD]


def test_a_power_cut_fails_no_more_than_what_was_under_way(local, third):
    proxy = local.host(visiting.PROXY)
    with visiting.reading(local, *VISITORS) as visits:
        time.sleep(5)
        os.kill(local.leader(THIRD), signal.SIGKILL)
        visiting.wait(lambda: visiting.servers(proxy, "omeroweb")[THIRD].startswith("DOWN"), 60)
        rows = visiting.run(local, "idr.reconcile", ENVIRONMENT)
        assert THIRD in rows, rows
        assert "neither its minion nor its OMERO.web answers (done)" in rows[THIRD]["found"]
        assert THIRD not in visiting.servers(proxy, "omeroweb")
    # each visitor asks for one thing at a time
    assert len(visits["failed"]) <= len(VISITORS), visits["failed"]
    assert ports(local) == [14061, 14062]


def test_it_returns_when_it_has_power_again(local, third):
    with visiting.reading(local, *VISITORS) as visits:
        done = local.run("salt-cloud", "-a", "start", THIRD, "-y")
        assert done.returncode == 0, done.stdout + done.stderr
        await_state(local, THIRD, "serving")
        visiting.wait(lambda: THIRD in visiting.servers(local.host(visiting.PROXY), "omeroweb"), 60)
    assert visits["failed"] == []
    assert ports(local) == [14061, 14062, 14063]


def test_a_rolling_reboot_is_not_noticed(local, third):
    before = local.salt(THIRD, "file.read", "/proc/sys/kernel/random/boot_id")[THIRD]
    with visiting.reading(local, *VISITORS) as visits:
        told = visiting.run(local, "rolling.reboot", THIRD)
    assert told.get("done") == "system.reboot", told
    assert local.salt(THIRD, "file.read", "/proc/sys/kernel/random/boot_id")[THIRD] != before
    assert visits["failed"] == []
    assert visiting.run(local, "rolling.reboot", THIRD, "required=True") == {"server": THIRD, "done": None}


def test_the_number_of_servers_is_made_smaller(local, third):
    told = visiting.run(local, "idr.scale", ENVIRONMENT, "omeroreadonly=2", "test=True")
    assert told["plan"] == {"join": [], "leave": [THIRD]}
    with visiting.reading(local, *VISITORS) as visits:
        told = visiting.run(local, "idr.scale", ENVIRONMENT, "omeroreadonly=2")
    assert (told["left"], told.get("errors")) == ([THIRD], None)
    assert visits["failed"] == []
    assert ports(local) == [14061, 14062]
    assert who_knows(local, THIRD) == set()
    assert THIRD not in json.loads(local.run("salt-key", "--list=accepted", "--out=json").stdout)["minions"]
    assert THIRD not in local.run("salt-cloud", "-m", "idr-local.map", "-Q").stdout
    assert joins(local)[THIRD]["state"] == "left"


def test_the_last_server_never_leaves(local):
    local.salt(visiting.PROXY, "frontend.drain", SECOND, "timeout=1")
    try:
        refused = visiting.run(local, "idr.leave", FIRST, "timeout=1")
        assert "expected another server to be up" in refused["errors"][0]
        assert visiting.servers(local.host(visiting.PROXY), "omeroweb")[FIRST] == "UP"
    finally:
        local.salt(visiting.PROXY, "frontend.ready", SECOND)
    assert joins(local)[FIRST]["state"] == "serving"
