"""What a visitor and an OMERO client see, from the machine, by the published ports alone."""

import pathlib
import re
import secrets
import shutil
import subprocess
import tempfile
import time

import pytest
import yaml

from testbed import wheels
from testbed.paths import CACHE, CHECKOUT, STATE


@pytest.fixture(scope="module")
def public_password():
    secret = yaml.safe_load((STATE / "secrets/idr-local/omeroreadonly.sls").read_text())
    return secret["secrets"]["omero"]["public"]


@pytest.fixture(scope="module")
def omero():
    """The `omero` command as a user of the site has it: on the machine, in an environment of its own."""
    folder = wheels.environment("client", CHECKOUT / "salt/omero/files/requirements-server.txt", CACHE)
    # not pytest's: only root may write below that
    home = pathlib.Path(tempfile.mkdtemp(prefix="omero-client-"))
    home.chmod(0o777)
    environment = {
        "HOME": str(home),
        "PATH": f"{folder}/bin:/usr/bin:/bin",
        "OMERODIR": str(home),
        "OMERO_USERDIR": str(home / "omero"),
    }

    def call(*arguments, password=""):
        # the omero command refuses root
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        # its programs are in root's cache
        readable = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        command = [*nobody, *readable, "omero", *arguments]
        # without a terminal omero takes a password from its environment only
        env = environment | ({"OMERO_PASSWORD": password} if password else {})
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, env=env)

    yield call
    shutil.rmtree(home)


def test_make_up_printed_the_address(local):
    assert "http://127.0.0.1:8080/" in local.up_output


def test_start_page_without_login(local):
    status, body, _, address = local.get("/")
    assert status == 200
    assert "login" not in address
    assert b"<title>A local image repository</title>" in body


def test_webclient_is_open_to_the_public_user(local):
    status, body, _, address = local.get("/webclient/?experimenter=-1")
    assert status == 200
    assert "login" not in address
    assert re.search(rb"<title>\s*Webclient\s*</title>", body)


def test_the_repository_has_an_image_to_show(local):
    status, body, headers, _ = local.get("/webclient/api/images/?experimenter_id=-1&orphaned=1")
    assert status == 200
    status, body, headers, _ = local.get("/webgateway/render_thumbnail/1/")
    assert (status, headers["Content-Type"], body[:2]) == (200, "image/jpeg", b"\xff\xd8")


def test_json_api_lists_projects(local):
    status, body, headers, _ = local.get("/api/v0/m/projects/")
    assert status == 200
    assert b"omero:details" in body or b'"data"' in body


def test_second_fetch_is_a_cache_hit_and_a_cache_breaker_makes_no_second_key(local):
    path = f"/webgateway/render_thumbnail/2/?fresh={secrets.token_hex(4)}"
    assert local.get(path)[2]["X-Cache"] == "MISS"
    assert local.get(path)[2]["X-Cache"] == "HIT"
    assert local.get(f"{path}&_=1700000000")[2]["X-Cache"] == "HIT"


def test_static_files_are_served(local):
    page = local.get("/webclient/?experimenter=-1")[1].decode()
    sheet = re.search(r'href="(/static/[^"]+\.css[^"]*)"', page)[1]
    status, body, headers, _ = local.get(sheet)
    assert (status, headers.get_content_type()) == (200, "text/css")
    assert body


def test_health_page_says_ok(local):
    status, body, _, _ = local.get("/webclient/keepalive_ping/")
    assert (status, body) == (200, b"OK")


def test_omero_login_as_public(local, omero, public_password):
    done = omero("login", "-s", "127.0.0.1", "-p", "4064", "-u", "public", password=public_password)
    assert done.returncode == 0, done.stdout + done.stderr
    counted = omero("hql", "-q", "--style=plain", "select count(i) from Image i")
    assert int(counted.stdout.strip().rpartition(",")[2]) > 0, counted.stdout + counted.stderr
    assert omero("logout").returncode == 0


def test_a_wrong_password_is_refused(local, omero):
    done = omero("login", "-s", "127.0.0.1", "-p", "4064", "-u", "public", "-C", password="wrong")
    assert done.returncode != 0
    assert "Password check failed" in done.stdout + done.stderr


def test_the_site_survives_one_read_only_server_without_an_error(local):
    """HAProxy reads the health page's body, so a host whose OMERO.server is down gets no visitor."""
    name = "idr-local-omeroreadonly-1"
    host = local.host(name)
    assert host.run("systemctl stop omero-server").succeeded
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and "DOWN" not in _web_servers(local, name):
            time.sleep(1)
        assert "DOWN" in _web_servers(local, name)
        for _ in range(10):
            assert local.get(f"/webgateway/render_thumbnail/3/?fresh={secrets.token_hex(4)}")[0] == 200
    finally:
        assert host.run("systemctl start omero-server").succeeded
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and "UP" not in _web_servers(local, name):
        time.sleep(1)
    assert "UP" in _web_servers(local, name)


def _web_servers(local, name):
    shown = local.host("idr-local-proxy").run("echo 'show stat' | python3 -c %s", SOCKET).stdout
    return " ".join(line.split(",")[17] for line in shown.splitlines() if line.split(",")[1:2] == [name])


SOCKET = (
    "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect('/run/haproxy/admin.sock');"
    " s.sendall(sys.stdin.buffer.read()); print(s.makefile().read())"
)
