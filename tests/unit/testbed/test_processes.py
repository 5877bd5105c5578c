"""Background processes are known by pid and start time, and ended by nothing less."""

import os
import subprocess

import pytest

from testbed import processes
from testbed.console import Problem


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "RUN", tmp_path / "run")
    monkeypatch.setattr(processes, "LOG", tmp_path / "log")
    return tmp_path


def test_a_process_is_started_once_and_stopped(places):
    processes.start("sleeper", ["sleep", "60"])
    pid = processes.pid_of("sleeper")
    processes.start("sleeper", ["sleep", "60"])
    assert processes.pid_of("sleeper") == pid
    processes.stop("sleeper")
    assert processes.pid_of("sleeper") is None
    assert processes.start_time(pid) is None


def test_a_pid_that_is_another_process_now_is_not_ours(places):
    (places / "run").mkdir()
    (places / "run/other.pid").write_text(f"{os.getpid()} 1\n")
    assert processes.pid_of("other") is None
    processes.stop("other")


def test_end_kills_what_ignores_the_polite_signal():
    stubborn = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"], stdout=subprocess.PIPE
    )
    stubborn.stdout.readline()
    processes.end([stubborn.pid], within=0.5)
    assert stubborn.wait(timeout=5) == -9


def test_a_process_that_stops_at_once_is_a_problem_with_its_last_words():
    with pytest.raises(Problem, match="stopped at once(.|\n)*no such thing"):
        processes.start("broken", ["sh", "-c", "echo no such thing; exit 3"], ready=lambda: False)


def test_a_process_that_never_gets_ready_is_a_problem():
    with pytest.raises(Problem, match="not ready within 0.3 s"):
        processes.start("slow", ["sleep", "5"], within=0.3, ready=lambda: False)
    processes.stop("slow")
