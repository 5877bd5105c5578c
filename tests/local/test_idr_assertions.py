"""What the tests of the IDR's own deployment assert of its servers, asserted of ours (IDR/deployment, molecule)."""

import re
import secrets

import pytest

SERVERS = ("omeroreadwrite", "omeroreadonly-1", "omeroreadonly-2")


@pytest.fixture
def host(local, request):
    return local.host(f"{local.name}-{request.param}")


def on(*names):
    return pytest.mark.parametrize("host", names, indirect=True)


def listening(host):
    """Ports that something on the host listens on, each with its local addresses."""
    ports = {}
    for line in host.run("ss -ltnH").stdout.splitlines():
        address, _, port = line.split()[3].rpartition(":")
        ports.setdefault(int(port), set()).add(address)
    return ports


@on("database")
def test_database(host):
    assert host.service("postgresql@15-main").is_running
    assert host.service("postgresql").is_enabled
    assert 5432 in listening(host)
    query = "SELECT currentpatch || '|' || currentversion FROM dbpatch ORDER BY id DESC LIMIT 1"
    shown = host.run("su -s /bin/sh - postgres -c %s", f'psql -Atd omero -c "{query}"')
    assert shown.stdout.strip() == "0|OMERO5.4"


@on(*SERVERS)
@pytest.mark.parametrize("service", ["omero-server", "omero-web", "nginx", "redis-server"])
def test_services_of_a_server(host, service):
    assert host.service(service).is_running
    assert host.service(service).is_enabled


@on(*SERVERS)
def test_ports_of_a_server(host):
    ports = listening(host)
    assert {80, 4061, 4063, 4064} <= set(ports)
    assert ports[4061] == {"127.0.0.1"}


@on("proxy")
def test_ports_of_the_front_end(host):
    assert {80, 443, 4064, 9000} <= set(listening(host))
    assert {"nginx", "haproxy"} == {name for name in ("nginx", "haproxy") if host.service(name).is_running}


def test_title_of_the_start_page(local):
    status, body, headers, _ = local.get("/")
    assert status == 200
    assert b"<title>A local image repository</title>" in body
    assert headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/api/v0/", "/static/webclient/css/layout.css"])
def test_a_second_request_is_a_hit_in_the_access_log(local, path):
    address = f"{path}?once={secrets.token_hex(4)}"
    assert [local.get(address)[0] for _ in range(2)] == [200, 200]
    log = local.host(f"{local.name}-proxy").run("grep -F %s /var/log/nginx/access.log", address).stdout
    assert [re.search(r"\b(HIT|MISS)\b", line)[1] for line in log.splitlines()] == ["MISS", "HIT"]
