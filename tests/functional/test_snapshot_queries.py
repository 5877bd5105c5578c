"""What a scratch host asks the clone of a database, on a real PostgreSQL with OMERO's columns."""

import csv
import io

import pytest
import snapshot_proof

DATABASE = "proof_of_test"
# The columns of OMERO that are asked for, of their types.
SCHEMA = """
CREATE TABLE pixelstype (id int8 PRIMARY KEY, value varchar(255));
INSERT INTO pixelstype VALUES (1, 'uint16');
CREATE TABLE pixels (id int8 PRIMARY KEY, sizex int, sizey int, sizez int, sizec int, sizet int,
    pixelstype int8 REFERENCES pixelstype, path text, name text);
INSERT INTO pixels VALUES (1, 100000, 100000, 1, 2, 1, 1, NULL, NULL), (2, 2, 2, 2, 2, 2, 1, 'a', 'b"c,d');
CREATE TABLE originalfile (id int8 PRIMARY KEY, size int8, repo varchar(36), path text NOT NULL, name varchar(255)
    NOT NULL, mimetype varchar(255), hash varchar(80));
INSERT INTO originalfile VALUES (1, 5, NULL, '/a', 'b', NULL, 'abc'), (2, NULL, 'r', 'a/', 'c', 'Directory', 'x'),
    (3, 5, NULL, '/a', 'on its way', NULL, ''), (4, 5, NULL, '/a', 'on its way', NULL, NULL);
"""


@pytest.fixture
def ask(postgresql):
    """Function that returns the rows of a query."""
    postgresql.sql(f"CREATE DATABASE {DATABASE}")
    postgresql.sql(SCHEMA, DATABASE)

    def ask(query):
        text = postgresql.sql(f"COPY ({query}) TO STDOUT WITH (FORMAT csv)", DATABASE)
        return list(csv.reader(io.StringIO(text)))

    yield ask
    postgresql.sql(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def test_databases_and_their_tables(ask):
    assert [DATABASE] in ask(snapshot_proof.DATABASES_QUERY)
    assert ["template1"] not in ask(snapshot_proof.DATABASES_QUERY)
    assert ask(snapshot_proof.TABLES_QUERY) == [["3"]]


def test_pixels_page_by_page(ask):
    rows = ask(snapshot_proof.PIXELS_QUERY.format(after=-1))
    assert rows == [["1", "20000000000", "uint16", "", ""], ["2", "32", "uint16", "a", 'b"c,d']]
    assert ask(snapshot_proof.PIXELS_QUERY.format(after=1)) == rows[1:]


def test_files_but_those_that_are_on_their_way(ask):
    rows = ask(snapshot_proof.FILES_QUERY.format(after=-1))
    assert rows == [["1", "5", "", "/a", "b", ""], ["2", "0", "r", "a/", "c", "Directory"]]
