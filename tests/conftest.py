"""What all tests share."""

import os
import pathlib
import sys
import threading

import pytest
import salt._logging
from saltfactories.plugins.event_listener import EventListener

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
LOOPBACK = "127.0.0.1"
STATUS = pytest.StashKey[int]()
# seconds after the tests' end
LINGER = 60

# Salt keeps early messages for a terminal that pytest closes first.
salt._logging.shutdown_temp_handler()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    """Keep salt-factories' log server, which listens everywhere by default, on loopback."""
    session.config.pluginmanager.get_plugin("saltfactories-log-server").log_host = LOOPBACK


@pytest.fixture(scope="session")
def event_listener():
    """salt-factories' own fixture, on loopback as well."""
    listener = EventListener()
    listener.host, listener.address = LOOPBACK, f"tcp://{LOOPBACK}:{listener.port}"
    with listener:
        yield listener


@pytest.fixture(scope="session")
def checkout():
    """Root of the checkout that is tested."""
    return CHECKOUT


@pytest.fixture(scope="session")
def as_root():
    """For tests that need root. Under CI its absence is a failure, and never a silent skip."""
    if os.geteuid() == 0:
        return
    if os.environ.get("CI") == "true":
        pytest.fail("this test needs root, and CI has to give it")
    pytest.skip("needs root")


def _kind(item):
    return item.path.relative_to(CHECKOUT / "tests").parts[0]


def pytest_collection_modifyitems(items):
    """Quick tests first; the local environment last, and its removal after everything else."""
    order = ("unit", "render", "functional", "integration", "cloud", "local", "vagrant")
    items.sort(key=lambda item: (order.index(_kind(item)), item.path.name == "test_zz_down.py"))


def pytest_sessionfinish(session, exitstatus):
    session.config.stash[STATUS] = int(exitstatus)


def pytest_unconfigure(config):
    """A thread that does not end, as salt-factories' listener once did, keeps nobody waiting."""
    timer = threading.Timer(LINGER, _end, [config.stash.get(STATUS, 1)])
    timer.daemon = True
    timer.start()


def _end(status):
    left = ", ".join(thread.name for thread in threading.enumerate() if not thread.daemon)
    print(f"{__file__}: these threads do not end within {LINGER} s: {left}", file=sys.stderr, flush=True)
    os._exit(status)
