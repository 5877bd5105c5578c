"""idr_swap: its statement, on a real PostgreSQL with clients that come back at once."""

import subprocess
import threading
import time

import idr_swap
import pytest

NAMES = ("swap_main", "swap_next", "swap_kept")


@pytest.fixture
def databases(postgresql):
    """Two databases, each of which tells its first name."""
    for name in NAMES[:2]:
        postgresql.sql(f"CREATE DATABASE {name}")
        postgresql.sql(f"CREATE TABLE first AS SELECT '{name}' AS name", name)
    yield postgresql
    for name in NAMES:
        postgresql.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _names(databases):
    return databases.sql("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname ~ '^swap_'")


def test_swap_under_clients_that_come_back(databases):
    ended, answers = threading.Event(), []

    def client():
        while not ended.is_set():
            try:
                answers.append(databases.sql("SELECT name FROM first; SELECT pg_sleep(0.2)", NAMES[0]))
            except subprocess.CalledProcessError:
                answers.append("cut off")

    clients = [threading.Thread(target=client) for _ in range(3)]
    for each in clients:
        each.start()
    time.sleep(1)
    databases.sql(idr_swap.statement(*NAMES))
    time.sleep(1)
    ended.set()
    for each in clients:
        each.join()
    assert answers[0] == NAMES[0]
    assert answers[-1] == NAMES[1]
    assert _names(databases) == "swap_kept swap_main"


def test_failed_swap_renames_nothing(databases):
    databases.sql(f"CREATE DATABASE {NAMES[2]}")
    with pytest.raises(subprocess.CalledProcessError):
        databases.sql(idr_swap.statement(*NAMES))
    assert _names(databases) == "swap_kept swap_main swap_next"
    assert databases.sql("SELECT name FROM first", NAMES[0]) == NAMES[0]
