"""omero_cli: the omero command's listings."""

import omero_cli
import pytest

USERS = """Created session for root@127.0.0.1:4064. Idle timeout: 10 min.
[{"id": "0", "login": "root", "active": "Yes", "admin": "Yes", "member of": "", "owner of": "0"},
{"id": "3", "login": "public", "active": "Yes", "admin": "", "member of": "3,5", "owner of": ""}]
Logged out
"""


def test_rows_are_found_among_other_lines():
    assert [row["login"] for row in omero_cli.rows(USERS)] == ["root", "public"]
    assert omero_cli.rows("[]") == []


def test_output_without_a_listing():
    with pytest.raises(ValueError, match="no listing"):
        omero_cli.rows("Created session\n")


def test_user_of():
    listing = omero_cli.rows(USERS)
    expected = {"id": 3, "name": "public", "active": True, "admin": False, "groups": [3, 5]}
    assert omero_cli.user_of(listing, "public") == expected
    assert omero_cli.user_of(listing, "root")["groups"] == [0]
    assert omero_cli.user_of(listing, "pub") is None


def test_group_of():
    listing = [{"id": "3", "name": "public", "perms": "rwr---", "ldap": "False"}]
    assert omero_cli.group_of(listing, "public") == {"id": 3, "name": "public", "perms": "rwr---"}
    assert omero_cli.group_of(listing, "other") is None


def test_line_quotes_words():
    assert omero_cli.line("user", "add", "--", "it's", 7) == "user add -- 'it'\"'\"'s' 7\n"
