import idr_ids
import pytest


@pytest.mark.parametrize(
    ("minion_id", "environment", "role", "number"),
    [
        ("idr-local-database", "idr-local", "database", None),
        ("idr-local-omeroreadonly-2", "idr-local", "omeroreadonly", 2),
        ("prod95-proxy", "prod95", "proxy", None),
        ("a-b-c-management-10", "a-b-c", "management", 10),
    ],
)
def test_parse(minion_id, environment, role, number):
    expected = {"id": minion_id, "environment": environment, "role": role, "number": number}
    assert idr_ids.parse(minion_id) == expected


@pytest.mark.parametrize(
    "minion_id",
    [
        "",
        None,
        7,
        "proxy",
        "-proxy",
        "idr-local",
        "idr-local-proxy-0",
        "idr-local-proxy-01",
        "idr-local-proxy-x",
        "idr-local-proxy\n",
        "Idr-local-proxy",
        "idr_local-proxy",
        "../idr-proxy",
        "idr-local-other",
        "idr-database-1-proxy",
        "proxy-proxy",
        "x" * 60 + "-proxy",
    ],
)
def test_parse_refuses(minion_id):
    with pytest.raises(ValueError, match="expected|must not"):
        idr_ids.parse(minion_id)


MINE = {
    "idr-local-omeroreadonly-10": ["10.0.0.10"],
    "idr-local-omeroreadonly-2": ["10.0.0.2", "10.0.0.3"],
    "idr-local-omeroreadonly-1": [],
    "idr-local-database": ["10.0.0.1"],
    "idr-local-2-database": ["10.0.0.9"],
    "idr-omeroreadonly-1": ["10.0.0.8"],
    "anything": ["10.0.0.7"],
}


def test_peers_are_of_one_environment_and_sorted_by_number():
    assert idr_ids.peers(MINE, "idr-local", "omeroreadonly") == [
        "idr-local-omeroreadonly-2",
        "idr-local-omeroreadonly-10",
    ]
    assert idr_ids.peers(MINE, "idr-local")[0] == "idr-local-database"
    assert idr_ids.peers(MINE, "idr", "omeroreadonly") == ["idr-omeroreadonly-1"]
    assert idr_ids.peers({}, "idr-local") == []


def test_addressed_takes_the_first_address():
    assert idr_ids.addressed(MINE, "idr-local", "omeroreadonly")[0] == {
        "id": "idr-local-omeroreadonly-2",
        "address": "10.0.0.2",
    }


@pytest.mark.parametrize(
    "said",
    [
        ["10.0.0.9\n10.0.0.66 idr-local-database"],
        ["10.0.0.9 trust"],
        ["fe80::1%eth0\n10.0.0.66 idr-local-database"],
        ["192.0.2.1"],
        [167772169],
        [None],
        [["10.0.0.9"]],
        "10.0.0.9",
        {"0": "10.0.0.9"},
        167772169,
    ],
)
def test_who_says_anything_else_than_an_address_of_the_network_is_passed_over(said):
    mine = {"idr-local-proxy": said, "idr-local-database": ["10.0.0.1"]}
    found = idr_ids.addressed(mine, "idr-local", network="10.0.0.0/24")
    assert found == [{"id": "idr-local-database", "address": "10.0.0.1"}]
    mine["idr-local-proxy"] = ["x", "10.0.0.9"]
    assert idr_ids.addressed(mine, "idr-local", "proxy", network="10.0.0.0/24")[0]["address"] == "10.0.0.9"


def test_pattern_matches_its_own_environment_only():
    import re

    pattern = re.compile(idr_ids.pattern("idr-local"))
    assert {host for host in MINE if pattern.match(host)} == {
        host for host in MINE if host.startswith("idr-local-") and host != "idr-local-2-database"
    }
    assert not re.match(idr_ids.pattern("idr"), "idr-local-database")


def test_pattern_refuses_what_is_no_environment():
    with pytest.raises(ValueError, match="environment"):
        idr_ids.pattern("idr-.*")
