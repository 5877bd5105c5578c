"""A read-only server that loses its power at each step of its join; then it gets it back, or never does."""

import json
import os
import signal
import time

import pytest
import visiting
from test_read_only_servers import ENVIRONMENT, FIRST, SECOND, await_state, joins, ports

from testbed.paths import STATE

HOST = f"{ENVIRONMENT}-omeroreadonly-7"
LEDGER = STATE / f"root/var/lib/idr-salt/joins/{ENVIRONMENT}.json"


def record():
    """What the ledger says this moment; a runner would take longer than some steps do."""
    return json.loads(LEDGER.read_text()).get(HOST, {"state": "unknown"})


def wait_for(*states, within=900):
    deadline = time.monotonic() + within
    while record()["state"] not in states:
        assert time.monotonic() < deadline, record()
        time.sleep(0.05)


@pytest.fixture
def host(local):
    """A host that has just been made."""
    done = local.run("salt-cloud", "-p", "idr-omeroreadonly", HOST, "-y")
    assert done.returncode == 0, done.stdout + done.stderr
    yield local.leader(HOST)
    visiting.run(local, "idr.leave", HOST, "destroy=True")
    assert HOST not in visiting.servers(local.host(visiting.PROXY), "omeroweb")


@pytest.mark.parametrize(
    ("state", "later"),
    [("joining", 0), ("joining", 20), ("joining", 60), ("applied", 0), ("ready", 0)],
    ids=["before its states", "early in its states", "late in its states", "applied", "ready"],
)
def test_who_dies_harms_nobody_and_joins_when_it_is_back(local, host, state, later):
    with visiting.reading(local) as visits:
        wait_for(state, "ready", "serving")
        time.sleep(later)
        os.kill(host, signal.SIGKILL)
        # One that was about to serve may be seen for a moment, and then its check takes it out.
        visiting.run(local, "idr.reconcile", ENVIRONMENT)
        deadline = time.monotonic() + 600
        while HOST in visiting.servers(local.host(visiting.PROXY), "omeroweb"):
            assert time.monotonic() < deadline
            visiting.run(local, "idr.reconcile", ENVIRONMENT)
        assert ports(local) == [14061, 14062]
        assert [joins(local)[one]["state"] for one in (FIRST, SECOND)] == ["serving", "serving"]
        done = local.run("salt-cloud", "-a", "start", HOST, "-y")
        assert done.returncode == 0, done.stdout + done.stderr
        await_state(local, HOST, "serving")
    assert visits["failed"] == []
    assert ports(local) == [14061, 14062, 14067]


def test_who_never_comes_back_is_given_up_and_says_why(local, host):
    wait_for("joining")
    time.sleep(10)
    os.kill(host, signal.SIGKILL)
    told = await_state(local, HOST, "failed")
    assert "answer" in told["error"]
    assert ports(local) == [14061, 14062]
