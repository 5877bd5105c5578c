"""Whatever is killed or interrupted, `make up` repairs it; a second one at the same time is refused."""

import os
import signal
import subprocess

from testbed.paths import CHECKOUT


def pid(name):
    with open(f"/run/idr-local/{name}.pid") as lines:
        return int(lines.read().split()[0])


def test_up_repairs_what_was_killed(local):
    os.kill(local.leader("idr-local-omeroreadonly-2"), signal.SIGKILL)
    for name in ("master", "relay-8080", "apt-cache"):
        os.kill(pid(name), signal.SIGKILL)
    done = local.make("up", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 states changed something" in done.stdout
    assert local.get("/")[0] == 200
    assert local.host("idr-local-proxy").run("apt-get update --error-on=any").succeeded
    assert set(local.salt("*", "test.ping").values()) == {True}


def test_up_repairs_a_lost_namespace(local):
    """The process that keeps the mounts is gone, the hosts still stand on them."""
    os.kill(pid("holder"), signal.SIGKILL)
    done = local.make("up", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert local.get("/")[0] == 200
    loops = subprocess.run(["losetup", "-n", "-O", "BACK-FILE"], capture_output=True, text=True, check=True).stdout
    assert loops.count("pool.img") == 1


def test_a_second_make_up_at_the_same_time_is_refused(local):
    first = subprocess.Popen(["make", "up"], cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        # make's own first line may come before ours, and the lock before our first line only.
        assert any(line.startswith("[") for line in first.stdout)
        second = local.make("up", timeout=60)
        assert second.returncode != 0
        assert "at work on this machine" in second.stderr
    finally:
        first.communicate(timeout=600)
    assert first.returncode == 0
