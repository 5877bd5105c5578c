"""Words of nginx, ports, and the parts that servers have."""

import copy
import json

import idr_check
import idr_proxy
import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "word"),
    [(r"^/x\d", r'"^/x\\d"'), ('a"b', r'"a\"b"'), ("/x;{}$1 #", '"/x;{}$1 #"')],
)
def test_word_is_quoted(text, word):
    assert idr_proxy.quote(text) == word


@pytest.mark.parametrize("text", ["a\nb", "a\0", "\x7f"])
def test_control_characters_are_refused(text):
    with pytest.raises(ValueError, match="no control characters"):
        idr_proxy.quote(text)


def test_redirects_are_words():
    given = [{"from": "~^/a(.*)$", "to": "/b$1"}, {"from": "/x?y=1", "to": "/z"}]
    assert idr_proxy.redirects(given) == [('"~^/a(.*)$"', '"/b$1"'), ('"/x?y=1"', '"/z"')]


def test_each_server_keeps_its_port():
    servers = [{"id": "a-omeroreadonly-3", "number": 3}, {"id": "a-omeroreadonly", "number": None}]
    expected = [{"id": "a-omeroreadonly", "port": 14060}, {"id": "a-omeroreadonly-3", "port": 14063}]
    assert idr_proxy.raw_ports(servers, 14060, 14099) == expected
    assert idr_proxy.raw_ports(servers[:1], 14060, 14099) == expected[1:]
    assert idr_proxy.raw_ports([], 14060, 14099) == []


def test_a_number_beyond_the_last_port_is_named():
    with pytest.raises(ValueError, match=r"a-omeroreadonly-40: expected numbers up to 39"):
        idr_proxy.raw_ports([{"id": "a-omeroreadonly-40", "number": 40}], 14060, 14099)


@pytest.mark.parametrize(
    ("count", "api", "web", "raw"),
    [
        (0, 0, "", ""),
        (0, 3, "", ""),
        (1, 0, "x", "x"),
        (1, 1, "x", "x"),
        (3, 0, "xxx", "xxx"),
        (3, 1, "xx-", "--x"),
        (3, 2, "x--", "-xx"),
        (3, 3, "x--", "-xx"),
        (3, 99, "x--", "-xx"),
        (3, -1, "xxx", "xxx"),
    ],
)
def test_servers_are_split_between_web_and_raw_omero(count, api, web, raw):
    parts = idr_proxy.split(count, api)
    assert "".join("x" if part["web"] else "-" for part in parts) == web
    assert "".join("x" if part["api"] else "-" for part in parts) == raw


@given(st.integers(1, 50), st.integers(0, 60))
def test_both_have_a_server_whatever_is_asked_for(count, api):
    parts = idr_proxy.split(count, api)
    assert len(parts) == count
    assert any(part["web"] for part in parts)
    assert any(part["api"] for part in parts)
    assert all(part["web"] or part["api"] for part in parts)
    assert sum(not part["web"] for part in parts) == min(api, count - 1)


@given(st.integers(1, 50), st.integers(0, 60))
def test_one_more_server_moves_one_at_most(count, api):
    before, after = idr_proxy.split(count, api), idr_proxy.split(count + 1, api)
    moved = [one for one, (old, new) in enumerate(zip(before, after, strict=False)) if old != new]
    # Where only one was to be had, it served both.
    assert len(moved) <= 1 or (count == 1 and api)


def test_client_picks_one_of_all_servers():
    assert idr_proxy.client_arguments([14062, 14061]) == [
        "--Ice.Default.Router=OMERO.Glacier2/router:ssl -h @omero.host@ -p 14061:ssl -h @omero.host@ -p 14062",
        "--Ice.Default.EndpointSelection=Random",
    ]


def test_names_and_addresses():
    names = ["a.example", "127.0.0.1", "::1", "10.example"]
    assert idr_proxy.subject_names(names) == "DNS:a.example, IP:127.0.0.1, IP:::1, DNS:10.example"


PORTS = {
    "proxy": {"cachebuster": {"port": 9000}},
    "haproxy": {
        "http": {"port": 8081},
        "readwrite": {"port": 8082},
        "websocket": {"port": 8083},
        "tcp": {"omero": 4064},
        "per_server": {"first_port": 14060, "last_port": 14099},
    },
}


@pytest.mark.parametrize("pillar", [PORTS, {"roles": ["database"]}, {"haproxy": {"per_server": 1}}])
def test_no_port_is_used_twice(pillar):
    assert idr_proxy.double_ports(pillar) == []


@pytest.mark.parametrize(
    ("path", "port", "owner"),
    [
        (["haproxy", "tcp", "omero"], 14070, "haproxy:per_server"),
        (["haproxy", "tcp", "omero"], 8082, "haproxy:readwrite:port"),
        (["proxy", "cachebuster", "port"], 443, "https"),
    ],
)
def test_a_port_that_is_used_twice_is_named(path, port, owner):
    pillar = copy.deepcopy(PORTS)
    place = pillar
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = port
    assert idr_proxy.double_ports(pillar) == [(path, owner, port)]


@pytest.mark.parametrize(
    ("schema", "path", "value"),
    [
        ("tls", ["source"], "letsencrypt"),
        ("tls", ["source"], "acme"),
        ("tls", ["names"], []),
        ("tls", ["names"], ["a b"]),
        ("tls", ["names"], ["a;b"]),
        ("tls", ["days"], 0),
        ("tls", ["other"], 1),
    ],
)
def test_schemas_refuse(checkout, schema, path, value):
    good = {"source": "local_ca", "names": ["a.example"], "days": 90, "days_remaining": 30, "hsts": 0}
    validator = idr_check.schemas(checkout / "pillar/schemas")[schema]
    assert not list(validator.iter_errors(good))
    assert list(validator.iter_errors({**good, path[0]: value}))


def test_schema_knows_no_other_key_of_the_proxy(checkout):
    schema = json.loads((checkout / "pillar/schemas/proxy.json").read_text())
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == set(schema["properties"])
