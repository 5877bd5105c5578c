"""`make test` and `make lint`: the tools in a virtual environment of their own, then what the user asked for."""

import contextlib
import os
import subprocess
import sys
import tempfile

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
OTHERS = (
    *(f"tests/{kind}" for kind in ("functional", "integration", "local")),
    # All of tests/cloud, and a release there, take longer than a run of everything may: `make test-cloud`. A map is
    # made on OpenStack by tests/local/test_openstack_site.py as well.
    "tests/cloud/infrastructure/test_infrastructure_states.py",
    "--ignore=tests/local/test_openstack_release.py",
    # the same on other machines: `make test-anywhere`
    "--ignore=tests/local/test_all_in_one.py",
    # an hour of storms and deaths: `make test-endurance`
    "--ignore=tests/local/endurance",
)
# seconds for what goes on beside other tests
LIMIT = 2400


def _prepare(packages=()):
    CACHE.mkdir(parents=True, exist_ok=True)
    machine.install_packages(packages)
    return wheels.test_environment()


def _call(tools, command):
    return subprocess.call(command, cwd=CHECKOUT, env=_environment(tools))


def _environment(tools):
    path = f"{tools}:{os.environ.get('PATH', '/usr/sbin:/usr/bin:/sbin:/bin')}:/usr/sbin:/sbin"
    return {**os.environ, "PATH": path}


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
    """
    Run pytest with `options`; without any, the linters and then every test, but of the cloud's only some. `make up`
    waits half of its time: it goes on beside the tests that need nothing.
    """
    tools = _prepare([*machine.TEST_PACKAGES, *openstack.PACKAGES])
    if options:
        return _call(tools, _pytest(tools, options))
    failed = lint()
    # what came of it is asked by the first test that wants it
    with _beside(tools, [CHECKOUT / "testbed/run", "up"]):
        failed = _call(tools, _pytest(tools, ALONE)) or failed
    return _call(tools, _pytest(tools, OTHERS)) or failed


def _pytest(tools, chosen):
    return [f"{tools}/python", "-m", "pytest", *chosen]


@contextlib.contextmanager
def _beside(tools, command):
    """Run a command while the block does; wait for it, up to LIMIT seconds, and print what it said."""
    with tempfile.TemporaryFile() as said:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(command, cwd=CHECKOUT, env=_environment(tools), **pipes)
        try:
            yield
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LIMIT)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(60)
            said.seek(0)
            sys.stdout.write(said.read().decode(errors="replace"))
            sys.stdout.flush()
