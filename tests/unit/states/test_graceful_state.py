"""State graceful.running: a unit runs with its files as they are now, by its own record of what it read."""

import hashlib

import pytest

NAME = "web"


class Systemd:
    """One unit that keeps its record as omero-web.service does, over files of the test."""

    def __init__(self, folder, active="active", enabled="enabled"):
        self.record, self.unit, self.conf = folder / "loaded", folder / "web.service", folder / "conf"
        self.unit.write_text("unit")
        self.conf.write_text("one")
        self.active, self.enabled, self.calls, self.accepts = active, enabled, [], True
        if active == "active":
            self._read()

    def _read(self):
        lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}\n" for path in (self.unit, self.conf)]
        self.record.write_text("".join(lines))

    def functions(self):
        return {
            "cmd.run_stdout": lambda command, **_: f"ActiveState={self.active}\nUnitFileState={self.enabled}",
            "service.enable": lambda name: self._do("enable"),
            "service.start": lambda name: self._do("start"),
            "service.restart": lambda name: self._do("restart"),
            "service.reload": lambda name: self._do("reload"),
        }

    def _do(self, act):
        self.calls.append(act)
        if act == "enable":
            self.enabled = "enabled"
        elif self.accepts:
            self.active = "active"
            self._read()
        return self.accepts


@pytest.fixture
def run(load):
    """Function that applies the state over a unit."""

    def run(systemd, test=False, function="running"):
        module = load("states", "graceful", salt=systemd.functions(), opts={"test": test})
        return getattr(module, function)(NAME, record=str(systemd.record), restart=[str(systemd.unit)])

    return run


def test_nothing_to_do(run, tmp_path):
    systemd = Systemd(tmp_path)
    for test in (True, False):
        ret = run(systemd, test)
        assert (ret["result"], ret["changes"], systemd.calls) == (True, {}, [])


@pytest.mark.parametrize(
    ("change", "act"),
    [
        (lambda systemd: systemd.conf.write_text("two"), "reload"),
        (lambda systemd: systemd.conf.unlink(), "reload"),
        (lambda systemd: systemd.unit.write_text("new"), "restart"),
        (lambda systemd: (systemd.conf.write_text("two"), systemd.unit.write_text("new")), "restart"),
        (lambda systemd: systemd.record.unlink(), "restart"),
        (lambda systemd: systemd.record.write_text(""), "restart"),
        (lambda systemd: setattr(systemd, "active", "failed"), "start"),
        (lambda systemd: setattr(systemd, "active", "inactive"), "start"),
    ],
)
def test_it_reads_again_what_changed(run, tmp_path, change, act):
    systemd = Systemd(tmp_path)
    change(systemd)
    if not systemd.conf.exists():
        systemd._read = lambda: systemd.record.write_text(f"{hashlib.sha256(b'unit').hexdigest()}  {systemd.unit}\n")
    predicted = run(systemd, test=True)
    assert (predicted["result"], systemd.calls) == (None, [])
    ret = run(systemd)
    assert (ret["result"], ret["changes"], systemd.calls) == (True, predicted["changes"], [act])
    assert run(systemd)["changes"] == {}


def test_it_is_enabled(run, tmp_path):
    systemd = Systemd(tmp_path, active="inactive", enabled="disabled")
    ret = run(systemd)
    assert (ret["result"], systemd.calls) == (True, ["enable", "start"])
    assert ret["changes"]["at boot"] == {"old": "disabled", "new": "enabled"}


def test_settings_that_are_refused_are_an_error_and_stay_one(run, tmp_path):
    systemd = Systemd(tmp_path)
    systemd.accepts = False
    systemd.conf.write_text("wrong")
    for function in ("running", "mod_watch"):
        ret = run(systemd, function=function)
        assert (ret["result"], ret["changes"]) == (False, {})
        assert "did not reload" in ret["comment"]
        assert "goes on with what it read before" in ret["comment"]
    # Salt asks mod_watch after a state without changes: it must not restart what runs on
    assert systemd.calls == ["reload"]


def test_watched_changes_are_predicted_and_found(run, tmp_path):
    systemd = Systemd(tmp_path)
    predicted = run(systemd, test=True, function="mod_watch")
    assert predicted["result"] is None
    systemd.conf.write_text("two")
    assert run(systemd)["changes"] == predicted["changes"]
    assert run(systemd, function="mod_watch")["result"] is True
