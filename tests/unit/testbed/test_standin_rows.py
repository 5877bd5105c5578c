"""The stand-in's rows fit its schema: the demo repository, the directory of users, and what becomes objects."""

import contextlib
import re

import pytest
from standin import demo
from standin.digests import digest
from standin.directory import Directory, Taken, Unknown
from standin.tables import TABLES

from testbed.standin_release import SOURCE

SCHEMA = (SOURCE / "sql/psql/OMERO5.4__0/schema.sql").read_text()
DETAILS = {"owner_id", "group_id", "creation_id", "update_id"}


def columns():
    """{table: set of its columns} of schema.sql."""
    found = re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", SCHEMA, re.S)
    return {name: set(re.findall(r'(?m)^    "?([a-z_0-9]+)"? \w', body)) for name, body in found}


COLUMNS = columns()


class Recorder:
    """A transaction whose inserts must fit the schema; every select answers `answers` or a row with id 1."""

    def __init__(self, answers=None):
        self.inserted, self.statements, self.answers = [], [], answers or {}

    def rows(self, statement, *values):
        self.statements.append((statement, values))
        return next((rows for part, rows in self.answers.items() if part in statement), [{"id": 1, "last": 1}])

    def insert(self, table, **values):
        unknown = {name.lower() for name in values} - COLUMNS[table]
        assert not unknown, f"{table} has no column {unknown}"
        self.inserted.append((table, values))
        return len(self.inserted)

    def event(self, user, group, session=0, kind="User"):
        return self.insert("event", experimenter=user, experimentergroup=group, session=session, type=kind)

    def of(self, table):
        return [values for name, values in self.inserted if name == table]


class FakeDatabase:
    def __init__(self, transaction):
        self.current = transaction

    @contextlib.contextmanager
    def transaction(self):
        yield self.current


def directory(**answers):
    recorder = Recorder({part.replace("__", " "): rows for part, rows in answers.items()})
    return Directory(FakeDatabase(recorder)), recorder


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.kind)
def test_every_property_has_its_column(table):
    expected = {"id", "permissions", *table.names, *(ref.name.lower() for ref in table.refs)}
    expected |= {name.lower() + end for name in table.lengths for end in ("", "unit")}
    expected |= {table.order} | (DETAILS if table.details else set())
    assert expected <= COLUMNS[table.name]


def test_every_table_with_ids_of_its_own_has_a_sequence():
    # these are keyed by others, or have a sequence by their type
    others = {"password", "configuration", "annotation_mapvalue", "dbpatch"}
    assert set(re.findall(r"CREATE SEQUENCE seq_(\w+);", SCHEMA)) == set(COLUMNS) - others


def test_the_demo_repository_is_a_study_and_a_screen():
    recorder = Recorder({"from image": [], "from project": []})
    assert demo.import_demo(FakeDatabase(recorder), "public")
    counts = {name: len(recorder.of(name)) for name in ("project", "dataset", "image", "pixels", "well", "annotation")}
    assert counts == {"project": 1, "dataset": 2, "image": 32, "pixels": 32, "well": 12, "annotation": 2}
    assert max(values["sizex"] for values in recorder.of("pixels")) == 6144
    assert all(values.keys() >= DETAILS for values in recorder.of("image"))


def test_the_demo_repository_is_imported_once():
    recorder = Recorder({"from image": [{"id": 1}]})
    assert not demo.import_demo(FakeDatabase(recorder), "public")
    assert not recorder.inserted


def test_the_demo_makes_its_group_and_owner_where_they_are_missing():
    recorder = Recorder({"from experimentergroup": [], "from experimenter ": []})
    demo.account(recorder, "visitors")
    assert recorder.of("experimentergroup")[0]["name"] == "visitors"
    assert recorder.of("experimentergroup")[0]["permissions"] == demo.READ_ONLY_GROUP
    assert [values["child_index"] for values in recorder.of("groupexperimentermap")] == [0, 1]
    assert not recorder.of("password")


def test_a_new_user_has_a_salted_password_and_joins_each_group_once():
    users, recorder = directory(
        from__experimenter__where__omename=[], coalesce=[{"last": 4}], select__parent__from__groupexperimentermap=[]
    )
    fields = {"omename": "jo", "firstname": "Jo", "lastname": "Doe"}
    number = users.create_user(0, fields, [3, 1, 3], "secret")
    assert [values["parent"] for values in recorder.of("groupexperimentermap")] == [3, 1]
    assert recorder.of("groupexperimentermap")[0]["child_index"] == 5
    (stored,) = [values for statement, values in recorder.statements if "into password" in statement]
    assert stored == (number, digest("secret", number))
    assert recorder.of("event")


def test_no_two_users_or_groups_have_one_name():
    users, recorder = directory()
    with pytest.raises(Taken, match="jo"):
        users.create_user(0, {"omename": "jo"}, [1])
    with pytest.raises(Taken, match="lab"):
        users.create_group(0, "lab", -56)
    assert not recorder.inserted


def test_the_default_group_moves_to_the_front():
    rows = [{"id": 7, "parent": 1}, {"id": 8, "parent": 3}]
    users, recorder = directory(from__groupexperimentermap=rows)
    users.set_default_group(0, 5, 3)
    updates = [values for statement, values in recorder.statements if statement.startswith("update")]
    assert updates == [(0, 8), (1, 7)]
    with pytest.raises(Unknown, match="not in group 9"):
        users.set_default_group(0, 5, 9)


def test_who_is_not_there_cannot_join():
    users, recorder = directory(from__experimentergroup=[])
    with pytest.raises(Unknown, match="no experimentergroup 9"):
        users.add_groups(0, 5, [9])
    assert not recorder.of("groupexperimentermap")
