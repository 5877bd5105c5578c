"""omero_schemas: which SQL files lead from one schema version to another."""

import omero_schemas
import pytest

FILES = [
    "OMERO5.4__0/OMERO5.3__1.sql",
    "OMERO5.4__0/OMERO5.3__1-precheck.sql",
    "OMERO5.4__0/OMERO5.4DEV__3.sql",
    "OMERO5.4__0/psql-footer.sql",
    "OMERO5.4__0/schema.sql",
    "OMERO5.5__0/OMERO5.4__0.sql",
    "OMERO5.5__1/OMERO5.5__0.sql",
    "OMERO5.5__1/OMERO5.4__0.sql",
    "README",
]


def version(label):
    return omero_schemas.parse(label)


@pytest.mark.parametrize("label", ["OMERO5.4__0", "OMERO5.4DEV__3", "OMERO3A__11"])
def test_labels_are_those_of_omero(label):
    assert omero_schemas.omero_database.label(version(label)) == label


@pytest.mark.parametrize("label", ["", "OMERO5.4", "5.4__0", "OMERO5.4__x", "OMERO5.4__0-precheck", "../OMERO5.4__0"])
def test_anything_else_is_no_version(label):
    with pytest.raises(ValueError, match="OMERO5.4__0 was expected"):
        version(label)


def test_order():
    labels = ["OMERO3A__11", "OMERO4.2__0", "OMERO5.4DEV__3", "OMERO5.4__0", "OMERO5.4__1", "OMERO5.10__0"]
    assert sorted(labels[::-1], key=lambda label: omero_schemas.order(version(label))) == labels


@pytest.mark.parametrize(
    ("old", "new", "steps"),
    [
        ("OMERO5.4__0", "OMERO5.5__0", ["OMERO5.5__0"]),
        ("OMERO5.4__0", "OMERO5.5__1", ["OMERO5.5__1"]),
        ("OMERO5.3__1", "OMERO5.5__0", ["OMERO5.4__0", "OMERO5.5__0"]),
        ("OMERO5.3__1", "OMERO5.5__1", ["OMERO5.4__0", "OMERO5.5__1"]),
    ],
)
def test_the_shortest_way_is_taken(old, new, steps):
    found = omero_schemas.plan(version(old), version(new), FILES)
    assert found == {"do": "patch", "old": old, "new": new, "steps": steps}


def test_nothing_and_everything():
    here = version("OMERO5.4__0")
    assert omero_schemas.plan(here, here, FILES)["do"] == "nothing"
    assert omero_schemas.plan(None, here, FILES)["do"] == "create"


@pytest.mark.parametrize(("found", "needed"), [("OMERO5.5__0", "OMERO5.4__0"), ("OMERO5.4__0", "OMERO5.4DEV__3")])
def test_never_downwards(found, needed):
    with pytest.raises(omero_schemas.SchemaError, match=f"{found}.*{needed}.*never goes back.*orch.rollback"):
        omero_schemas.plan(version(found), version(needed), [*FILES, f"{needed}/{found}.sql"])


def test_no_way_names_those_that_there_are():
    with pytest.raises(omero_schemas.SchemaError, match="from OMERO5.3__1, OMERO5.4DEV__3$"):
        omero_schemas.plan(version("OMERO5.2__0"), version("OMERO5.4__0"), FILES)


def test_a_circle_of_files_ends():
    steps = omero_schemas.ways(["OMERO5.2__0/OMERO5.1__0.sql", "OMERO5.1__0/OMERO5.2__0.sql"])
    assert omero_schemas.chain(steps, "OMERO5.1__0", "OMERO5.3__0") is None
