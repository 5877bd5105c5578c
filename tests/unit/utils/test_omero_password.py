"""omero_password: OMERO's digests, and the schema script without a password on a command line."""

import omero_password
import pytest


@pytest.mark.parametrize(
    ("password", "user_id", "expected"),
    [
        # found independently: printf '\0\0\0\0\0\0\0\0ome' | openssl md5 -binary | base64
        ("ome", 0, "PJueOtwuTPHB8Nq/1rFVxg=="),
        ("ome", 258, "BNlAnYYFPXaOZongP97GLw=="),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", 0, "+vU7A0CmgzH3kh+rT4vPgA=="),
    ],
)
def test_digest(password, user_id, expected):
    assert omero_password.digest(password, user_id) == expected


def test_digest_depends_on_the_user():
    assert omero_password.digest("x", 0) != omero_password.digest("x", 1)


@pytest.mark.parametrize("password", ["", "  ", None])
def test_an_empty_password_is_refused(password):
    with pytest.raises(omero_password.PasswordError, match="empty"):
        omero_password.digest(password, 0)


def test_a_password_outside_of_latin_1_is_refused_and_not_shown():
    with pytest.raises(omero_password.PasswordError, match="Latin-1") as caught:
        omero_password.digest("sn\N{SNOWMAN}w", 0)
    assert "\N{SNOWMAN}" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_replace_puts_the_digest_of_the_real_password():
    script = f"BEGIN;\ninsert into password values (0, '{omero_password.digest('throwaway', 0)}');\nCOMMIT;\n"
    made = omero_password.replace(script, "throwaway", "real")
    assert made == script.replace(omero_password.digest("throwaway", 0), omero_password.digest("real", 0))
    assert "real" not in made


@pytest.mark.parametrize("count", [0, 2])
def test_replace_refuses_a_script_of_another_kind(count):
    script = omero_password.digest("throwaway", 0) * count
    with pytest.raises(omero_password.PasswordError, match=f"found {count} times"):
        omero_password.replace(script, "throwaway", "real")
