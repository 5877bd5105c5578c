"""A real master with the checkout's own configuration and real minions, all on loopback."""

import json
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

import idr_secrets
import pytest
import salt.crypt
import salt.utils.network
import yaml
from saltfactories.utils.ports import get_unused_localhost_port

from testbed.paths import ENVIRONMENT

# Where the configuration expects the checkout.
PLACE = "/srv/idr"
OTHER = "elsewhere"


@pytest.fixture(scope="session")
def salt_factories_default_root_dir():
    """Place of salt-factories' daemons: of a short name, for their sockets, and gone with them."""
    with tempfile.TemporaryDirectory(prefix="sf-") as folder:
        yield pathlib.Path(folder)


@pytest.fixture(scope="session")
def environment():
    """The environment of the maps that every checkout can make."""
    return ENVIRONMENT


@pytest.fixture(scope="session")
def staged(checkout, environment, tmp_path_factory):
    """The checkout with a pillar of its own: fresh secrets, a second environment, and a network that is here."""
    root = tmp_path_factory.mktemp("idr")
    for path in checkout.iterdir():
        if path.name in ("salt", "reactor", "cloud.profiles.d") or path.suffix == ".map" or path.name.startswith("_"):
            (root / path.name).symlink_to(path)
    shutil.copytree(checkout / "pillar", root / "pillar", ignore=shutil.ignore_patterns("secrets"))
    environments = root / "pillar/env"
    shutil.copytree(environments / environment, environments / OTHER)
    for path in (environments / OTHER).glob("*.sls"):
        path.write_text(path.read_text().replace(environment, OTHER))
    address = salt.utils.network.ip_addrs()[0]
    for name in (environment, OTHER):
        # The machine may have one address only.
        other = {environment: OTHER, OTHER: environment}[name]
        text = f"network: {address}/32\nshares_network_with: [{other}]\n"
        (environments / name / "environment.yaml").write_text(text)
        idr_secrets.make(root / "pillar/secrets", name)
    (root / "states").mkdir()
    (root / "states/trace.sls").write_text(f"trace:\n  file.touch:\n    - name: {root}/trace\n")
    return root


@pytest.fixture(scope="session")
def address():
    """The address by which all minions here are known."""
    return salt.utils.network.ip_addrs()[0]


@pytest.fixture(scope="session")
def hook(staged):
    """The webhook engine of docs/read-only-servers.md: ``port`` and ``token``."""
    token = secrets.token_hex(16)
    (staged / "scale-out.token").write_text(f"{token}\n")
    return {"port": get_unused_localhost_port(), "token": token, "token_file": str(staged / "scale-out.token")}


def _configuration(checkout, staged, hook):
    """Settings of ``etc/master.d``, with the staged checkout in its place, and the webhook engine switched on."""
    texts = [
        path.read_text().replace(PLACE, str(staged)) for path in sorted((checkout / "etc/master.d").glob("*.conf"))
    ]
    settings = {}
    for text in texts:
        settings.update(yaml.safe_load(text) or {})
    settings["engines"] = [{"webhook": {"address": "127.0.0.1", "port": hook["port"]}}]
    settings["reactor"].append({"salt/engines/hook/scale-out/*": [str(staged / "reactor/scale_out.sls")]})
    settings["idr_scale_out"] = {OTHER: {"most": 0, "token_file": hook["token_file"]}}
    # Most hosts here are dead, and all others near.
    settings |= {"idr_minion_ask": 5, "idr_minion_say": 4}
    # States of the tests' own, which may be applied to this very machine.
    settings["file_roots"]["base"].append(str(staged / "states"))
    return settings


def _accept_nobody(_master, _payload):
    """Without this salt-factories accepts every key that comes along."""


@pytest.fixture(scope="session")
def master(salt_factories, checkout, staged, hook):
    """A running master."""
    overrides = {"open_mode": False, "log_level_logfile": "info", **_configuration(checkout, staged, hook)}
    factory = salt_factories.salt_master_daemon(
        "idr-master", overrides=overrides, on_auth_event_callback=_accept_nobody
    )
    with factory.started():
        yield factory


def _accept(master, config):
    """Make a key pair as Salt Cloud does: private half to the minion, public half accepted by the master."""
    private, public = salt.crypt.gen_keys(2048)
    accepted = pathlib.Path(master.config["pki_dir"], "minions")
    accepted.mkdir(parents=True, exist_ok=True)
    (accepted / config["id"]).write_text(public)
    own = pathlib.Path(config["pki_dir"])
    own.mkdir(parents=True, exist_ok=True)
    (own / "minion.pem").write_text(private)
    (own / "minion.pem").chmod(0o400)
    (own / "minion.pub").write_text(public)


@pytest.fixture(scope="session")
def minions(master, checkout, environment):
    """Running minions: database and proxy of the environment, and a proxy of the other one. ``{id: factory}``."""
    told = yaml.safe_load((checkout / "etc/cloud.conf.d/minion.conf").read_text())["minion"]
    ids = [f"{environment}-database", f"{environment}-proxy", f"{OTHER}-proxy"]
    # What a minion says of itself must not matter.
    # They are on this very machine: no state of a host changes it.
    overrides = {**told, "grains": {"roles": ["database"]}, "test": True}
    factories = {name: master.salt_minion_daemon(name, overrides=dict(overrides)) for name in ids}
    started = []
    try:
        for factory in factories.values():
            _accept(master, factory.config)
            started.append(factory)
            factory.start()
        yield factories
    finally:
        for factory in started:
            factory.terminate()


@pytest.fixture(scope="session")
def pending(master, minions, tmp_path_factory):
    """Id of a running minion whose key nobody has accepted."""
    root = tmp_path_factory.mktemp("pending")
    config = {
        "id": f"{OTHER}-database",
        "master": "127.0.0.1",
        "master_port": master.config["ret_port"],
        "publish_port": master.config["publish_port"],
        "root_dir": str(root),
        "pki_dir": str(root / "pki"),
        "acceptance_wait_time": 1,
    }
    (root / "minion").write_text(json.dumps(config))
    program = pathlib.Path(sys.executable).with_name("salt-minion")
    with (root / "log").open("w") as log:
        process = subprocess.Popen([program, "-c", root], stdout=log, stderr=log, start_new_session=True)
    yield config["id"]
    process.terminate()
    process.wait(timeout=30)


@pytest.fixture(scope="session")
def cli(master):
    """Function ``(minion, function, ...)`` that returns what the minion answers."""
    salt_cli = master.salt_cli(timeout=90)

    def cli(minion, function, *arguments, **kwargs):
        return salt_cli.run(function, *arguments, minion_tgt=minion, **kwargs).data

    return cli


@pytest.fixture(scope="session")
def joined(minions, cli):
    """Ids of the minions, once the reactor has brought all of them up to date."""
    deadline = time.monotonic() + 180
    waiting = set(minions)
    while waiting:
        waiting = {name for name in waiting if not isinstance(cli(name, "idr.peers"), list)}
        if waiting and time.monotonic() > deadline:
            pytest.fail(f"the reactor did not bring up to date: {sorted(waiting)}")
    return list(minions)
