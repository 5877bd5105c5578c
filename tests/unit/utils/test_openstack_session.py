"""What is said of a cloud that is not to be had, by the real openstacksdk, and how long it is borne with."""

import socket
import types

import openstack_errors
import openstack_session
import pytest
import requests
import yaml
from cloud_errors import CloudError
from openstack_errors import PassingError

PASSWORD = "not-to-be-seen"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Function that writes clouds.yaml."""
    path = tmp_path / "clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    monkeypatch.chdir(tmp_path)
    return path.write_text


@pytest.fixture
def closed():
    """A port of loopback that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def ask(cloud):
    """As a state does."""
    with openstack_errors.told(cloud):
        openstack_session.kept({}, cloud).authorize()


def entry(address, **more):
    auth = {"auth_url": address, "username": "me", "password": PASSWORD, "project_name": "mine"}
    domains = {"user_domain_name": "Default", "project_domain_name": "Default"}
    return yaml.safe_dump({"clouds": {"lab": {"region_name": "one", "auth": {**auth, **domains}, **more}}})


@pytest.mark.parametrize("path", ["/v3", ""])
def test_a_cloud_that_does_not_answer_may_be_back(write, closed, path):
    write(entry(f"http://127.0.0.1:{closed}{path}"))
    with pytest.raises(PassingError, match="^cloud lab: ") as caught:
        ask("lab")
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "clouds: {other: {}}",
            "cloud lab: expected an entry of clouds.yaml, or what auth needs: Cloud lab was not found",
        ),
        (f"clouds:\n  lab:\n    auth: {PASSWORD}\n", "cloud lab: expected an entry of clouds.yaml, with a map auth"),
        (f"clouds:\n  lab: {PASSWORD}\n", "cloud lab: expected an entry of clouds.yaml, with a map auth"),
        (f"clouds:\n  - {PASSWORD}\n", "cloud lab: expected an entry of clouds.yaml"),
        (f"clouds:\n  lab:\n    auth: {{password: {PASSWORD}}}\n", "cloud lab: "),
    ],
)
def test_a_wrong_file_is_named_without_what_is_in_it(write, text, expected):
    write(text)
    with pytest.raises(CloudError) as caught:
        ask("lab")
    assert not isinstance(caught.value, PassingError)
    assert str(caught.value).startswith(expected)
    shown = f"{caught.value}{caught.value.__cause__}{caught.value.__suppress_context__}"
    assert PASSWORD not in shown
    assert shown.endswith("True")


@pytest.mark.parametrize("file", ["OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE"])
def test_what_is_no_yaml_is_named_by_its_line_and_logged_nowhere(write, tmp_path, monkeypatch, caplog, file):
    write(entry("http://127.0.0.1/v3"))
    path = tmp_path / "broken.yaml"
    path.write_text(f"clouds:\n  lab:\n    auth: {{password: {PASSWORD}: x}}\n")
    monkeypatch.setenv(file, str(path))
    with pytest.raises(CloudError, match=f"^cloud lab: {path}: expected YAML, found something else at line 3$"):
        ask("lab")
    path.write_bytes(b"clouds: \xff")
    with pytest.raises(CloudError, match=f"^cloud lab: {path}: expected YAML, found something else at its characters$"):
        ask("lab")
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("cloud", [None, "", 7])
def test_a_cloud_needs_a_name(cloud):
    with pytest.raises(CloudError, match="^cloud: expected the name of an entry"):
        ask(cloud)


def test_an_address_that_is_none_will_never_answer(write):
    write(entry("htp://127.0.0.1/v3"))
    with pytest.raises(CloudError) as caught:
        ask("lab")
    assert not isinstance(caught.value, PassingError)


def test_a_connection_is_kept(write):
    write(entry("http://127.0.0.1/v3"))
    context: dict = {}
    assert openstack_session.kept(context, "lab") is openstack_session.kept(context, "lab")


def test_only_requests_that_make_nothing_twice_are_repeated():
    assert openstack_session.patience("GET", "http://a/servers", 5)["connect_retries"] == 5
    assert openstack_session.patience("delete", "http://a/servers/1", 5)["retriable_status_codes"] == [
        429,
        500,
        502,
        503,
        504,
    ]
    post = openstack_session.patience("POST", "http://a/servers", 5)
    assert (post["connect_retries"], post["retriable_status_codes"]) == (0, [429])
    assert openstack_session.patience("POST", "http://a/v3/auth/tokens", 5)["connect_retries"] == 5


@pytest.mark.parametrize(("asked", "said"), [("7", "7"), ("86400", "60"), ("-1", "0"), ("soon", None), (None, None)])
def test_a_cloud_may_ask_for_a_pause_but_not_for_any(asked, said):
    headers = requests.structures.CaseInsensitiveDict({"retry-after": asked} if asked else {})
    openstack_session.bound_pause(types.SimpleNamespace(headers=headers), 60)
    assert headers.get("Retry-After") == said
