"""State firewall.loaded: what the kernel has against what the file says."""

import idr_firewall
import pytest

PEERS = [{"id": "idr-x-management", "address": "192.0.2.3"}]
UNIT = "idr-firewall"


def text(port):
    wanted = idr_firewall.services({"ssh": {"ports": [port], "from": ["management"]}}, {}.get)
    return idr_firewall.rules(wanted, idr_firewall.sources(PEERS, []))


class Host:
    """A kernel's table, and a service manager that loads the file into it."""

    def __init__(self, path):
        self.path, self.kernel, self.enabled, self.active, self.works = path, "", False, False, True
        self.calls = []

    def functions(self):
        return {
            "cmd.which": lambda name: f"/usr/sbin/{name}",
            "cmd.run_all": lambda command, **_: {"retcode": 0, "stdout": self.kernel},
            "service.enabled": lambda name: self.enabled,
            "service.enable": lambda name: self._do("enable"),
            "service.status": lambda name: self.active,
            "service.start": lambda name: self._do("start"),
            "service.reload": lambda name: self._do("reload"),
        }

    def _do(self, act):
        self.calls.append(act)
        if act == "enable":
            self.enabled = True
        elif self.works:
            self.kernel, self.active = self.path.read_text(), True
        return True


@pytest.fixture
def host(tmp_path):
    """A host that has the file and nothing else."""
    host = Host(tmp_path / "rules.nft")
    host.path.write_text(text(22))
    return host


@pytest.fixture
def state(load, host):
    """Function that loads the state module, in test mode or not."""
    return lambda test=False: load("states", "firewall_rules", salt=host.functions(), opts={"test": test})


def test_loads_and_enables_then_has_nothing_to_do(state, host):
    first = state().loaded(str(host.path), UNIT)
    assert (first["result"], sorted(first["changes"])) == (True, ["at boot", "rules"])
    assert host.calls == ["enable", "start"]
    assert state().loaded(str(host.path), UNIT)["changes"] == {}
    assert host.calls == ["enable", "start"]


def test_other_rules_are_loaded_by_a_reload(state, host):
    state().loaded(str(host.path), UNIT)
    host.path.write_text(text(2222))
    assert state().loaded(str(host.path), UNIT)["changes"].keys() == {"rules"}
    assert host.calls[-1] == "reload"
    assert "2222" in host.kernel


def test_flushed_rules_come_back(state, host):
    state().loaded(str(host.path), UNIT)
    host.kernel = ""
    ret = state().loaded(str(host.path), UNIT)
    assert ret["changes"]["rules"]["old"] is None
    assert host.kernel


def test_rules_that_do_not_load_are_a_failure(state, host):
    host.works = False
    ret = state().loaded(str(host.path), UNIT)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert UNIT in ret["comment"]


@pytest.mark.parametrize("content", [None, "table inet filter {\n}\n"])
def test_a_file_without_our_rules_is_refused(state, host, content):
    host.path.unlink() if content is None else host.path.write_text(content)
    ret = state().loaded(str(host.path), UNIT)
    assert ret["result"] is False
    assert host.calls == []


def test_test_mode_predicts_and_does_nothing(state, host):
    ret = state(test=True).loaded(str(host.path), UNIT)
    assert (ret["result"], sorted(ret["changes"])) == (None, ["at boot", "rules"])
    host.path.unlink()
    assert state(test=True).loaded(str(host.path), UNIT)["result"] is None
    assert state(test=True).mod_watch(str(host.path), UNIT, sfun="loaded")["result"] is None
    assert host.calls == []


def test_bare_host_without_nft(load, host):
    functions = {**host.functions(), "cmd.which": lambda name: None}
    functions["cmd.run_all"] = lambda *_, **__: pytest.fail("there is no nft to run")
    module = load("states", "firewall_rules", salt=functions, opts={"test": True})
    assert module.loaded(str(host.path), UNIT)["result"] is None


def test_returns_are_exactly_those_of_a_state(state, host):
    for ret in (state().loaded(str(host.path), UNIT), state().mod_watch(str(host.path), UNIT, sfun="loaded")):
        assert set(ret) == {"name", "result", "comment", "changes"}
