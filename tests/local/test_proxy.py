"""The front end as its visitors, OMERO's clients and its operators have it."""

import base64
import contextlib
import json
import re
import secrets
import subprocess
import time

import pytest
import visiting
import yaml

from testbed import wheels
from testbed.paths import CACHE, CHECKOUT, STATE

SITE = f"http://{visiting.PROXY}"
SERVERS = {"idr-local-omeroreadonly-1": 14061, "idr-local-omeroreadonly-2": 14062}
# idr-py does this with what /connection/omero-client.json says
LOGIN = """
import json, sys, omero
client = omero.client(args=json.loads(sys.argv[1]), host=sys.argv[2])
session = client.createSession("public", sys.stdin.readline().strip())
print(session.getAdminService().getEventContext().userName, client.getPropertyMap()["Ice.Default.Router"])
client.closeSession()
"""
# a session that is used again after HAProxy was reloaded, while new connections go on being made
RELOADED = """
import select, socket, sys, omero
client = omero.client(host=sys.argv[2], port=4064)
session = client.createSession("public", sys.stdin.readline().strip())
print("open", flush=True)
count = 0
while not select.select([sys.stdin], [], [], 0.02)[0]:
    socket.create_connection((sys.argv[2], 4063), 5).close()
    count += 1
print(session.getAdminService().getEventContext().userName, count)
client.closeSession()
"""


@pytest.fixture(scope="module")
def proxy(local):
    return local.host(visiting.PROXY)


@pytest.fixture
def curl(local):
    """(status, {header: value}, body) of one request from within the network."""

    def curl(address, *options):
        done = local.run("curl", "-s", "-k", "-m", "60", "-D", "-", *options, address)
        head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
        lines = head.splitlines()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        return int(lines[0].split()[1]), headers, body

    return curl


@pytest.mark.parametrize("port", [80, 443, 9000, 4063, 4064, *SERVERS.values()])
def test_doors_are_open(local, port):
    script = f"import socket; socket.create_connection(('{visiting.PROXY}', {port}), 10)"
    assert local.run("python3", "-c", script).returncode == 0


@pytest.mark.parametrize("door", ["http://127.0.0.1:8080", "https://127.0.0.1:8443"])
def test_start_page_through_both_doors(door):
    done = subprocess.run(["curl", "-sk", f"{door}/"], capture_output=True, text=True, timeout=60, check=True)
    assert "<title>A local image repository</title>" in done.stdout


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "page", ["/webclient/login/", "/webclient//login/?url=/", "/webadmin/login/", "/api/v0/login/"]
)
def test_nobody_logs_in_through_the_public_site(curl, method, page):
    for door in (SITE, f"https://{visiting.PROXY}"):
        status, headers, _ = curl(door + page, "-X", method)
        assert (status, headers["location"]) == (302, "/")


@pytest.mark.parametrize(
    "query", ["bsession=x", "a=1&username=u&password=p", "b%73ession=x", "%75sername=u&password=p"]
)
def test_no_page_logs_in_by_its_arguments(curl, query):
    assert curl(f"{SITE}/webclient/?{query}")[0] == 403


def test_encoded_brackets_are_no_login(curl):
    assert curl(f"{SITE}/api/v0/?x%5B%5D=username")[0] == 200


def test_forbidden_pages(curl):
    assert curl(f"{SITE}/django_prometheus/metrics")[0] == 403


def test_redirects_do_not_name_a_port(curl):
    status, headers, _ = curl(f"{SITE}/webclient")
    assert (status, headers["location"]) == (302, "/webclient/?experimenter=-1")


@pytest.mark.parametrize("path", ["/api/v0/", "/webclient/?experimenter=-1", "/no-such-page/"])
def test_every_page_may_be_read_from_other_sites(curl, path):
    assert curl(SITE + path, "-H", "Origin: https://other.example")[1]["access-control-allow-origin"] == "*"


def test_a_preflight_request_is_answered(curl):
    asked = ["-H", "Origin: https://other.example", "-H", "Access-Control-Request-Headers: x-requested-with"]
    status, headers, body = curl(f"{SITE}/api/v0/", "-X", "OPTIONS", *asked)
    assert (status, body) == (204, "")
    assert headers["access-control-allow-origin"] == "*"
    assert "GET" in headers["access-control-allow-methods"]
    assert headers["access-control-allow-headers"] == "x-requested-with"


def test_omero_web_knows_how_it_was_reached(curl):
    path = f"/api/v0/?fresh={secrets.token_hex(4)}"
    for door in (f"https://{visiting.PROXY}", SITE):
        assert f'"{door}/api/v0/m/projects/"' in curl(door + path)[2]


def test_robots_are_kept_from_pictures(curl):
    status, headers, body = curl(f"{SITE}/robots.txt")
    assert (status, headers["content-type"]) == (200, "text/plain")
    assert "Disallow: /webgateway/" in body


