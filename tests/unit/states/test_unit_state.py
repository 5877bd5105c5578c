"""State unit.kept_running: systemd keeps it going, whether it works at the moment or not."""

import pytest

NAME = "upload.service"


class Systemd:
    """One unit."""

    def __init__(self, active, enabled):
        self.active, self.enabled, self.calls, self.accepts = active, enabled, [], True

    def functions(self):
        return {
            "cmd.run_stdout": lambda command, **_: f"ActiveState={self.active}\nUnitFileState={self.enabled}",
            "service.enable": lambda name: self._do("enable"),
            "service.start": lambda name, no_block: self._do("start"),
            "service.restart": lambda name, no_block: self._do("restart"),
        }

    def _do(self, act):
        self.calls.append(act)
        if self.accepts:
            self.enabled, self.active = ("enabled", self.active) if act == "enable" else (self.enabled, "activating")
        return self.accepts


@pytest.fixture
def states(load):
    """Function that loads the state module over a unit."""
    return lambda systemd, test=False: load("states", "unit", salt=systemd.functions(), opts={"test": test})


@pytest.mark.parametrize("active", ["active", "activating", "reloading"])
@pytest.mark.parametrize("enabled", ["enabled", "static"])
def test_nothing_to_do(states, active, enabled):
    systemd = Systemd(active, enabled)
    ret = states(systemd).kept_running(NAME)
    assert (ret["result"], ret["changes"], systemd.calls) == (True, {}, [])


@pytest.mark.parametrize("active", ["inactive", "failed"])
def test_enables_and_starts_without_waiting(states, active):
    systemd = Systemd(active, "disabled")
    ret = states(systemd).kept_running(NAME)
    assert (ret["result"], sorted(ret["changes"])) == (True, ["at boot", "state"])
    assert systemd.calls == ["enable", "start"]
    assert states(systemd).kept_running(NAME)["changes"] == {}


def test_only_enables_what_runs(states):
    systemd = Systemd("active", "disabled")
    assert states(systemd).kept_running(NAME)["changes"] == {"at boot": {"old": "disabled", "new": "enabled"}}
    assert systemd.calls == ["enable"]


def test_bare_host_in_test_mode(states):
    systemd = Systemd("inactive", "")
    ret = states(systemd, test=True).kept_running(NAME)
    assert (ret["result"], sorted(ret["changes"])) == (None, ["at boot", "state"])
    assert states(systemd, test=True).mod_watch(NAME, sfun="kept_running")["result"] is None
    assert systemd.calls == []


def test_restarts_on_watch(states):
    systemd = Systemd("active", "enabled")
    assert states(systemd).mod_watch(NAME, sfun="kept_running")["changes"] == {NAME: "restarted"}
    assert systemd.calls == ["restart"]


@pytest.mark.parametrize(("active", "enabled"), [("inactive", "enabled"), ("active", "disabled")])
def test_refusal_is_a_failure(states, active, enabled):
    systemd = Systemd(active, enabled)
    systemd.accepts = False
    ret = states(systemd).kept_running(NAME)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert NAME in ret["comment"]
