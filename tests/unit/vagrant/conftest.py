"""The Vagrantfile in a copy of what it reads, with a double of Vagrant around it."""

import json
import os
import shutil
import subprocess
import types
from pathlib import Path

import pytest

PARTS = (
    "vagrant",
    "cloud.profiles.d",
    "cloud.providers.d",
    "etc",
    "requirements",
    "pillar/env/idr-local",
    "testbed/image",
)
FILES = ("Vagrantfile", "idr-local.map", "idr-next.map", ".gitignore")
DOUBLE = Path(__file__).with_name("double.rb")


@pytest.fixture(scope="session")
def some_keys(checkout, tmp_path_factory):
    """A folder of keys as the Vagrantfile made them: making them takes longer than all else."""
    root = _copy(checkout, tmp_path_factory.mktemp("keys") / "site")
    subprocess.run(["ruby", DOUBLE, root / "Vagrantfile"], check=True, capture_output=True, timeout=60)
    return root / ".vagrant"


def _copy(checkout, root):
    for part in PARTS:
        shutil.copytree(checkout / part, root / part)
    for name in FILES:
        shutil.copy(checkout / name, root)
    return root


@pytest.fixture
def site(checkout, tmp_path, some_keys):
    """
    ``.root``, a copy of the Vagrantfile's surroundings; ``.read()`` runs it and returns what it asked Vagrant for,
    ``.refused()`` what it said instead.
    """
    root = _copy(checkout, tmp_path / "site")
    shutil.copytree(some_keys, root / ".vagrant")

    def call(**variables):
        environment = {"PATH": os.environ["PATH"] + ":/usr/bin", **variables}
        return subprocess.run(
            ["ruby", DOUBLE, root / "Vagrantfile"],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def read(**variables):
        done = call(**variables)
        assert done.returncode == 0, done.stderr
        asked = json.loads(done.stdout)
        return types.SimpleNamespace(said=done.stdout + done.stderr, ssh=asked["ssh"], nodes=_nodes(asked["vm"]))

    def refused(**variables):
        done = call(**variables)
        assert done.returncode != 0, done.stdout
        return done.stderr

    return types.SimpleNamespace(root=root, keys=root / ".vagrant/idr/idr-local/keys", read=read, refused=refused)


def _nodes(vm):
    """``{machine: {"vm": calls, provider: (its own calls, calls on the machine)}}``"""
    found = {}
    for name, (node,) in vm["made"]["define"].items():
        own = node["vm"]
        providers = {key: (made, override["vm"]) for key, (made, override) in own.pop("made")["provider"].items()}
        found[name] = {"vm": own, **providers}
    return found
