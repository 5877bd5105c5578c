import idr_scram
import pytest


def test_verifier_is_of_postgresqls_form():
    # made by PostgreSQL 15 itself: CREATE ROLE tt LOGIN PASSWORD 'abc'
    known = (
        "SCRAM-SHA-256$4096:h3LX0cNZtS+Jz3m+IGa3aA==$6xgBN1wwlXr9eXqca8H3R05HkWgqKOHDh6GTiqtyxjA=:"
        "YY7X92eOgQnHnjB7oybuhgd3rhpm4WrXZDwj8UePo10="
    )
    assert idr_scram.matches("abc", known)
    assert not idr_scram.matches("abd", known)


def test_each_verifier_has_its_own_salt():
    first, second = idr_scram.verifier("pencil"), idr_scram.verifier("pencil")
    assert first != second
    assert idr_scram.matches("pencil", first)
    assert idr_scram.matches("pencil", second)
    assert "pencil" not in first


@pytest.mark.parametrize("known", [None, "", "md5abc", "abc", "SCRAM-SHA-256$x"])
def test_no_verifier_matches_nothing(known):
    assert not idr_scram.matches("abc", known)


@pytest.mark.parametrize("password", ["", None, "p\u00e4ss"])
def test_password_is_refused(password):
    with pytest.raises(ValueError, match="ASCII"):
        idr_scram.verifier(password)
