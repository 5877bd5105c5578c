"""Sets of snapshots of the running site: of one instant under load, refused and broken ones, and what proves one."""

import os
import re
import signal
import subprocess

import pytest
import snapshotting
import visiting
from snapshotting import DATABASE, ENVIRONMENT, HOSTS, POOL, PROXY, WRITER

from testbed import master, more_volumes, processes, site


@pytest.fixture(scope="module")
def taken(local):
    """``(set, how many numbers were written before and after, the writer, what visitors were answered)``."""
    with snapshotting.Writer(local) as writer, visiting.reading(local) as read:
        before = writer.count
        made = snapshotting.run(local, "snapshot.create", ENVIRONMENT)
        after = writer.count
        snapshotting.wait(lambda: writer.count > after + 3, 30)
    yield made, (before, after), writer, read
    snapshotting.run(local, "snapshot.prune", ENVIRONMENT, "keep=1", "daily=0", "weekly=0", "monthly=0")


@pytest.fixture(scope="module")
def roots(local):
    """``{host: its files as seen from here}``"""
    return {host: snapshotting.root(local, host) for host in HOSTS}


def all_write(roots):
    return all(snapshotting.writes(roots[host], path) for host, path in HOSTS.items())


def all_frozen(roots):
    return all(snapshotting.frozen(root) for root in roots.values())


def listed(local):
    return snapshotting.run(local, "snapshot.list", ENVIRONMENT)


def test_a_set_under_load_is_complete_and_short(local, taken):
    made, _, writer, read = taken
    assert made["complete"] is True, made
    assert set(made["volumes"]) == {f"{DATABASE}-db", f"{WRITER}-data", f"{PROXY}-nginxcache"}
    assert 0 < made["freeze_seconds"] < 3
    assert writer.slowest < 4
    assert read["failed"] == []
    seen = local.salt(DATABASE, "snapshot.seen", made["id"])[DATABASE]
    assert (seen["by"], seen["whole"]) == ("master", True)


def test_its_clones_are_of_one_instant(local, taken):
    made, (before, after), _, _ = taken
    rows, first, last, files = snapshotting.counted(local, snapshotting.run(local, "snapshot.show", made["id"]))
    assert (first, rows) == (1, last)
    assert before <= last <= after
    # the file is written first
    assert files in (last, last + 1)


def test_all_of_it_is_known(local, taken):
    made = taken[0]
    shown = snapshotting.run(local, "snapshot.show", made["id"])
    assert shown["postgresql"]["version"].startswith("15")
    assert shown["omero"]["schema"].startswith("OMERO5")
    assert shown["postgresql"]["tables"]["omero"][0] > 20
    row = listed(local)[made["id"]]
    assert (row["complete"], row["volumes"], row["used by"]) == (True, 3, [])


def test_a_good_set_is_proved_good(local, taken):
    told = snapshotting.run(local, "snapshot.verify", taken[0]["id"], timeout=600)
    assert told.get("good") is True, told
    assert told["files"] > 250
    assert told["tables"]["omero"] > 20
    assert no_scratch(local)


def no_scratch(local):
    volumes = snapshotting.answer(local.run("salt-cloud", "-f", "list_volumes", "local", "--out=json"))
    return not any("scratch" in name for name in volumes["local"]["nspawn"])


# Its superblock is gone: amcheck and lost files are shown by tests/functional/test_snapshot_prove.py.
DAMAGE = 'dd if=/dev/zero of="$1" bs=4096 count=1 conv=notrunc status=none'


def test_a_broken_set_is_found_broken(local, taken):
    shown = snapshotting.run(local, "snapshot.show", taken[0]["id"])
    broken = shown["volumes"][f"{DATABASE}-db"]["snapshot_id"]
    assert local.run("sh", "-c", DAMAGE, "sh", f"{POOL}/snapshots/{broken}/data").returncode == 0
    told = snapshotting.run(local, "snapshot.verify", taken[0]["id"], timeout=600)
    assert told["good"] is False
    assert told["errors"][0].startswith(f"{DATABASE}-db: cannot be mounted"), told
    assert no_scratch(local)


@pytest.fixture
def five(local):
    """Names of all volumes of a set: two read-only servers have one more each."""
    with more_volumes.beside(ENVIRONMENT, "omeroreadonly", [1, 2]) as more:
        yield sorted([f"{DATABASE}-db", f"{WRITER}-data", f"{PROXY}-nginxcache", *more])


