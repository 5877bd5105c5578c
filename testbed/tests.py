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
HERE = ("tests/functional", "tests/integration")
# All of tests/cloud, and a release there, take longer than a run of everything may: `make test-cloud`.
CLOUD = ("tests/cloud/test_map.py", "tests/cloud/infrastructure/test_infrastructure_states.py")
LOCAL = (
    "tests/local",
    # an hour of storms and deaths: `make test-endurance`
    "--ignore=tests/local/endurance",
    "--ignore=tests/local/test_openstack_release.py",
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
    Run pytest with `options`; without any, the linters and then every test, but of the cloud's only some. These wait
    most of the time, as does `make up`, which the local environment's tests want: both go on beside others.
    """
    tools = _prepare([*machine.TEST_PACKAGES, *openstack.PACKAGES])

    def pytest(chosen):
        return [f"{tools}/python", "-m", "pytest", *chosen]

    if options:
        return _call(tools, pytest(options))
    failed = lint()
    failed = _call(tools, pytest(ALONE)) or failed
    # what came of it is asked by the first test that wants it
    with _beside(tools, [CHECKOUT / "testbed/run", "up"]), _beside(tools, pytest(CLOUD)) as cloud:
        failed = _call(tools, pytest(HERE)) or failed
    failed = cloud.returncode or failed
    return _call(tools, pytest(LOCAL)) or failed


@contextlib.contextmanager
def _beside(tools, command):
    """Run a command while the block does; then wait for it, up to LIMIT seconds, and print what it said."""
    with tempfile.TemporaryFile() as said:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(command, cwd=CHECKOUT, env=_environment(tools), **pipes)
        try:
            yield process
            process.wait(LIMIT)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(60)
            said.seek(0)
            sys.stdout.write(said.read().decode(errors="replace"))
            sys.stdout.flush()
