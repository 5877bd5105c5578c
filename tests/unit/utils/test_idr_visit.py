"""A site's smoke test and its visitor, against a real server on loopback."""

import email.message
import http.server
import json
import threading

import idr_smoke
import idr_visit
import pytest

IMAGES = json.dumps({"data": [{"@id": 7}]}).encode()


class Site(http.server.BaseHTTPRequestHandler):
    """Pages as a good site has them, unless ``broken`` says otherwise: ``{path: (status, type, body)}``."""

    broken: dict = {}
    seen: set = set()
    PAGES = {
        "/": (302, "", b"/start"),
        "/start": (200, "text/html", b"hello"),
        "/webclient/": (200, "text/html; charset=utf-8", b"<title> Webclient </title>"),
        "/webclient/keepalive_ping/": (200, "text/html", b"OK"),
        "/connection/omero-client.json": (200, "application/json", b"{}"),
        "/api/v0/m/projects/": (200, "application/json", b'{"data": []}'),
        "/api/v0/m/images/": (200, "application/json", IMAGES),
        "/webgateway/render_thumbnail/7/": (200, "image/jpeg", b"\xff\xd8"),
        "/webgateway/render_image/7/0/0/": (200, "image/png", b"png"),
    }

    def do_GET(self):
        path = self.path.split("?")[0]
        status, kind, body = self.broken.get(path) or self.PAGES.get(path) or (404, "text/html", b"")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("X-Host", self.headers["Host"])
        self.send_header("X-Cache", "HIT" if self.path in self.seen else "MISS")
        if status == 302:
            self.send_header("Location", body.decode())
        self.end_headers()
        self.wfile.write(body)
        type(self).seen.add(self.path)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def site():
    class Own(Site):
        broken, seen = {}, set()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    visitor = idr_visit.Visitor("site.example", timeout=5)
    visitor.port = server.server_address[1]
    yield Own, visitor
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_is_asked_for_by_the_site_s_name_and_redirects_are_followed(site):
    status, headers, body, at = site[1].get("/")
    assert (status, body, at) == (200, b"hello", "/start")
    assert headers["X-Host"] == "site.example"


@pytest.mark.parametrize(
    ("location", "message"),
    [("http://other.example/", "within http://site.example"), ("/", "no more than 5 redirects")],
)
def test_redirects_that_lead_away_or_nowhere_are_told(site, location, message):
    site[0].broken["/"] = (302, "", location.encode())
    with pytest.raises(ValueError, match=message):
        site[1].get("/")


def test_who_does_not_answer_is_told(site):
    site[1].port = 1
    with pytest.raises(ValueError, match="/x: ConnectionRefusedError"):
        site[1].get("/x")


def test_a_good_site_is_good(site):
    found = idr_smoke.looked(site[1].get)
    assert set(found) == {*idr_smoke.PAGES, "images", "cache"}
    assert set(found.values()) == {""}


@pytest.mark.parametrize(
    ("path", "answer", "what", "says"),
    [
        ("/start", (500, "text/html", b""), "start page", "expected status 200, found 500"),
        ("/", (302, "", b"/webclient/login/"), "start page", "expected status 200, found 404"),
        ("/webclient/", (200, "text/html", b"<title>Maintenance</title>"), "webclient", "expected 'Webclient'"),
        ("/webclient/keepalive_ping/", (200, "text/html", b"Connection Failed"), "health", "expected 'OK'"),
        ("/api/v0/m/projects/", (200, "text/html", b'{"data": []}'), "api", "expected application/json"),
        ("/api/v0/m/images/", (200, "application/json", b'{"data": []}'), "images", "expected an image, found none"),
        ("/api/v0/m/images/", (200, "application/json", b"[]"), "images", "expected images with ids"),
        ("/webgateway/render_image/7/0/0/", (200, "text/html", b""), "images", "expected image/"),
        ("/webgateway/render_thumbnail/7/", (404, "text/html", b""), "cache", "found 404"),
    ],
)
def test_what_is_wrong_is_named(site, path, answer, what, says):
    site[0].broken[path] = answer
    found = idr_smoke.looked(site[1].get)
    assert says in found[what]


def test_a_login_page_is_not_public(site):
    site[0].broken |= {"/": (302, "", b"/webclient/login/"), "/webclient/login/": (200, "text/html", b"")}
    assert "needs no login" in idr_smoke.looked(site[1].get)["start page"]


def test_a_cache_that_keeps_nothing_is_told():
    headers = email.message.Message()
    headers["Content-Type"], headers["X-Cache"] = "image/jpeg", "MISS"

    def get(path):
        return 200, headers, IMAGES, path

    assert "MISS, then MISS" in idr_smoke._cache(get, "/x")
