"""omero_accounts: from what the database has to what pillar wants."""

import json

import omero_accounts
import omero_password
import pytest

GROUPS = {"lab": {"type": "read-annotate"}, "public": {"type": "read-only"}}
USERS = {
    "curator": {"firstname": "Cu", "lastname": "Rator", "groups": ["lab", "public"], "owner_of": ["lab"]},
    "public": {"groups": ["public"], "password": "key", "firstname": "Pub"},
}
SECRET = "the-secret-of-public"


def _want(groups=None, users=None):
    return omero_accounts.wanted(groups or GROUPS, users or USERS, lambda key: SECRET)


def _have(**users):
    base = {
        "curator": {"id": 2, "firstname": "Cu", "lastname": "Rator", "hash": None},
        "public": {"id": 3, "firstname": "Pub", "lastname": "any", "hash": omero_password.digest(SECRET, 3)},
    }
    base["curator"]["groups"] = [["lab", True], ["user", False], ["public", False]]
    base["public"]["groups"] = [["public", False], ["user", False]]
    rows = {name: row | users.get(name, {}) for name, row in base.items()}
    return omero_accounts.current(json.dumps({"groups": {"lab": -40, "public": -56, "user": -56}, "users": rows}))


@pytest.mark.parametrize(
    ("number", "text"),
    [(-120, "rw----"), (-56, "rwr---"), (-40, "rwra--"), (-8, "rwrw--"), (-24, "rwrw--"), (-52, "rwr-r-")],
)
def test_permissions_of_the_databases_numbers(number, text):
    assert omero_accounts.permissions(number) == text


def test_nothing_to_do():
    assert omero_accounts.plan(_have(), _want()) == []


def test_everything_of_an_empty_server():
    have = omero_accounts.current('{"groups": null, "users": null}')
    steps = omero_accounts.plan(have, _want())
    assert [step["do"] for step in steps] == ["add_group", "add_group", "add_user", "own", "add_user"]
    assert steps[0] == {"do": "add_group", "group": "lab", "permissions": "rwra--"}
    assert steps[2]["groups"] == ["lab", "public"]
    assert steps[2]["password"] is None
    assert steps[4]["password"] == SECRET


@pytest.mark.parametrize(
    ("user", "changed", "expected"),
    [
        ("public", {"hash": "x"}, [{"do": "password", "user": "public", "password": SECRET}]),
        (
            "public",
            {"firstname": "P"},
            [{"do": "describe", "user": "public", "firstname": "Pub"}],
        ),
        (
            "public",
            {"groups": [["lab", True]]},
            [
                {"do": "join", "user": "public", "groups": ["public"]},
                {"do": "leave", "user": "public", "groups": ["lab"]},
                {"do": "default", "user": "public", "group": "public"},
            ],
        ),
        (
            "curator",
            {"groups": [["public", True], ["lab", False]]},
            [
                {"do": "default", "user": "curator", "group": "lab"},
                {"do": "own", "user": "curator", "group": "lab"},
                {"do": "disown", "user": "curator", "group": "public"},
            ],
        ),
    ],
)
def test_one_thing_that_differs(user, changed, expected):
    assert omero_accounts.plan(_have(**{user: changed}), _want()) == expected


def test_a_groups_type_changes():
    want = _want(groups=GROUPS | {"public": {"type": "private"}})
    assert omero_accounts.plan(_have(), want) == [{"do": "permit", "group": "public", "permissions": "rw----"}]


def test_changes_never_show_a_password():
    steps = omero_accounts.plan(omero_accounts.current('{"groups": {}, "users": {}}'), _want())
    shown = omero_accounts.changes(steps)
    assert set(shown) == {"group lab", "group public", "user curator", "user public"}
    assert SECRET not in str(shown)


