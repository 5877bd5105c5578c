"""Backups of the local environment's database, and the whole site as it was at a time."""

import json
import time

import pytest

from testbed import site

ENVIRONMENT = "idr-local"
DATABASE, WRITER = f"{ENVIRONMENT}-database", f"{ENVIRONMENT}-omeroreadwrite"
NOW = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00:00'"


@pytest.fixture(scope="module")
def runner(local):
    """Function that returns what a function of the master's runners returns."""

    def runner(*arguments, timeout=300):
        done = local.run("salt-run", "--out=json", *arguments, timeout=timeout)
        assert "{" in done.stdout, done.stdout + done.stderr
        return json.loads(done.stdout[done.stdout.index("{") :])

    return runner


@pytest.fixture(scope="module")
def query(local):
    """Function that runs SQL on the database host."""

    def query(statement, database="postgres"):
        answer = local.salt(DATABASE, "postgresql.query", statement, database)[DATABASE]
        assert isinstance(answer, list), answer
        return answer

    return query


@pytest.fixture
def rows(query):
    """A table of the test's own, outside of OMERO's database."""
    query("CREATE TABLE IF NOT EXISTS backup_of_test (name text)")
    yield
    query("DROP TABLE IF EXISTS backup_of_test")


def orchestrate(runner, target):
    """{state id: its answer}"""
    given = json.dumps({"environment": ENVIRONMENT, "target": target})
    (states,) = runner("state.orchestrate", "orch.restore", f"pillar={given}", timeout=900)["data"].values()
    return {state["__id__"]: state for state in states.values()}


def test_the_first_backup_came_by_itself_and_wal_arrives(runner):
    deadline = time.monotonic() + 120
    while not (listed := runner("backup.list", ENVIRONMENT)).get("from"):
        assert time.monotonic() < deadline, listed
        time.sleep(3)
    assert listed["stanza"] == ENVIRONMENT
    assert runner("backup.check", ENVIRONMENT)["stanza"] == ENVIRONMENT


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("2001-01-01 00:00:00+00:00", "oldest backup"),
        ("2999-01-01 00:00:00+00:00", "a time that is over"),
        ("2026-01-01 00:00:00", "with its zone"),
    ],
)
def test_a_time_that_cannot_be_restored_stops_nothing(runner, query, target, said):
    began = query("SELECT pg_postmaster_start_time()")
    states = orchestrate(runner, target)
    assert list(states) == ["restore-refused"]
    assert said in states["restore-refused"]["comment"]
    assert query("SELECT pg_postmaster_start_time()") == began


def test_the_site_as_it_was(local, runner, query, rows):
    images = query("SELECT count(*) FROM image", "omero")
    query("INSERT INTO backup_of_test VALUES ('A')")
    ((target,),) = query(NOW)
    query("INSERT INTO backup_of_test VALUES ('B')")
    states = orchestrate(runner, target)
    assert all(state["result"] for state in states.values()), states
    assert query("SELECT name FROM backup_of_test") == [["A"]]
    assert query("SELECT count(*) FROM image", "omero") == images
    site.wait_for_page(within=60)
    assert local.salt(WRITER, "omero.look", "login=root")[WRITER]["db"] is False
    kept = local.salt(DATABASE, "pgbackrest.kept")[DATABASE]
    assert len(kept) == 1
    # the new full backup can be the next restore's
    assert len([one for one in runner("backup.list", ENVIRONMENT)["backups"].values() if one["usable"]]) >= 2
    assert runner("backup.discard", ENVIRONMENT) == {"removed": kept}


def test_after_it_nothing_has_to_be_changed(local):
    hosts = f"{DATABASE},{ENVIRONMENT}-management"
    answers = local.salt("-L", hosts, "state.apply")
    assert set(answers) == set(hosts.split(","))
    for states in answers.values():
        assert not [state["__id__"] for state in states.values() if state["changes"] or state["result"] is not True]
