"""omero_database: settings from pillar, password files, schema versions."""

import omero_database
import pytest


def test_the_host_is_what_is_known_of_it():
    expected = {"host": "idr-test-database", "port": 5432, "name": "omero", "user": "omeroreadonly"}
    assert omero_database.settings({"user": "omeroreadonly"}, "idr-test-database") == expected


def test_what_is_configured_wins():
    given = {"host": "db.example.org", "port": "6432", "name": "idr", "user": "u"}
    assert omero_database.settings(given, None) == {**given, "port": 6432}


@pytest.mark.parametrize(
    ("given", "host", "expected"),
    [
        ({}, None, "omero:db:host"),
        ({"hots": "x"}, "e", "unknown hots"),
        ({"port": 0}, "e", "omero:db:port"),
        ({"port": 65536}, "e", "omero:db:port"),
        ({"port": True}, "e", "omero:db:port"),
        ({"port": "many"}, "e", "omero:db:port"),
        ({"name": ""}, "e", "omero:db:name"),
        ({"user": 7}, "e", "omero:db:user"),
    ],
)
def test_bad_settings_are_named(given, host, expected):
    with pytest.raises(ValueError, match=expected):
        omero_database.settings(given, host)


def test_pgpass_escapes_its_separators():
    database = omero_database.settings({}, "e-database")
    assert omero_database.pgpass(database, "a:b\\c") == "e-database:5432:omero:omero:a\\:b\\\\c\n"


def test_patch_of_row():
    assert omero_database.patch_of_row(" 0|OMERO5.4\n") == {"version": "OMERO5.4", "patch": 0}


@pytest.mark.parametrize("row", ["", "0", "|OMERO5.4", "x|OMERO5.4", "0|"])
def test_another_row_is_an_error(row):
    with pytest.raises(ValueError, match="dbpatch"):
        omero_database.patch_of_row(row)


def test_patch_of_release():
    defaults = "# comment = x\nomero.db.profile=psql\nomero.db.patch=3\nomero.db.version=OMERO5.4\nomero.x=y=z\n"
    assert omero_database.patch_of_release(defaults) == {"version": "OMERO5.4", "patch": 3}
    with pytest.raises(ValueError, match="expected"):
        omero_database.patch_of_release("omero.db.patch=3\n")


def test_label():
    assert omero_database.label({"version": "OMERO5.4", "patch": 0}) == "OMERO5.4__0"
    assert omero_database.label(None) == "none"
