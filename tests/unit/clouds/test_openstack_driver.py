"""The OpenStack driver without a cloud: who is asked, what is refused, what is said of a login that is not there."""

import copy
import importlib.util
import sys

import openstack_session
import pytest
import salt.config
from salt.exceptions import SaltCloudSystemExit


@pytest.fixture
def driver(checkout, tmp_path):
    """The driver as Salt's loader gives it, with a master's configuration of its own."""
    spec = importlib.util.spec_from_file_location("openstack_driver", checkout / "_clouds/openstack.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    details = {"driver": "openstack", "cloud": "embassy", "clouds_yaml": str(tmp_path / "clouds.yaml"), "profiles": {}}
    module.__active_provider_name__ = "embassy:openstack"
    module.__opts__ = copy.deepcopy(salt.config.DEFAULT_MASTER_OPTS) | {
        "root_dir": str(tmp_path),
        "cachedir": str(tmp_path / "cache"),
        "extension_modules": str(tmp_path / "extmods"),
        "conf_file": str(tmp_path / "cloud"),
        "pillar_roots": {"base": [str(tmp_path / "pillar")]},
        "providers": {"embassy": {"openstack": details}},
        "profiles": {},
    }
    return module


@pytest.fixture
def terminal(monkeypatch):
    """Function ``(answer)`` that puts someone at a terminal who types it; what was asked is in its ``asked``."""

    def sit_down(answer):
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda question: sit_down.asked.append(question) or answer)

    sit_down.asked = []
    return sit_down


def pillar(folder, text):
    (folder / "pillar").mkdir()
    (folder / "pillar/top.sls").write_text("base: {prod-db: [environment]}\n")
    (folder / "pillar/environment.sls").write_text(text)


def test_who_sits_at_a_terminal_is_asked_for_the_name(driver, terminal):
    terminal("prod")
    assert driver._confirm("prod-db", "prod", "prod-db") == ("prod", False)
    assert terminal.asked == ["prod-db belongs to prod, which is protected. Type prod to destroy it: "]


@pytest.mark.parametrize("option", ["assume_yes", "parallel"])
@pytest.mark.parametrize(
    ("text", "allowed"),
    [("environment: {destroy: true}", True), ("environment: {destroy: 'yes'}", False), ("{}", False)],
)
def test_without_being_asked_pillar_decides(driver, terminal, tmp_path, option, text, allowed):
    terminal("prod")
    driver.__opts__[option] = True
    pillar(tmp_path, text)
    assert driver._confirm("prod-db", "prod", "prod-db") == (None, allowed)
    assert driver._confirm("a-snapshot", "prod", "a-snapshot") == (None, False)
    assert terminal.asked == []


def test_a_login_that_is_not_there_is_named(driver, tmp_path):
    (tmp_path / "clouds.yaml").write_text("clouds: {other: {auth: {password: hidden}}}\n")
    with pytest.raises(SaltCloudSystemExit) as caught:
        driver.list_nodes()
    assert "cloud embassy: expected an entry of clouds.yaml, or what auth needs: Cloud embassy" in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(driver, tmp_path):
    with pytest.raises(
        SaltCloudSystemExit, match=r"provider embassy: clouds_yaml: expected a file, got .*clouds\.yaml"
    ):
        driver.list_nodes()


def test_without_openstacksdk_that_is_said(driver, tmp_path, monkeypatch):
    (tmp_path / "clouds.yaml").write_text("clouds: {}\n")
    monkeypatch.setitem(sys.modules, "openstack.config", None)
    with pytest.raises(SaltCloudSystemExit, match="provider embassy: expected the Python package openstacksdk"):
        driver.list_nodes()


def test_a_wrong_provider_is_said_before_anything_is_asked(driver, monkeypatch):
    driver.__opts__["providers"]["embassy"]["openstack"]["retires"] = 3
    monkeypatch.setattr(openstack_session, "connect", lambda provider: pytest.fail("it has connected"))
    with pytest.raises(SaltCloudSystemExit, match="provider embassy: unknown key 'retires'"):
        driver.list_nodes()


def test_not_loaded_without_provider(driver):
    driver.__opts__["providers"] = {}
    assert driver.__virtual__() is False


def test_keys_of_the_main_file_are_known(driver, tmp_path):
    assert driver._main_keys() == ()
    (tmp_path / "cloud").write_text("log_level: info\nkeysize: 2048\n")
    assert driver._main_keys() == ("log_level", "keysize")
