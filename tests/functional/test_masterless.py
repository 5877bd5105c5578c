"""bin/masterless up to the states: configuration, secrets and checks, by Salt's own compiler."""

import shutil
import stat

import idr_masterless
import idr_pillar
import pytest
import salt.config
import salt.loader
import yaml

HOST, ENVIRONMENT = "omero-local-allinone", "omero-local"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyF2mPYvWJj4vRkW2p0i4Hk0nC8Zp6mY1q9d3sO1bXe someone@example.org"
LOGIN = f"accounts: {{ann: {{keys: ['{KEY}']}}}}\nfirewall: {{operators: [192.0.2.0/24]}}\n"


@pytest.fixture
def clone(checkout, tmp_path):
    """A checkout of the test's own."""
    root = tmp_path / "checkout"
    root.mkdir()
    for name in ("pillar", "salt", "_modules", "_pillar", "_states", "_utils", "cloud.profiles.d", "cloud.providers.d"):
        shutil.copytree(checkout / name, root / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(root / "pillar/secrets")
    for path in checkout.glob("*.map"):
        shutil.copy(path, root)
    return root


@pytest.fixture
def told(clone, tmp_path, monkeypatch):
    """Function that runs it up to the states: exit code, and the command that would have been started."""
    started = []
    usual = idr_masterless.configuration

    def configuration(root, minion_id):
        place = {"cachedir": str(tmp_path / "cache"), "sock_dir": str(tmp_path / "sock"), "root_dir": str(tmp_path)}
        return {**usual(root, minion_id), **place, "log_file": str(tmp_path / "log")}

    monkeypatch.setattr(idr_masterless, "configuration", configuration)
    monkeypatch.setattr(idr_masterless.subprocess, "call", lambda command: started.append(command) or 0)

    def told(*arguments):
        return idr_masterless.main([str(clone), *arguments]), started

    return told


def test_secrets_are_made_once_and_for_nobody_else(told, clone, capsys):
    code, started = told("--closed", HOST, "test=True")
    assert (code, [command[-2:] for command in started]) == (0, [["state.apply", "test=True"]]), capsys.readouterr()
    assert "omeroreadwrite:omero:root" in capsys.readouterr().out
    files = sorted((clone / f"pillar/secrets/{ENVIRONMENT}").glob("*.sls"))
    before = {path.name: path.read_text() for path in files}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert told("--closed", HOST)[0] == 0
    assert {path.name: path.read_text() for path in files} == before
    assert "secrets made" not in capsys.readouterr().out


def test_it_compiles_what_a_master_would(told, clone):
    told("--closed", HOST)
    opts = salt.config.minion_config(str(clone / ".masterless/minion"), minion_id=HOST)
    opts["grains"] = salt.loader.grains(opts)
    pillar = idr_pillar.compiler(opts, HOST).compile_pillar()
    assert pillar["roles"] == ["database", "omeroreadwrite", "proxy"]
    assert (pillar["environment"]["public"], pillar["environment"]["hosts"]) == ("omeroreadwrite", [])
    known = yaml.safe_load((clone / f"pillar/env/{ENVIRONMENT}/environment.yaml").read_text())["network"]
    assert pillar["environment"]["network"].endswith("/32") or pillar["environment"]["network"] == known


def test_nobody_is_locked_out_unasked(told, clone, capsys):
    code, started = told(HOST)
    said = capsys.readouterr().err
    assert (code, started) == (1, [])
    assert "accounts: expected somebody with keys" in said
    assert "firewall:operators: expected the networks" in said
    (clone / f"pillar/env/{ENVIRONMENT}/login.sls").write_text(LOGIN)
    init = clone / f"pillar/env/{ENVIRONMENT}/init.sls"
    init.write_text(f"{init.read_text()}  - env.{ENVIRONMENT}.login\n")
    assert told(HOST)[0] == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("elsewhere-allinone", "environment 'elsewhere': no map in"),
        ("omero-local-proxy", "omero-local-proxy: expected a host of one of the maps"),
        ("allinone", "minion id 'allinone': expected <environment>-<role>"),
        # its release is the operator's to choose
        ("omero-demo-allinone", "omero:server:version (from "),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_done(told, host, said, capsys):
    code, started = told("--closed", host)
    assert (code, started) == (1, [])
    assert said in capsys.readouterr().err
