"""omero_errors: what exit codes mean, by command, and that no secret is in an error."""

import omero_errors as errors
import pytest


def result(code, stdout="", stderr=""):
    return {"retcode": code, "stdout": stdout, "stderr": stderr}


@pytest.mark.parametrize(
    ("command", "code", "kind"),
    [
        ("omero admin start", 62, errors.NotConfigured),
        ("omero admin start", 108, errors.AlreadyRunning),
        ("omero admin start", 876, errors.AlreadyRunning),
        ("omero admin start", 43, errors.StartTimedOut),
        ("omero admin stop", 44, errors.StopTimedOut),
        ("omero admin start", 8, errors.NoDataFolder),
        ("omero admin status", 1, errors.NotRunning),
        ("omero admin start", 1, errors.OmeroError),
        # one code, three meanings
        ("omero admin start", 112, errors.NotThroughService),
        ("omero config set", 112, errors.ConfigLocked),
        ("omero admin jvmcfg", 111, errors.ConfigLocked),
        ("omero load", 112, errors.ConfigLocked),
        # 43 is a name that is unknown wherever there is a login
        ("omero admin cleanse", 43, errors.UnknownHost),
        ("omero login", 42, errors.ConnectionRefused),
        ("omero login", 52, errors.LoginRefused),
        ("omero hql", 52, errors.BadQuery),
        ("omero user add", 3, errors.ExistsAlready),
        ("omero admin email", 13, errors.MailFailed),
        ("omero administrate", 62, errors.OmeroError),
        ("systemctl start", 62, errors.OmeroError),
    ],
)
def test_codes(command, code, kind):
    error = errors.of(command, result(code))
    assert type(error) is kind
    assert str(error).startswith(errors.sentence(kind))
    assert error.code == code


def test_an_error_tells_the_command_the_code_and_the_last_lines():
    error = errors.of("omero admin start", result(8, "one\n\ntwo\n", "three\nfour " + "x" * 400))
    assert str(error).startswith(errors.sentence(errors.NoDataFolder))
    assert ": omero admin start, exit code 8: two / three / four xxx" in str(error)
    assert len(str(error)) < 450


def test_no_secret_is_in_an_error():
    secrets = ("pass", "password", "")
    error = errors.of("omero x password", result(1, "the password", "pass it"), secrets)
    assert str(error) == f"The command failed: omero x {errors.MASK}, exit code 1: the {errors.MASK} / {errors.MASK} it"


def test_a_limit_is_told_by_what_salt_answers():
    error = errors.of("omero admin start", result(1, "['setpriv', 'omero'] : Timed out after 30 seconds"))
    assert type(error) is errors.TimedOut
    assert str(error).endswith("exit code 1: after 30 seconds")


def test_a_wrong_password_is_no_failed_connection():
    said = "Password check failed for 'root': []\nInternalException: Failed to connect: stdin: cannot request password"
    assert type(errors.of("omero login -s", result(44, stderr=said))) is errors.LoginRefused
    assert type(errors.of("omero login -s", result(44, stderr="Failed to connect"))) is errors.ConnectionFailed


def test_every_kind_has_words_of_its_own():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.OmeroError)]
    assert len({kind.words for kind in kinds}) == len(kinds) > 20