def test_an_upgraded_connection_reaches_omero(local):
    """Ice greets a new connection with a message of its own, here as the WebSocket's first frame."""
    script = (
        "import socket, sys; s = socket.create_connection((sys.argv[1], 80), 10); s.settimeout(10)\n"
        "s.sendall(sys.argv[2].encode())\n"
        "got = b''\n"
        "while b'IceP' not in got: got += s.recv(4096) or sys.exit(f'closed after {got!r}')\n"
        "print(got)"
    )
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    lines = ["GET /omero-ws HTTP/1.1", f"Host: {visiting.PROXY}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Protocol: ice.zeroc.com", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
    done = local.run("python3", "-c", script, visiting.PROXY, "\r\n".join([*lines, "", ""]))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("b'HTTP/1.1 101 ")


@pytest.fixture(scope="module")
def login_command():
    """Function: the command that runs a script with omero-py within the network, and the password of public."""
    folder = wheels.environment("client", CHECKOUT / "salt/omero/files/requirements-server.txt", CACHE)
    secret = yaml.safe_load((STATE / "secrets/idr-local/omeroreadonly.sls").read_text())

    def command(script, arguments):
        inside = [f"{folder}/bin/python", "-W", "ignore", "-c", script, json.dumps(arguments), visiting.PROXY]
        return [CHECKOUT / "bin/local", *inside], secret["secrets"]["omero"]["public"]

    return command


@pytest.fixture(scope="module")
def login(login_command):
    """Function that logs in as public with omero-py from within the network, and says by which endpoints."""

    def login(arguments):
        command, password = login_command(LOGIN, arguments)
        return subprocess.run(command, input=password + "\n", capture_output=True, text=True, timeout=120)

    return login


def test_omero_clients_are_told_where_to_go(curl, login):
    status, headers, body = curl(f"{SITE}/connection/omero-client.json")
    assert (status, headers["content-type"]) == (200, "application/json")
    arguments = json.loads(body)
    assert re.findall(r"-p (\d+)", arguments[0]) == [str(port) for port in SERVERS.values()]
    done = login(arguments)
    assert done.stdout.startswith("public "), done.stdout + done.stderr


@pytest.mark.parametrize("server", SERVERS)
def test_each_server_has_a_port_of_its_own(proxy, login, server):
    port = SERVERS[server]

    def sessions():
        rows = [line.split(",") for line in visiting.control(proxy, "show stat").splitlines()]
        return {row[0]: int(row[7]) for row in rows if row[0] in SERVERS and row[1] == row[0]}

    before = sessions()
    done = login([f"--Ice.Default.Router=OMERO.Glacier2/router:ssl -h @omero.host@ -p {port}"])
    assert done.stdout.startswith("public "), done.stdout + done.stderr
    after = sessions()
    assert {name for name in after if after[name] > before[name]} == {server}


@contextlib.contextmanager
def closed(local):
    try:
        assert local.salt(visiting.PROXY, "frontend.maintenance", "on=True") == {visiting.PROXY: True}
        yield
    finally:
        assert local.salt(visiting.PROXY, "frontend.maintenance", "on=False") == {visiting.PROXY: False}


def test_maintenance_is_switched_without_a_reload(local, proxy, curl):
    page = f"/webclient/?experimenter=-1&fresh={secrets.token_hex(4)}"
    workers = proxy.run("pgrep -f 'nginx: [w]orker'").stdout
    with closed(local):
        for path in (page, "/", "/robots.txt", "/static/x.css"):
            status, headers, body = curl(SITE + path)
            assert (status, headers["retry-after"], headers["cache-control"]) == (503, "600", "no-store")
            assert "<h1>Maintenance</h1>" in body
        status, headers, _ = curl(f"https://{visiting.PROXY}/", "-X", "POST")
        assert (status, headers["retry-after"]) == (503, "600")
        # those who work on the site go on, and so does whoever is in OMERO itself
        assert curl(f"http://{visiting.PROXY}:9000/api/v0/")[0] == 200
    status, headers, _ = curl(SITE + page)
    assert (status, headers["x-cache"]) == (200, "MISS")
    assert proxy.run("pgrep -f 'nginx: [w]orker'").stdout == workers


def test_maintenance_by_pillar_lets_those_in_whom_it_names(local, curl):
    def apply(**maintenance):
        pillar = json.dumps({"proxy": {"maintenance": maintenance}}) if maintenance else "{}"
        answer = local.salt(visiting.PROXY, "state.apply", "proxy", f"pillar={pillar}")[visiting.PROXY]
        assert all(state["result"] for state in answer.values()), answer

    try:
        apply(enabled=True, message="<back> at noon")
        assert "&lt;back&gt; at noon" in curl(f"{SITE}/")[2]
        apply(enabled=True, allow=["10.99.0.1/32"])
        assert curl(f"{SITE}/")[0] == 200
    finally:
        apply()
    assert curl(f"{SITE}/")[0] == 200


def test_a_file_that_nginx_refuses_is_never_installed(local, proxy, curl):
    file = proxy.file("/etc/nginx/conf.d/proxy.conf")
    before = file.content_string
    pillar = json.dumps({"proxy": {"forbidden": ["^/(unbalanced"]}})
    answer = local.salt(visiting.PROXY, "state.apply", "proxy.site", f"pillar={pillar}")[visiting.PROXY]
    states = {state["__id__"]: state for state in answer.values()}
    assert states["proxy-site"]["result"] is False
    assert "unbalanced" in states["proxy-site"]["comment"]
    assert not states["nginx-service"]["changes"]
    assert file.content_string == before
    assert proxy.run("nginx -t").succeeded
    assert curl(f"{SITE}/")[0] == 200


def test_a_reload_of_haproxy_leaves_connections_alone(proxy, login_command):
    """A session that was open before goes on, and no new connection is refused meanwhile."""
    command, password = login_command(RELOADED, [])
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    client.stdin.write(password + "\n")
    client.stdin.flush()
    assert client.stdout.readline() == "open\n", client.communicate(timeout=60)
    for _ in range(2):
        assert proxy.run("systemctl reload haproxy").succeeded
        # the client goes on connecting
        time.sleep(1)
    out, err = client.communicate("reloaded\n", timeout=60)
    assert (client.returncode, out.split()[0]) == (0, "public"), err
    assert int(out.split()[1]) > 10
