"""What our states are told of a cluster whose files ask for a restart, by a real PostgreSQL."""

import json
import time

import idr_facts
import pytest


@pytest.fixture
def facts(postgresql):
    """Function that changes the configuration, reloads it, and returns the facts."""

    def facts(*statements):
        for statement in statements:
            postgresql.sql(statement)
        before = postgresql.sql("SELECT pg_conf_load_time()")
        postgresql.sql("SELECT pg_reload_conf()")
        deadline = time.monotonic() + 10
        while postgresql.sql("SELECT pg_conf_load_time()") == before and time.monotonic() < deadline:
            time.sleep(0.1)
        rows = postgresql.sql(idr_facts.script([])).splitlines()
        return idr_facts.parse([[row] for row in rows])

    yield facts
    postgresql.sql("ALTER SYSTEM RESET ALL")
    postgresql.restart()


def test_a_parameter_that_wants_a_restart_is_told_with_its_line(facts):
    found = facts("ALTER SYSTEM SET max_connections = 55")
    ((text, context, pending),) = found["file_errors"]
    assert "postgresql.auto.conf, line" in text
    assert "max_connections" in text
    assert (context, pending, found["pending"]) == ("postmaster", True, ["max_connections"])


def test_so_is_one_that_is_in_no_file_any_more(facts, postgresql):
    postgresql.sql("ALTER SYSTEM SET max_connections = 55")
    postgresql.restart()
    found = facts("ALTER SYSTEM RESET max_connections")
    # initdb has put one into postgresql.conf
    assert found["pending"] == ["max_connections"]
    postgresql.sql("ALTER SYSTEM SET track_commit_timestamp = on")
    postgresql.restart()
    found = facts("ALTER SYSTEM RESET track_commit_timestamp")
    assert json.loads(json.dumps(found["file_errors"])) == [
        ['parameter "track_commit_timestamp" cannot be changed without restarting the server', "postmaster", True]
    ]
