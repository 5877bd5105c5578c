"""A changed setting of OMERO.web reaches its visitors without a failed request; one that it refuses reaches nobody."""

import json
import pathlib
import subprocess
import time

import pytest

HOST = "idr-local-omeroreadonly-2"
PAGE = "http://127.0.0.1/webclient/keepalive_ping/"
SCRIPT = pathlib.Path(__file__).with_name("loading.py")
SECONDS = 40


@pytest.fixture
def load(local):
    """A load on one server's own nginx, from the same host; function that waits for its end and gives its report."""
    command = [*local.prefix(local.leader(HOST)).split(), "python3", "-", PAGE, str(SECONDS)]
    with SCRIPT.open() as script:
        process = subprocess.Popen(command, stdin=script, stdout=subprocess.PIPE, text=True)

    def report():
        return json.loads(process.communicate(timeout=SECONDS + 60)[0])

    time.sleep(2)
    yield report
    process.communicate(timeout=SECONDS + 60)


def _apply(local, **config):
    """{state id: state} of all that changed or failed when OMERO.web is applied with these properties."""
    pillar = {"omero": {"web": {"config": {f"omero.web.{name}": value for name, value in config.items()}}}}
    states = local.salt(HOST, "state.apply", "omero.web", f"pillar={json.dumps(pillar)}")[HOST]
    assert isinstance(states, dict), states
    return {state["__id__"]: state for state in states.values() if state["changes"] or state["result"] is not True}


@pytest.fixture
def as_it_was(local):
    """The settings of pillar again, whatever happened."""
    yield
    _apply(local)
    assert _apply(local) == {}


def _workers(local):
    return set(local.host(HOST).run("pgrep -f '[g]unicorn.*omeroweb|[g]unicorn --config'").stdout.split())


def test_a_changed_setting_fails_no_request(local, load, as_it_was):
    main = local.host(HOST).run("systemctl show --property=MainPID --value omero-web").stdout
    before = _workers(local)
    found = _apply(local, page_size=321)
    assert list(found) == ["omero-web-configuration", "omero-web-service"]
    assert found["omero-web-service"]["changes"] == {"files": "read again"}
    assert load()["failures"] == []
    after = _workers(local)
    assert before
    # the same master, other workers
    assert local.host(HOST).run("systemctl show --property=MainPID --value omero-web").stdout == main
    assert before & after == {main.strip()}
    assert "omero.web.page_size" in str(found["omero-web-configuration"]["changes"])


def test_a_setting_that_omero_web_refuses_is_an_error_and_the_site_goes_on(local, load, as_it_was):
    before = _workers(local)
    # a value that only OMERO.web itself knows to be wrong
    found = _apply(local, session_engine="no.such.engine")
    assert found["omero-web-service"]["result"] is False
    assert "goes on with what it read before" in found["omero-web-service"]["comment"]
    report = load()
    assert report["requests"] > SECONDS
    assert report["failures"] == []
    assert _workers(local) == before
