"""The stand-in's rows fit its schema: the demo repository, the directory of users, and what becomes objects."""

import contextlib
import math
import re

import pytest
from standin import demo
from standin.digests import digest
from standin.directory import PERMISSIONS, Directory, Taken, Unknown
from standin.rendering import PYRAMID_FROM
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
        self.inserted, self.statements, self.answers, self.taken = [], [], answers or {}, {}

    def rows(self, statement, *values):
        self.statements.append((statement, values))
        if "generate_series" in statement:
            sequence, count = values
            first = self.taken.get(sequence, 0) + 1
            self.taken[sequence] = first + count
            return [{"id": number} for number in range(first, first + count)]
        return next((rows for part, rows in self.answers.items() if part in statement), [{"id": 1, "last": 1}])

    def insert_all(self, table, rows):
        for row in rows:
            unknown = {name.strip('"') for name in row} - COLUMNS[table]
            assert not unknown, f"{table} has no column {unknown}"
            self.inserted.append((table, row))

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


@pytest.fixture(scope="module")
def imported():
    recorder = Recorder({"from image": [], "from project": []})
    assert demo.import_demo(FakeDatabase(recorder), "public")
    return recorder


def test_the_demo_repository_is_a_study_and_a_screen(imported):
    counts = {"project": 1, "dataset": 4, "screen": 1, "plate": 2, "well": 120, "image": 255, "pixels": 255}
    counts |= {"wellsample": 216, "datasetimagelink": 39, "renderingdef": 255, "thumbnail": 255}
    assert {name: len(imported.of(name)) for name in counts} == counts
    channels = sum(values['"sizec"'] for values in imported.of("pixels"))
    assert [len(imported.of(name)) for name in ("channel", "channelbinding", "logicalchannel")] == [channels] * 3
    assert all(values.keys() >= DETAILS for values in imported.of("image"))


def test_the_demo_repository_is_small_and_has_stacks_times_and_a_tiled_image(imported):
    pixels = imported.of("pixels")
    assert max(values['"sizex"'] * values['"sizey"'] for values in pixels) > PYRAMID_FROM
    assert max(values['"sizez"'] for values in pixels) > 1
    assert max(values['"sizet"'] for values in pixels) > 1
    samples = [values['"significantbits"'] // 8 + 1 for values in pixels]
    sizes = [math.prod(values[f'"size{axis}"'] for axis in "xyzct") for values in pixels]
    assert sum(map(math.prod, zip(samples, sizes, strict=True))) < 110e6


def test_every_row_names_only_rows_of_tables_before_its_own(imported):
    referring = re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", SCHEMA, re.S)
    needs = {name: set(re.findall(r"REFERENCES (\w+)", body)) for name, body in referring}
    order = list(dict.fromkeys(name for name, _ in imported.inserted if name != "event"))
    for place, name in enumerate(order):
        assert not needs[name] & set(order[place + 1 :]), name


def test_images_and_studies_are_annotated_as_mapr_and_the_gallery_look_for_it(imported):
    spaces = {values['"ns"'] for values in imported.of("annotation")}
    assert spaces == {
        "idr.openmicroscopy.org/study/info",
        *(f"openmicroscopy.org/mapr/{name}" for name in ("gene", "organism", "phenotype")),
    }
    keys = {values["name"] for values in imported.of("annotation_mapvalue")}
    assert {"Gene Symbol", "Gene Identifier", "Phenotype", "Organism", "Study Title", "License"} <= keys
    assert len(imported.of("projectannotationlink")) == len(imported.of("screenannotationlink")) == 1
    assert len({values['"parent"'] for values in imported.of("imageannotationlink")}) == 255


def test_the_demo_repository_is_imported_once():
    recorder = Recorder({"from image": [{"id": 1}]})
    assert not demo.import_demo(FakeDatabase(recorder), "public")
    assert not recorder.inserted


def test_the_demo_makes_its_group_and_owner_where_they_are_missing():
    recorder = Recorder({"from experimentergroup": [], "from experimenter ": []})
    demo.account(recorder, "visitors")
    assert recorder.of("experimentergroup")[0]["name"] == "visitors"
    assert recorder.of("experimentergroup")[0]["permissions"] == PERMISSIONS
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