def none_is_left(local, told):
    return local.run("sh", "-c", f"grep -l {told['id']} {POOL}/snapshots/*/snapshot.json").stdout == ""


def test_refused_snapshots_leave_none(local, roots, five):
    pool = f"cd {POOL}"
    find = f'{pool} && dirname $(grep -l \'"name": "{five[2]}"\' volumes/*/volume.json)'
    folder = local.run("sh", "-c", find).stdout.strip()
    assert local.run("sh", "-c", f"{pool}/{folder} && mv data elsewhere").returncode == 0
    try:
        told = snapshotting.run(local, "snapshot.create", ENVIRONMENT)
    finally:
        local.run("sh", "-c", f"{pool}/{folder} && mv elsewhere data")
    assert (told["complete"], told["volumes"]) == (False, {})
    assert five[2] in told["errors"][0]
    assert none_is_left(local, told)
    assert all_write(roots)
    # all but half of a GB
    fill = f'{pool} && fallocate -l $(($(stat -f -c "%f * %S" .) - 500000000)) filler'
    assert local.run("sh", "-c", fill).returncode == 0
    try:
        told = snapshotting.run(local, "snapshot.create", ENVIRONMENT)
    finally:
        local.run("rm", f"{POOL}/filler")
    assert (told["complete"], told["volumes"]) == (False, {})
    assert "no space" in told["errors"][0]
    assert none_is_left(local, told)
    assert all_write(roots)
    told = snapshotting.run(local, "snapshot.create", ENVIRONMENT)
    assert (told["complete"], sorted(told["volumes"])) == (True, five)
    local.run("salt-run", "snapshot.prune", ENVIRONMENT, "keep=1", "daily=0", "weekly=0", "monthly=0")


def test_a_master_that_is_killed_leaves_nobody_frozen(local, roots):
    with snapshotting.waiting(local), snapshotting.begun(local, "snapshot.create", ENVIRONMENT, "limit=6") as process:
        snapshotting.wait(lambda: all_frozen(roots), 60)
        os.killpg(processes.pid_of("master"), signal.SIGKILL)
        os.killpg(process.pid, signal.SIGKILL)
        assert not snapshotting.writes(roots[DATABASE], HOSTS[DATABASE])
        snapshotting.wait(lambda: all_write(roots), 9)
    master.start()
    sets = listed(local)
    assert sets[max(sets)]["complete"] is False


def test_two_at_once_and_a_host_that_dies(local, roots):
    with (
        snapshotting.waiting(local) as release,
        snapshotting.begun(local, "snapshot.create", ENVIRONMENT, "limit=8") as process,
    ):
        snapshotting.wait(lambda: all_frozen(roots), 60)
        os.kill(local.leader(PROXY), signal.SIGKILL)
        second = snapshotting.run(local, "snapshot.create", ENVIRONMENT)
        assert "is taken" in second["errors"][0], second
        # those that live thaw by themselves, in time as they say below; a write on a busy machine takes its time
        snapshotting.wait(lambda: all(snapshotting.writes(roots[one], HOSTS[one]) for one in (DATABASE, WRITER)), 60)
        release()
        out, _ = process.communicate(timeout=120)
    told = snapshotting.answer(subprocess.CompletedProcess([], 0, out, ""))
    assert told["complete"] is False
    for expected in (f"{DATABASE}: thawed by timer", PROXY):
        assert any(expected in error for error in told["errors"]), told
    thawed = [re.search(r"thawed by timer after ([0-9.]+) s", error) for error in told["errors"]]
    assert [float(found[1]) < 10 for found in thawed if found] == [True, True], told
    snapshot = next(iter(told["volumes"].values()))["snapshot"]
    refused = local.run("salt-cloud", "-f", "create_volume", "local", "name=never", f"snapshot={snapshot}")
    assert "not complete" in refused.stderr
    done = local.run("salt-cloud", "-a", "start", "-y", PROXY)
    assert done.returncode == 0, done.stderr
    back = snapshotting.root(local, PROXY)
    snapshotting.wait(lambda: snapshotting.writes(back, HOSTS[PROXY]), 30)
    site.wait_for_page()
