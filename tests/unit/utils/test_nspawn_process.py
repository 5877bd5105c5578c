"""Commands that start a host, and that no wait for it is without an end."""

import fcntl
import json
import os
import signal
import sys

import nspawn_process
import pytest
from cloud_errors import CloudError


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    """The commands' own text does not depend on what this machine has installed."""
    monkeypatch.setattr(nspawn_process.shutil, "which", lambda name, path: f"/usr/bin/{name}")


def test_nspawn_command():
    argv, environment = nspawn_process.nspawn_command("one", "/srv/one/root", "br0")
    assert argv[0] == "/usr/bin/systemd-nspawn"
    assert {"--boot", "--register=no", "--keep-unit", "--network-bridge=br0", "--machine=one"} <= set(argv)
    assert "--directory=/srv/one/root" in argv
    assert environment["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY"] == "1"


def test_launch_has_no_volume_yet(tmp_path):
    given = {"bridge": "br0", "cgroup": "group", "limits": {"memory": 1 << 30, "cpus": 1}, "stop_timeout": 5}
    made = nspawn_process.launch("one", tmp_path, image="/srv/images/debian-12", **given)
    assert f"--directory={tmp_path}/root" in made["argv"]
    assert (made["volumes"], made["shared"], made["serial"]) == ([], [], 1)
    assert {key: made[key] for key in ("cgroup", "limits", "stop_timeout")} | {"bridge": "br0"} == given


def test_launcher_command_is_isolated():
    command = nspawn_process.launcher_command("/srv/one")
    assert command[:4] == ["/usr/bin/unshare", "--mount", "--propagation", "slave"]
    assert command[4:6] == [sys.executable, "-I"]
    assert command[6].endswith("/nspawn_launcher.py")
    assert command[7] == "/srv/one"


def test_systemd_command():
    command = nspawn_process.systemd_command("salt-cloud-ab-one", "one", ["launch", "it"], 1024, 1.5, 60, 4711)
    inner = command.index("--")
    assert command[0] == "/usr/bin/systemd-run"
    assert {
        "--unit=salt-cloud-ab-one",
        "--collect",
        "--property=Delegate=yes",
        "--property=KillMode=mixed",
        "--property=MemoryMax=1024M",
        "--property=CPUQuota=150%",
        "--property=TimeoutStopSec=70s",
    } <= set(command[:inner])
    assert command[inner + 1 :] == [
        "/usr/bin/nsenter",
        "--mount=/proc/4711/ns/mnt",
        "--net=/proc/4711/ns/net",
        "--",
        "launch",
        "it",
    ]


def test_missing_program_is_named(monkeypatch):
    monkeypatch.setattr(nspawn_process.shutil, "which", lambda name, path: None)
    with pytest.raises(CloudError, match="systemd-nspawn: this program is missing"):
        nspawn_process.need("systemd-nspawn")


def launch(**changes):
    return {
        "name": "one",
        "cgroup": "salt-cloud-ab-one",
        "limits": {"memory": 1 << 30, "cpus": 1},
        "stop_timeout": 5,
        "env": {"PATH": "/usr/bin:/bin"},
        "volumes": [],
        "serial": 1,
    } | changes


@pytest.fixture
def by_hand(monkeypatch):
    """Start what the test says in place of the launcher, without systemd."""

    def command(*argv):
        monkeypatch.setattr(nspawn_process, "systemd_runs", lambda: False)
        monkeypatch.setattr(nspawn_process, "launcher_command", lambda folder: list(argv))

    return command


def test_start_tells_why_the_launcher_died(tmp_path, by_hand):
    by_hand("/bin/sh", "-c", "echo no such image >&2; exit 1")
    with pytest.raises(CloudError, match="one: the host did not start: no such image"):
        nspawn_process.start(tmp_path, launch(), 30)
    assert json.loads((tmp_path / "launch.json").read_text())["delegated"] is False


def test_start_gives_up_after_its_limit(tmp_path, by_hand):
    by_hand("/bin/sleep", "3")
    with pytest.raises(CloudError, match="one: the host has not booted within 1 seconds"):
        nspawn_process.start(tmp_path, launch(), 1)


@pytest.fixture
def living(tmp_path):
    """A folder whose launcher lives: this very process holds its lock, with a run.json as given."""
    with (tmp_path / "launcher.lock").open("a") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)

        def say(**run):
            (tmp_path / "run.json").write_text(json.dumps({"pid": os.getpid(), "cgroups": []} | run))

        yield say


def test_status_counts_only_while_the_launcher_lives(tmp_path):
    (tmp_path / "run.json").write_text('{"leader": 1}')
    assert nspawn_process.status(tmp_path) is None
    with (tmp_path / "launcher.lock").open("a") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        assert nspawn_process.status(tmp_path) == {"leader": 1}


def test_reboot_needs_a_running_host(tmp_path):
    with pytest.raises(CloudError, match="one: the host is not running"):
        nspawn_process.reboot(tmp_path, "one", 1)


def test_sync_volumes_waits_for_the_launchers_answer(tmp_path, living):
    living(serial=1, errors={})
    previous = signal.signal(signal.SIGHUP, lambda *_: living(serial=2, errors={"x": "in use"}))
    try:
        assert nspawn_process.sync_volumes(tmp_path, launch(serial=2)) == {"x": "in use"}
    finally:
        signal.signal(signal.SIGHUP, previous)


def test_sync_volumes_of_a_stopped_host_only_writes(tmp_path):
    assert nspawn_process.sync_volumes(tmp_path, launch(serial=2)) == {}
    assert json.loads((tmp_path / "launch.json").read_text())["serial"] == 2
