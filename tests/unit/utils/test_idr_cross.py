import idr_cross
import pytest


def _lines(found):
    return {":".join(error["path"]): (error["expected"], error["found"]) for error in found}


def _postgresql(**database):
    return {"postgresql": {"roles": {"a": {}, "b": {}}, "databases": {"x": {"owner": "a", **database}}}}


def test_owner_and_readers_are_roles():
    assert idr_cross.within(_postgresql(readers={"b": {}})) == []
    found = _lines(idr_cross.within(_postgresql(owner="c", readers={"d": {}})))
    assert found == {
        "postgresql:databases:x:owner": ("one of postgresql:roles (a, b)", "'c'"),
        "postgresql:databases:x:readers:d": ("one of postgresql:roles (a, b)", "'d'"),
    }


def _cache(*sizes, locations=()):
    zones = {f"z{number}": {"max_size": size} for number, size in enumerate(sizes)}
    return {"proxy": {"cache": {"zones": zones, "locations": list(locations)}}}


def test_location_has_a_zone():
    found = idr_cross.within(_cache("1g", locations=[{"zone": "z0"}, {"zone": "z9"}]))
    assert _lines(found) == {"proxy:cache:locations:1:zone": ("one of proxy:cache:zones (z0)", "'z9'")}


@pytest.mark.parametrize(
    ("sizes", "paths"),
    [
        (["40g", "50g"], []),
        (["96g"], ["proxy:cache:zones:z0:max_size"]),
        (["1g", "98304M"], ["proxy:cache:zones:z1:max_size"]),
        (["50g", "46g"], ["proxy:cache:zones"]),
        (["50g", "wrong"], []),
        ([], []),
    ],
)
def test_cache_fits_its_volume(sizes, paths):
    assert list(_lines(idr_cross.within(_cache(*sizes), {"nginxcache": 100}))) == paths
    assert idr_cross.within(_cache(*sizes)) == []
    assert idr_cross.within(_cache(*sizes), {"nginxcache": None}) == []


def test_sum_of_zones_is_shown():
    (error,) = idr_cross.within(_cache("50g", "50g"), {"nginxcache": 100})
    assert "at most 95g in all" in error["expected"]
    assert error["found"] == "100g"


def test_volume_is_one_of_the_profile():
    pillar = {"volumes": {"data": {}, "db": {}}}
    assert _lines(idr_cross.within(pillar, {"db": 1})) == {
        "volumes:data": ("a volume of the host's profile (db)", "'data'")
    }
    assert "it has none" in idr_cross.within(pillar, {})[0]["expected"]
    assert idr_cross.within(pillar, None) == []


def _omero(size, nodes="master:Blitz-0,Tables-0"):
    config = {"omero.db.poolsize": size}
    config |= {"omero.server.nodedescriptors": nodes} if nodes else {}
    return {"roles": ["omeroreadonly"], "omero": {"server": {"config": config}}}


@pytest.mark.parametrize(
    ("servers", "needed"),
    [
        ([_omero(25)], 35),
        ([_omero(25), _omero(25)], 60),
        ([_omero(25, "master:Blitz-0,Indexer-0,PixelData-0,Tables-0")], 85),
        ([_omero(25, None)], 85),
        ([_omero("wrong")], 10),
        ([{}], 10),
        ([{**_omero(25), "roles": ["proxy"]}], 10),
    ],
)
def test_connections_for_every_pool(servers, needed):
    def database(limit):
        return {"postgresql": {"parameters": {"max_connections": limit}}}

    pillars = {f"o-{number}": pillar for number, pillar in enumerate(servers)}
    assert idr_cross.connections({**pillars, "d": database(needed)}) == {}
    found = idr_cross.connections({**pillars, "d": database(needed - 1)})
    ((path, (expected, seen)),) = _lines(found["d"]).items()
    assert path == "postgresql:parameters:max_connections"
    assert expected.startswith(f"at least {needed}")
    assert seen == str(needed - 1)


def test_shared_secret_is_the_same_and_never_shown():
    def pillar(value):
        return {"secrets": {"database": {"omero": value}}}

    pillars = {"x-database": pillar("one"), "x-omeroreadwrite": pillar("two"), "x-proxy": pillar("three")}
    found = idr_cross.shared_secrets(pillars, lambda host: [host.removeprefix("x-")])
    assert _lines(found["x-omeroreadwrite"]) == {
        "secrets:database:omero": ("the same value as on x-database", "another")
    }
    assert list(found) == ["x-omeroreadwrite"]
    assert "two" not in str(found)


@pytest.mark.parametrize(
    ("own", "other", "wrong"),
    [
        ("10.1.0.0/24", "10.2.0.0/24", False),
        ("10.1.0.0/24", "10.1.0.0/24", True),
        ("10.1.0.0/24", "10.1.0.0/16", True),
        ("10.1.0.0/16", "10.1.7.0/24", True),
        ("10.1.0.5/24", "10.1.0.9/24", True),
        ("fd00::/64", "10.1.0.0/24", False),
        ("wrong", "10.1.0.0/24", False),
    ],
)
def test_networks_do_not_overlap(own, other, wrong):
    environments = {"a": {"network": own}, "b": {"network": other}}
    found = idr_cross.networks(environments, "a")
    assert bool(found) is wrong
    assert not wrong or (found[0]["path"] == ["environment", "network"] and "of b" in found[0]["expected"])
    environments["b"]["shares_network_with"] = ["a"]
    assert idr_cross.networks(environments, "a") == []


@pytest.mark.parametrize(("network", "wrong"), [("10.1.0.0/33", True), ("10.1.300.0/24", True), ("wrong", False)])
def test_impossible_network_is_an_error_that_no_schema_sees(network, wrong):
    assert bool(idr_cross.networks({"a": {"network": network}}, "a")) is wrong


@pytest.mark.parametrize(
    ("part", "name", "value", "expected", "found"),
    [
        ("server", "omero.db.poolsize", 0, "a whole number from 1", "0"),
        ("web", "omero.web.page_size", "many", "a whole number from 0", "'many'"),
        ("server", "omero.db.host", "db", "it under omero:db:host", "'db'"),
        ("server", "omero.ldap.password", "hush", "no secret here", "a value"),
        ("web", "omero.web.secret_key", "hush", "no secret here", "a value"),
    ],
)
def test_properties_that_are_wrong_are_named_and_secrets_not_shown(part, name, value, expected, found):
    (error,) = idr_cross.within({"omero": {part: {"config": {name: value, "omero.x": None}}}})
    assert error["path"] == ["omero", part, "config", name]
    assert error["expected"].startswith(expected)
    assert error["found"] == found


def test_names_that_look_misspelt_are_notes():
    pillars = {host: {"omero": {"web": {"config": {"omero.web.page_sise": 1}}}} for host in "ab"}
    assert idr_cross.notes(pillars) == ["omero:web:config:omero.web.page_sise is not known; omero.web.page_size is"]
    assert idr_cross.notes({"a": {}}) == []
