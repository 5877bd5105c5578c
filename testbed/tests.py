"""`make test` and `make lint`: the tools in a virtual environment of their own, then what the user asked for."""

import os
import subprocess

from testbed import machine, wheels
from testbed.console import step
from testbed.openstack import packages as openstack
from testbed.paths import CACHE, CHECKOUT

LINTERS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("yamllint", "--strict", "."),
    ("mypy", "_utils"),
)

# They have nothing outside themselves, so every processor takes files of them.
ALONE = ("-n", str(os.cpu_count()), "--dist", "loadfile", "tests/unit", "tests/render")

# All of tests/cloud, and a release there, take longer than a run of everything may: `make test-cloud`.
USUAL = (
    *(f"tests/{kind}" for kind in ("functional", "integration", "local")),
    "tests/cloud/test_map.py",
    "tests/cloud/infrastructure/test_infrastructure_states.py",
    # an hour of storms and deaths: `make test-endurance`
    "--ignore=tests/local/endurance",
    "--ignore=tests/local/test_openstack_release.py",
)


def _prepare(packages=()):
    CACHE.mkdir(parents=True, exist_ok=True)
    machine.install_packages(packages)
    return wheels.test_environment()


def _call(tools, command):
    path = f"{tools}:{os.environ.get('PATH', '/usr/sbin:/usr/bin:/sbin:/bin')}:/usr/sbin:/sbin"
    return subprocess.call(command, cwd=CHECKOUT, env={**os.environ, "PATH": path})


def lint():
    """Run all linters; returns 1 when one of them complained."""
    tools = _prepare()
    states = sorted(
        str(p.relative_to(CHECKOUT)) for top in ("salt", "pillar", "reactor") for p in (CHECKOUT / top).rglob("*.sls")
    )
    failed = 0
    for command in (*LINTERS, ("salt-lint", *states)):
        with step(" ".join(command[:3])):
            failed |= _call(tools, [f"{tools}/{command[0]}", *command[1:]]) != 0
    return int(failed)


def run(options):
    """Run pytest with `options`; without any, the linters and then every test, but of the cloud's only some."""
    tools = _prepare([*machine.TEST_PACKAGES, *openstack.PACKAGES])
    failed = lint() if not options else 0
    for chosen in [options] if options else [ALONE, USUAL]:
        failed = _call(tools, [f"{tools}/python", "-m", "pytest", *chosen]) or failed
    return failed