@pytest.mark.parametrize(
    ("groups", "users", "expected"),
    [
        ({"x": {"type": "open"}}, {}, "omero:groups:x:type: expected one of private"),
        ({"x": {}}, {}, "omero:groups:x:type"),
        (GROUPS, {"u": {"groups": ["nowhere"]}}, "omero:users:u:groups: expected some of lab, public, not nowhere"),
        (GROUPS, {"u": {}}, "omero:users:u:groups"),
    ],
)
def test_what_omero_cannot_have_is_named(groups, users, expected):
    with pytest.raises(omero_accounts.AccountError, match=expected):
        omero_accounts.wanted(groups, users, lambda key: SECRET)


def test_root_gets_its_password_by_sql_only_when_it_differs():
    digest = omero_password.digest("root's", 0)
    have = {"groups": {}, "users": {"root": {"hash": digest}}}
    assert omero_accounts.root(have, "root's") is None
    assert omero_password.digest("new", 0) in omero_accounts.root(have, "new")
    assert "new" not in omero_accounts.root(have, "new")


def test_details_are_left_alone_where_they_are_not_given():
    want = _want(users={"public": {"groups": ["public"], "email": "a@b.c"}})
    assert omero_accounts.plan(_have(), want) == [{"do": "describe", "user": "public", "email": "a@b.c"}]
    assert omero_accounts.plan(_have(public={"email": "a@b.c"}), want) == []
    assert omero_accounts.plan(_have(), _want(users={"public": {"groups": ["public"]}})) == []


def test_an_empty_detail_is_none():
    want = _want(users={"public": {"groups": ["public"], "email": ""}})
    assert omero_accounts.plan(_have(public={"email": None}), want) == []


def test_a_new_user_has_its_name_for_both_names():
    have = omero_accounts.current('{"groups": null, "users": null}')
    step = omero_accounts.plan(have, _want(users={"u": {"groups": ["system"], "lastname": "L"}}))[-1]
    assert (step["firstname"], step["lastname"]) == ("u", "L")


@pytest.mark.parametrize(("known", "fits"), [((), False), (["other"], True), (None, True)])
def test_groups_that_only_the_database_has(known, fits):
    users = {"u": {"groups": ["other"]}}
    if fits:
        assert omero_accounts.wanted({}, users, None, known)["users"]["u"]["groups"] == ["other"]
    else:
        with pytest.raises(omero_accounts.AccountError, match="omero:users:u:groups"):
            omero_accounts.wanted({}, users, None, known)


def test_people_are_shown_without_digests():
    found = omero_accounts.people(_have())
    assert found["public"] == {
        "id": 3,
        "firstname": "Pub",
        "lastname": "any",
        "email": None,
        "institution": None,
        "groups": ["public"],
        "owner_of": [],
        "active": True,
        "admin": False,
    }
    assert omero_password.digest(SECRET, 3) not in str(found)


def test_circles():
    assert omero_accounts.circles(_have()) == {
        "lab": {"permissions": "rwra--", "type": "read-annotate", "members": ["curator"], "owners": ["curator"]},
        "public": {"permissions": "rwr---", "type": "read-only", "members": ["curator", "public"], "owners": []},
    }


@pytest.mark.parametrize(
    ("action", "groups", "owner", "expected"),
    [
        ("join", ["lab"], False, []),
        ("join", ["new"], False, [{"do": "join", "user": "curator", "groups": ["new"]}]),
        ("join", ["public"], True, [{"do": "own", "user": "curator", "group": "public"}]),
        ("leave", ["public"], False, [{"do": "leave", "user": "curator", "groups": ["public"]}]),
        ("leave", ["lab"], True, [{"do": "disown", "user": "curator", "group": "lab"}]),
        ("leave", ["new"], False, []),
    ],
)
def test_move(action, groups, owner, expected):
    assert omero_accounts.move("curator", _have()["users"]["curator"], action, groups, owner) == expected


def test_nobody_is_left_without_a_group():
    with pytest.raises(omero_accounts.AccountError, match="curator: would be in no group"):
        omero_accounts.move("curator", _have()["users"]["curator"], "leave", ["lab", "public"], False)
