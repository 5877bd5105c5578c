"""idr_roles: what the maps make of an all-in-one host, and who serves visitors."""

import idr_ids
import idr_roles
import pytest

WHOLE = "x-allinone"


@pytest.mark.parametrize(
    ("others", "left"),
    [
        ([], ["database", "omeroreadwrite", "proxy"]),
        (["x-database"], ["omeroreadwrite", "proxy"]),
        (["x-proxy", "x-database"], ["omeroreadwrite"]),
        (["x-omeroreadonly-1", "x-management"], ["database", "omeroreadwrite", "proxy"]),
    ],
)
def test_the_one_has_what_the_others_leave(others, left):
    assert idr_roles.together([*others, WHOLE]) == left
    assert idr_roles.described(WHOLE, others)["roles"] == left
    for host in others:
        assert idr_roles.described(host, [*others, WHOLE])["roles"] == [idr_ids.parse(host)["role"]]
        assert idr_roles.described(host, [*others, WHOLE])["allinone"] == left


def test_others_know_of_none_where_there_is_none():
    assert idr_roles.described("x-database", ["x-database"]) == {
        "roles": ["database"],
        "allinone": [],
        "public": "omeroreadwrite",
    }


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        (
            [WHOLE, "x-allinone-2"],
            "expected one host of role allinone in an environment, found x-allinone, x-allinone-2",
        ),
        ([WHOLE, "x-database", "x-omeroreadwrite", "x-proxy"], "x-allinone: expected a role that no other host has"),
    ],
)
def test_what_cannot_be_is_named(hosts, said):
    with pytest.raises(ValueError, match=said):
        idr_roles.described("x-database", hosts)


@pytest.mark.parametrize(
    ("hosts", "public"),
    [
        ([], "omeroreadonly"),
        ([WHOLE], "omeroreadwrite"),
        (["x-database", "x-omeroreadwrite", "x-proxy"], "omeroreadwrite"),
        ([WHOLE, "x-omeroreadonly-1"], "omeroreadonly"),
    ],
)
def test_visitors_come_to_read_only_servers_where_there_are_any(hosts, public):
    assert idr_roles.public(hosts) == public


def test_it_is_a_peer_by_each_of_its_roles():
    mine = {WHOLE: ["192.0.2.1"], "x-database": ["192.0.2.2"], "y-allinone": ["192.0.2.3"]}
    together = ["omeroreadwrite", "proxy"]
    assert idr_ids.peers(mine, "x", "proxy", together) == [WHOLE]
    assert idr_ids.peers(mine, "x", "database", together) == ["x-database"]
    assert idr_ids.peers(mine, "x", "proxy") == []
    assert idr_roles.named("x", "proxy", together) == WHOLE
    assert idr_roles.named("x", "database", together) == "x-database"
