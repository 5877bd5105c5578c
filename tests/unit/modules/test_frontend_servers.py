"""Drained and back, against a HAProxy whose answers are made up; the real one is in tests/local/test_upgrade.py."""

import pytest
from salt.exceptions import CommandExecutionError

HEAD = "1\n# be_id be_name srv_id srv_name srv_op_state srv_admin_state"


class HAProxy:
    """Two servers behind one control socket."""

    def __init__(self):
        self.admin, self.running, self.sessions, self.said = {"a": 0, "b": 0}, {"a": 2, "b": 2}, {"a": [], "b": []}, []

    def ask(self, command):
        """Double of ``haproxy_servers.ask``."""
        if command == "show servers state":
            rows = [f"3 readonly 1 {name} {self.running[name]} {self.admin[name]}" for name in self.admin]
            return "\n".join([HEAD, *rows, "", ""])
        if command == "show stat":
            rows = [f"readonly,{name},{self._open(name)},UP,{self._check(name)}" for name in self.admin]
            return "\n".join(["# pxname,svname,scur,status,check_status", *rows, ""])
        self.said.append(command)
        _, _, server, _, state = command.split()
        self.admin[server.removeprefix("readonly/")] = {"drain": 8, "ready": 0}[state]
        return "\n"

    def _open(self, name):
        return self.sessions[name].pop(0) if self.sessions[name] else 0

    def _check(self, name):
        return "L7OK" if self.running[name] == 2 else "L7RSP"


@pytest.fixture
def haproxy():
    """What the module talks to."""
    return HAProxy()


@pytest.fixture
def saved():
    """Commands that the module ran, and the exit code that it gets."""
    return {"commands": [], "retcode": 0}


@pytest.fixture
def frontend(load, monkeypatch, haproxy, saved):
    """The module."""

    def run_all(command, **_):
        saved["commands"].append(command)
        return {"retcode": saved["retcode"], "stderr": "no room"}

    module = load("modules", "frontend_servers", salt={"cmd.run_all": run_all, "pillar.get": lambda key, unmask: 3})
    monkeypatch.setattr(module.haproxy_servers, "ask", haproxy.ask)
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    return module


def test_drain_waits_for_those_who_are_there_and_is_kept_over_a_restart(frontend, haproxy, saved):
    haproxy.sessions["a"] = [2, 1, 0]
    told = frontend.drain("a", timeout=5)
    assert (told["status"], told["sessions"]) == ("drained", {})
    assert haproxy.said == ["set server readonly/a state drain"]
    assert saved["commands"] == [["/usr/local/sbin/haproxy-save", "/var/lib/idr-site/servers"]]


def test_drain_tells_who_is_left_after_the_limit(frontend, haproxy):
    haproxy.sessions["a"] = [1] * 1000
    assert frontend.drain("a", timeout=0)["sessions"] == {"readonly": 1}


def test_the_last_one_is_not_drained(frontend, haproxy):
    haproxy.running["b"] = 0
    with pytest.raises(CommandExecutionError, match="a: expected another server to be up"):
        frontend.drain("a", timeout=0)
    assert haproxy.said == []
    assert frontend.drain("a", timeout=0, alone=True)["status"] == "drained"
    assert frontend.drain("b", timeout=0)["status"] == "drained"


def test_who_is_ill_is_not_let_back(frontend, haproxy):
    haproxy.running["a"], haproxy.admin["a"] = 0, 8
    with pytest.raises(CommandExecutionError, match=r"a: its check is not good within 0 s \(L7RSP\): left out"):
        frontend.ready("a", timeout=0)
    assert haproxy.admin["a"] == 8


def test_who_is_well_comes_back_once(frontend, haproxy):
    haproxy.admin["a"] = 8
    assert frontend.ready("a", timeout=0)["status"] == "up"
    assert frontend.ready("a", timeout=0)["status"] == "up"
    assert haproxy.said == ["set server readonly/a state ready"]


@pytest.mark.parametrize("function", ["drain", "ready"])
def test_unknown_servers_are_named(frontend, function):
    with pytest.raises(CommandExecutionError, match=r"c: expected one of HAProxy's servers \(a, b\)"):
        getattr(frontend, function)("c", timeout=0)


def test_a_state_that_is_not_kept_is_an_error(frontend, saved):
    saved["retcode"] = 1
    with pytest.raises(CommandExecutionError, match="a restart of HAProxy forgets it: no room"):
        frontend.drain("a", timeout=0)


def test_silence_is_an_error(frontend, monkeypatch):
    def silent(command):
        raise FileNotFoundError("/run/haproxy/admin.sock")

    monkeypatch.setattr(frontend.haproxy_servers, "ask", silent)
    with pytest.raises(CommandExecutionError, match="HAProxy does not answer"):
        frontend.servers()


@pytest.fixture
def at_once(frontend, monkeypatch):
    """Waiting takes no time; returns what happens at each look."""
    looks, until = [], frontend.omero_wait.until

    def waiting(check, timeout, interval=2):
        clock = [0]

        def sleep(seconds):
            clock[0] += seconds
            if looks:
                looks.pop(0)()

        return until(check, timeout, interval, clock=lambda: clock[0], sleep=sleep)

    monkeypatch.setattr(frontend.omero_wait, "until", waiting)
    return looks


def test_servers_are_awaited_until_they_are_up_and_others_gone(frontend, haproxy, at_once):
    haproxy.running["a"] = 0
    at_once.append(lambda: haproxy.running.update(a=2))
    at_once.append(lambda: haproxy.admin.pop("b"))
    assert frontend.await_servers(up=["a"], gone=["b"]) == {"a": "up"}
    assert at_once == []


def test_one_that_an_operator_drained_is_not_waited_for(frontend, haproxy):
    haproxy.admin["a"] = 8
    assert frontend.await_servers(up=["a", "b"], timeout=0) == {"a": "drained", "b": "up"}


@pytest.mark.parametrize(
    ("up", "gone", "said"),
    [(["c"], [], "c is not known"), (["a"], [], "a is down"), ([], ["b"], "b is still known")],
)
def test_what_is_missing_is_named(frontend, haproxy, at_once, up, gone, said):
    haproxy.running["a"] = 0
    with pytest.raises(CommandExecutionError, match=f"within 6 s {said}"):
        frontend.await_servers(up, gone, timeout=6)


@pytest.mark.parametrize("answer", ["", "nonsense\n", None])
def test_an_answer_that_a_reload_cuts_short_is_not_the_end(frontend, monkeypatch, haproxy, at_once, answer):
    good, asked = haproxy.ask, []

    def ask(command):
        asked.append(command)
        if len(asked) > 1:
            return good(command)
        if answer is None:
            raise ConnectionRefusedError("/run/haproxy/admin.sock")
        return answer

    monkeypatch.setattr(frontend.haproxy_servers, "ask", ask)
    assert frontend.await_servers(up=["a"]) == {"a": "up", "b": "up"}


def test_silence_until_the_end_is_said(frontend, monkeypatch, at_once):
    def silent(command):
        raise ConnectionRefusedError("/run/haproxy/admin.sock")

    monkeypatch.setattr(frontend.haproxy_servers, "ask", silent)
    with pytest.raises(CommandExecutionError, match="HAProxy does not answer"):
        frontend.await_servers(up=["a"])
