"""An alert that asks for one server more, from the HTTP request to the runner."""

import time
import urllib.error
import urllib.request

import pytest

RUNNER = "runner.idr.scale_out"
# as conftest.py configures it
ENVIRONMENT = "elsewhere"


@pytest.fixture
def post(hook, master):
    """Function that calls the webhook engine."""

    def post(path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{hook['port']}{path}", b"{}", headers, method="POST")
        deadline = time.monotonic() + 60
        while True:
            try:
                return urllib.request.urlopen(request, timeout=10).status
            except urllib.error.HTTPError:
                raise
            except urllib.error.URLError:
                # The engine listens a moment after the master does.
                assert time.monotonic() < deadline
                time.sleep(0.5)

    return post


def _ran(event_listener, master, kind, since):
    events = event_listener.get_events([(master.id, f"salt/run/*/{kind}")], after_time=since)
    return [event.data for event in events if event.data.get("fun") == RUNNER]


def test_only_who_has_the_token_sets_something_off(post, hook, cli, environment, event_listener, master, joined):
    begin, token = time.time(), {"X-Idr-Token": hook["token"]}
    for path, headers in (
        (f"/scale-out/{ENVIRONMENT}", {}),
        (f"/scale-out/{ENVIRONMENT}", {"X-Idr-Token": hook["token"][:-1]}),
        (f"/scale-out/{environment}", token),
        (f"/scale-out/x/{ENVIRONMENT}", token),
        ("/scale-out/", token),
        (f"/other/{ENVIRONMENT}", token),
    ):
        assert post(path, **headers) == 200
    forged = {"headers": {"X-Idr-Token": ""}, "post": {}}
    assert cli(f"{environment}-proxy", "event.send", f"salt/engines/hook/scale-out/{ENVIRONMENT}", forged) is True
    assert post(f"/scale-out/{ENVIRONMENT}", **token) == 200
    deadline = time.monotonic() + 60
    while not (returned := _ran(event_listener, master, "ret", begin)):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    time.sleep(2)
    assert len(_ran(event_listener, master, "new", begin)) == 1
    assert (returned[0]["success"], returned[0]["return"]) == (True, {"plan": None, "notes": ["the limit is 0"]})
