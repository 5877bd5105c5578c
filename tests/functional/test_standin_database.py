"""The stand-in's SQL and its database connections, with a real PostgreSQL."""

import sys
import threading
import time

import psycopg2
import pytest

from testbed import standin_release
from testbed.standin_release import NEXT, SOURCE

sys.path.insert(0, str(SOURCE))

from standin.database import Database  # noqa: E402
from standin.demo import import_demo  # noqa: E402
from standin.tables import TABLES  # noqa: E402

RELEASE = dict(standin_release.contents(NEXT))
SQL = "sql/psql/OMERO5.5__0"
PATCH = RELEASE[f"{SQL}/OMERO5.4__0.sql"].decode()
LAYOUT = """
select table_name, column_name, data_type, column_default, is_nullable from information_schema.columns
 where table_schema = 'public' order by 1, 2
"""
VERSIONS = "select currentversion, currentpatch, previousversion, message, finished is null from dbpatch order by id"


def script(version):
    """What `omero db script` makes of the release's files."""
    parts = [RELEASE[f"sql/psql/OMERO{version}__0/{n}.sql"].decode() for n in ("psql-header", "schema", "views")]
    footer = RELEASE[f"sql/psql/OMERO{version}__0/psql-footer.sql"].decode()
    values = {"TIME": "now", "DIR": "here", "SCRIPT": "x.sql"}
    text = "\n".join([parts[0] % values, *parts[1:], footer % values])
    return text.replace("@DBVERSION@", f"OMERO{version}").replace("@DBPATCH@", "0").replace("@ROOTPASS@", "x")


@pytest.fixture
def made(postgresql):
    """Function: a database with the schema of a version; answers a function that asks it."""
    names = []

    def make(version):
        names.append(f"standin{len(names)}")
        postgresql.sql(f"create database {names[-1]} template template0")

        def ask(statement):
            return postgresql.sql(statement, ask.name)

        ask.name = names[-1]
        ask(script(version))
        return ask

    yield make
    for name in names:
        postgresql.sql(f"drop database {name} with (force)")


def connected(postgresql, name, read_only=True):
    return Database(
        {"host": str(postgresql.folder), "port": 5432, "dbname": name, "user": "super", "password": "super"},
        2,
        read_only,
    )


def test_the_patch_makes_of_the_old_schema_the_new_one(made):
    old, new = made("5.4"), made("5.5")
    assert old(LAYOUT) != new(LAYOUT)
    old(PATCH)
    assert old(LAYOUT) == new(LAYOUT)
    assert old(VERSIONS).splitlines() == [
        "OMERO5.4|0|OMERO5.4|Database ready.|f",
        "OMERO5.5|0|OMERO5.4|Database updated.|f",
    ]
    assert old("select * from credit") == new("select * from credit")
    assert new(VERSIONS) == "OMERO5.5|0|OMERO5.5|Database ready.|f"


def test_the_patch_is_for_the_version_before_only(made):
    new = made("5.5")
    before = new(LAYOUT)
    with pytest.raises(Exception, match="returned non-zero exit status"):
        new(PATCH)
    assert (new(LAYOUT), len(new(VERSIONS).splitlines())) == (before, 1)


def test_a_patch_that_fails_leaves_the_database_as_it_was(made):
    old = made("5.4")
    before = old(LAYOUT), old(VERSIONS)
    with pytest.raises(Exception, match="returned non-zero exit status"):
        old(dict(standin_release.contents(NEXT, "patch"))[f"{SQL}/OMERO5.4__0.sql"].decode())
    assert (old(LAYOUT), old(VERSIONS)) == before


def test_servers_of_the_old_version_work_on_while_the_schema_moves(made, postgresql):
    old = made("5.4")
    database = connected(postgresql, old.name, read_only=False)
    assert import_demo(database, "public")
    old(PATCH)
    assert old("select count(*) from image i join credit c on c.id = i.credit") == "255"
    for table in TABLES:
        database.rows(f'select * from "{table.name}" order by "{table.order}", id')
    with database.transaction() as transaction:
        event = transaction.event(0, 0)
        names = {"version": 0, "name": "later", "creation_id": event, "update_id": event}
        transaction.insert("image", **names, group_id=0, owner_id=0)
    assert old("select count(*) from image where name = 'later' and credit = 1") == "1"
    assert database.patches()[0][:2] == ("OMERO5.5", 0)


def terminate(ask):
    return ask("select count(pg_terminate_backend(pid)) from pg_stat_activity where pid <> pg_backend_pid()"
               " and datname = current_database()")  # fmt: skip


def test_a_connection_that_is_ended_costs_no_read(made, postgresql):
    ask = made("5.4")
    database = connected(postgresql, ask.name)
    assert database.rows("select 1 as one") == [{"one": 1}]
    assert terminate(ask) == "1"
    assert database.rows("select 1 as one") == [{"one": 1}]
    killer = threading.Timer(0.3, terminate, [ask])
    killer.start()
    started = time.monotonic()
    assert database.rows("select pg_sleep(0.6)::text as slept") == [{"slept": ""}]
    killer.join()
    assert time.monotonic() - started > 0.9, "the statement was not interrupted"


def test_a_read_is_tried_twice_and_not_for_ever(made, postgresql):
    ask = made("5.4")
    database = connected(postgresql, ask.name)
    tried = []

    def ended(transaction):
        tried.append(transaction)
        terminate(ask)
        return transaction.rows("select 1")

    with pytest.raises(psycopg2.OperationalError):
        database.read(ended)
    assert len(tried) == 2
    assert database.rows("select 1 as one") == [{"one": 1}]


def test_what_is_not_a_lost_connection_is_not_tried_again(made, postgresql):
    database = connected(postgresql, made("5.4").name)
    tried = []

    def slow(transaction):
        tried.append(transaction)
        transaction.rows("set local statement_timeout = 50")
        return transaction.rows("select pg_sleep(5)")

    with pytest.raises(psycopg2.errors.QueryCanceled):
        database.read(slow)
    with pytest.raises(psycopg2.errors.UndefinedTable):
        database.rows("select * from nothing")
    assert len(tried) == 1


def test_another_database_under_the_same_name_is_seen(made, postgresql):
    first, second = made("5.4"), made("5.4")
    database = connected(postgresql, first.name)
    before = database.newest_event()
    assert database.newest_event() == before
    postgresql.sql(
        f"select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '{first.name}';"
        f"alter database {first.name} rename to away; alter database {second.name} rename to {first.name};"
        f"alter database away rename to {second.name}"
    )
    after = database.newest_event()
    assert after != before
    assert after[1] == before[1]
