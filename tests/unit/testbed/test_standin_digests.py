"""OMERO's digests of passwords, and what the stand-in's `java` answers to `omero db script`."""

import pytest
from standin.digests import accepts, digest
from standin.java import main

CLASS = ["-Djava.awt.headless=true", "-cp", "lib/server/*", "ome.security.auth.PasswordUtil"]


@pytest.mark.parametrize(
    ("user", "expected"),
    # each as `openssl md5 -binary | base64` makes it of the same bytes
    [(None, "X03MO1qnZdYdgyfeuILPmQ=="), (0, "O7MzgZ1pmjbShzGqgVa/vA=="), (256, "4REuNrjL1ttyk9eYxbyjmw==")],
)
def test_digest(user, expected):
    assert digest("password", user) == expected


def test_characters_outside_latin_1_become_question_marks_as_in_java():
    assert digest("gr\u00fc\u00df") != digest("gr??")
    assert digest("\u20ac") == digest("?")


@pytest.mark.parametrize("stored", [digest("secret"), digest("secret", 7)])
def test_both_forms_open_the_account(stored):
    assert accepts(stored, "secret", 7)
    assert not accepts(stored, "Secret", 7)
    assert not accepts(stored, "", 7)


def test_another_users_salt_does_not_open():
    assert not accepts(digest("secret", 8), "secret", 7)


def test_an_empty_digest_opens_only_where_no_password_is_required():
    assert not accepts("", "anything", 7)
    assert accepts("", "anything", 1, password_required=False)


def test_a_locked_account_stays_locked():
    assert not accepts(None, "", 7, password_required=False)


def test_passwordutil_salts_where_a_user_is_given(capsys):
    assert main([*CLASS, "secret", "7"]) == 0
    assert main([*CLASS, "secret"]) == 0
    assert capsys.readouterr().out.split() == [digest("secret", 7), digest("secret")]


@pytest.mark.parametrize("arguments", [CLASS, [*CLASS, "a", "b"], ["-jar", "x.jar"]])
def test_passwordutil_refuses_anything_else(arguments, capsys):
    assert main(arguments) == 1
    assert "[STAND-IN]" in capsys.readouterr().err
