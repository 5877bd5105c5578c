"""The stand-in's configuration."""

import pytest
from standin.settings import Settings, SettingsError, read_properties

from testbed.standin_release import SOURCE

DEFAULTS = read_properties((SOURCE / "etc/omero.properties").read_text())


def settings(**configured):
    return Settings(DEFAULTS, {key.replace("__", "."): value for key, value in configured.items()})


def test_properties_are_read_without_comments():
    assert read_properties("# a=b\nx.y = 1=2\n\n### END\n") == {"x.y": "1=2"}


@pytest.mark.parametrize(
    ("configured", "db", "repo"),
    [
        ({}, False, False),
        ({"omero.cluster.read_only.db": "true"}, True, False),
        ({"omero.cluster.read_only.repo": "True"}, False, True),
        ({"omero.cluster.read_only": "true"}, True, True),
    ],
)
def test_read_only_is_published_as_it_is(configured, db, repo):
    found = Settings(DEFAULTS, configured)
    assert (found.read_only("db"), found.read_only("repo")) == (db, repo)
    public = found.public()
    assert public["omero.cluster.read_only.runtime.db"] == str(db).lower()
    assert public["omero.cluster.read_only.runtime.repo"] == str(repo).lower()


def test_clients_never_see_the_database():
    assert not [key for key in settings(omero__db__pass="hidden").public() if key.startswith("omero.db.")]
    assert "hidden" not in settings(omero__db__pass="hidden").public().values()


def test_the_label_is_in_the_version_but_not_in_its_number():
    assert settings().public()["omero.version"] == "5.6.18-STANDIN"
    assert settings().version() == "5.6.18"


def test_patch_and_timeout():
    assert settings().patch() == ("OMERO5.4", 0)
    assert settings(omero__sessions__timeout="1500").session_timeout() == 1.5


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("omero.db.port", "many", lambda s: s.database()),
        ("omero.db.poolsize", "-1", lambda s: s.number("omero.db.poolsize")),
        ("omero.cluster.read_only.db", "yes", lambda s: s.read_only("db")),
        ("omero.version", "STANDIN", lambda s: s.version()),
    ],
)
def test_a_bad_value_is_an_error_that_names_the_key(key, value, read):
    with pytest.raises(SettingsError, match=f"{key}: expected .*{value}"):
        read(Settings(DEFAULTS, {key: value}))


def test_a_missing_value_is_an_error_that_names_the_key():
    with pytest.raises(SettingsError, match="omero.db.host: no value"):
        Settings({}, {}).database()
