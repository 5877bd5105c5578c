"""The front end's cache: what is kept where, for whom, how long, and what happens without a back end."""

import re
import secrets
import urllib.request

import pytest
import visiting

# address, and the zone that it belongs to
VISIT = [
    ("/?visit={}", "omero"),
    ("/webclient/?experimenter=-1&visit={}", "omero"),
    ("/webclient/search/?visit={}", "omero"),
    ("/figure/?visit={}", "omero"),
    ("/static/webgateway/css/ome.header.css?visit={}", "omerostatic"),
    ("/webclient/get_thumbnail/1/?visit={}", "omerothumbnail"),
    ("/webgateway/render_thumbnail/1/?visit={}", "omerothumbnail"),
    ("/webgateway/render_image/1/0/0/?visit={}", "omerorender"),
    ("/webclient/metadata_details/image/1/?visit={}", "omerometadata"),
    ("/api/v0/?visit={}", "omeroapi"),
    ("/webclient/api/images/?experimenter_id=-1&orphaned=1&visit={}", "omeroapi"),
    ("/gallery-api/thumbnails/?image=1&visit={}", "omeroapi"),
    ("/webclient/img_detail/1/?visit={}", "omeroviewers"),
    ("/iviewer/?images=1&visit={}", "omeroviewers"),
]


@pytest.fixture(scope="module")
def proxy(local):
    return local.host(visiting.PROXY)


@pytest.fixture
def token():
    return secrets.token_hex(8)


def fetch(local, path, method="GET", **headers):
    """(status, headers, body) as sent; headers by names with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(local.url + path, method=method, headers=named)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status, answer.headers, answer.read()


def test_a_replayed_visit_is_all_hits_from_the_right_zones(local, proxy, token):
    for _ in range(2):
        for path, _ in VISIT:
            assert local.get(path.format(token))[0] == 200, path
    seen = visiting.logged(proxy, token)
    zones = [zone for _, zone in VISIT]
    assert seen[: len(VISIT)] == [("200", "MISS", zone) for zone in zones]
    assert seen[len(VISIT) :] == [("200", "HIT", zone) for zone in zones]


def test_second_request_of_the_api_and_of_a_static_file_is_a_hit(local, proxy):
    """The IDR's own assertion, on the addresses that it uses."""
    sheet = re.search(rb'href="(/static/[^"]+\.css[^"]*)"', local.get("/webclient/?experimenter=-1")[1])[1].decode()
    for path in ("/api/v0/", sheet):
        mark = secrets.token_hex(8)
        for _ in range(2):
            fetch(local, path, User_Agent=mark)
        assert visiting.logged(proxy, mark)[1][:2] == ("200", "HIT")


@pytest.mark.parametrize("first", ["/api/v0/?_=1", "/api/v0/?a=1&_=17", "/api/v0/?_=1&a=2", "/api/v0/?a=3&_=1&b=4"])
def test_a_cache_breaker_is_no_part_of_the_key(local, token, first):
    base = first.replace("/api/v0/", f"/api/v0/m/projects/{'?' if '?' not in first else ''}")
    path = base + f"&visit={token}"
    assert fetch(local, path)[1]["X-Cache"] == "MISS"
    plain = re.sub(r"(?<=[?&])_=\d+&", "", path)
    assert "_=" not in plain
    assert fetch(local, plain)[1]["X-Cache"] == "HIT"
    assert fetch(local, re.sub(r"_=\d+", "_=99", path))[1]["X-Cache"] == "HIT"


def test_the_bare_address_and_its_cache_breaker_are_one_page(local):
    assert fetch(local, "/api/v0/")[0] == 200
    for path in ("/api/v0/?_=1700000000", "/api/v0/?", "/api/v0/"):
        assert fetch(local, path)[1]["X-Cache"] == "HIT"


def test_what_a_visitor_gets_does_not_depend_on_who_asked_first(local, token):
    path = f"/api/v0/?visit={token}"
    cookies = "sessionid_idr-local=made-up; csrftoken=made-up"
    first = fetch(
        local, path, Host="evil.example", X_Forwarded_Host="evil.example", Accept_Encoding="gzip", Cookie=cookies
    )
    assert (first[1]["X-Cache"], first[1]["Content-Encoding"]) == ("MISS", "gzip")
    second = fetch(local, path)
    assert (second[1]["X-Cache"], second[1]["Content-Encoding"]) == ("HIT", None)
    assert b"evil.example" not in second[2]
    assert b"http://127.0.0.1:8080/api/v0/m/projects/" in second[2]
    for _, headers, _ in (first, second):
        assert headers["Set-Cookie"] is None
        assert headers["Vary"] == "Accept-Encoding"


def test_only_reading_is_cached(local, proxy, token):
    path = f"/api/v0/?visit={token}"
    for _ in range(2):
        local.run("curl", "-s", "-o", "/dev/null", "-X", "POST", f"http://{visiting.PROXY}{path}")
    assert [status for _, status, _ in visiting.logged(proxy, token)] == ["-", "-"]
    assert fetch(local, path, method="HEAD")[1]["X-Cache"] == "MISS"
    assert fetch(local, path)[1]["X-Cache"] == "HIT"


def test_the_health_page_is_never_kept(local):
    for _ in range(2):
        assert local.get("/webclient/keepalive_ping/")[2]["X-Cache"] is None


def test_an_old_page_is_served_at_once_and_renewed_behind(local, proxy, token):
    path = f"/api/v0/?visit={token}"
    fetch(local, path)
    visiting.expire(proxy, "omeroapi", path)
    assert fetch(local, path)[1]["X-Cache"] == "STALE"
    visiting.wait(lambda: fetch(local, path)[1]["X-Cache"] == "HIT", 20)


def test_the_site_is_served_while_its_back_ends_are_down(local, proxy, token):
    path, fresh = f"/api/v0/?visit={token}", f"/webgateway/render_thumbnail/1/?visit={token}"
    body = fetch(local, path)[2]
    fetch(local, fresh)
    with visiting.no_back_end(proxy):
        assert fetch(local, fresh)[1]["X-Cache"] == "HIT"
        visiting.expire(proxy, "omeroapi", path)
        for _ in range(2):
            status, headers, stale = fetch(local, path)
            assert (status, headers["X-Cache"] in ("STALE", "UPDATING"), stale) == (200, True, body)
        assert local.get(f"/webclient/search/?never=seen&visit={token}")[0] == 503
    visiting.wait(lambda: fetch(local, path)[1]["X-Cache"] == "HIT", 20)
    assert local.get(f"/webclient/search/?never=seen&visit={token}")[0] == 200


def test_the_cache_buster_renews_what_the_public_sees(local, proxy, token):
    path = f"/api/v0/?visit={token}"
    file = visiting.entry("omeroapi", path)

    def kept():
        return proxy.run("stat -c '%%i %%Y' %s", file).stdout

    fetch(local, path)
    before = kept()
    assert before
    address = f"http://{visiting.PROXY}:9000{path}&_=1"
    shown = local.run("curl", "-s", "-D", "-", "-o", "/dev/null", address).stdout
    assert "X-Cache: BYPASS" in shown
    assert kept() != before
    assert fetch(local, path)[1]["X-Cache"] == "HIT"


def test_a_fresh_page_from_the_cache_buster_is_there_for_the_public(local, proxy, token):
    path = f"/api/v0/?visit={token}"
    local.run("curl", "-s", "-o", "/dev/null", f"http://{visiting.PROXY}:9000{path}")
    assert fetch(local, path)[1]["X-Cache"] == "HIT"
    assert visiting.logged(proxy, token)[0] == ("200", "BYPASS", "omeroapi")
