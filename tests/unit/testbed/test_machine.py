"""What `make up` says of a machine that will not do, before it makes anything."""

import shutil
import socket
import subprocess
import sys

import pytest

from testbed import console, machine, packages, paths
from testbed.console import Problem


@pytest.fixture(autouse=True)
def nothing_is_up(monkeypatch):
    monkeypatch.setattr(machine.lan, "holder", lambda: None)


def test_another_system_is_named(monkeypatch):
    release = {"ID": "fedora", "VERSION_ID": "40", "PRETTY_NAME": "Fedora 40"}
    monkeypatch.setattr(packages, "os_release", lambda: release)
    with pytest.raises(Problem, match="runs on Debian 12; this is Fedora 40"):
        machine.check()


def test_a_machine_without_package_sources_is_told_so(monkeypatch):
    monkeypatch.setattr(packages.mirrors, "archives", lambda *_: [])
    with pytest.raises(Problem, match="/etc/apt names no"):
        packages.machine_archives()


def test_a_taken_port_is_named(monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setattr(machine, "PUBLISHED", {port: 80})
        with pytest.raises(Problem, match=f"127.0.0.1:{port} is taken"):
            machine._check_ports()


def test_a_full_disk_is_named_with_what_is_needed(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 2**30))
    with pytest.raises(Problem, match=r"has 1.0 GiB free; 15 GiB are needed"):
        machine._check_disk()


def test_missing_packages_and_the_source_out_of_reach_are_named(monkeypatch, tmp_path):
    def run(command, **_):
        if command[0] == "dpkg-query":
            return subprocess.CompletedProcess(command, 1, "socat installed\n")
        out = "Err:1 http://mirror.example/debian bookworm InRelease\n  Could not connect\n"
        return subprocess.CompletedProcess(command, 100, out)

    monkeypatch.setattr(machine, "run", run)
    monkeypatch.setattr(machine, "POLICY", tmp_path / "policy-rc.d")
    with pytest.raises(Problem, match="could not install(.|\n)*xfsprogs(.|\n)*Err:1 http://mirror.example"):
        machine.install_packages()
    assert not (tmp_path / "policy-rc.d").exists()


def test_who_is_not_root_is_told_so():
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-s", "up"]
    script = (paths.CHECKOUT / "testbed/run").read_text().replace("$0", str(paths.CHECKOUT / "testbed/run"))
    done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=20, cwd="/")
    assert done.returncode == 1
    assert "run this as root" in done.stderr


def test_only_one_run_at_a_time(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "LOCK", tmp_path / "lock")
    held = machine.lock()
    with pytest.raises(Problem, match="at work on this machine"):
        machine.lock()
    machine.os.close(held)
    machine.os.close(machine.lock())


def test_a_failing_command_is_a_problem_with_its_last_lines():
    with pytest.raises(Problem, match="exit code 3(.|\n)*last words"):
        console.run([sys.executable, "-c", "print('last words'); raise SystemExit(3)"])


def test_a_command_that_takes_too_long_is_a_problem():
    with pytest.raises(Problem, match="did not finish within 0.2 s"):
        console.run(["sleep", "5"], timeout=0.2)
