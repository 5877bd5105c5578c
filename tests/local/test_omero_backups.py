"""A dump of the site's database, restored into one that the PostgreSQL states prepared; who may read it then."""

import json

import pytest

DATABASE, WRITER, READER = "idr-local-database", "idr-local-omeroreadwrite", "idr-local-omeroreadonly-1"
BACK = "backup_of_test"
PREPARED = {
    "owner": "omero",
    "extensions": ["pg_stat_statements"],
    "readers": {"omeroreadonly": {"passwords_of": ["public"]}},
}


@pytest.fixture
def call(local):
    """Function ``(host, function, *arguments)`` that returns the answer of one host."""

    def call(host, function, *arguments):
        return local.salt(host, function, *arguments)[host]

    return call


@pytest.fixture
def prepared(call):
    """An empty database beside the site's, as pillar would have it; gone afterwards."""
    override = json.dumps({"postgresql": {"databases": {BACK: PREPARED}}})
    answer = call(DATABASE, "state.apply", "postgresql", f"pillar={override}")
    assert all(state["result"] for state in answer.values()), answer
    yield override
    call(DATABASE, "postgresql.query", f"DROP DATABASE {BACK} WITH (FORCE)", "transaction=False")
    answer = call(DATABASE, "state.apply", "postgresql")
    assert all(state["result"] for state in answer.values()), answer


def test_dump_is_restored_and_its_passwords_stay_hidden(local, call, prepared):
    dump = call(WRITER, "omero.db_dump")
    assert dump["schema"] == call(WRITER, "omero.schema_plan")["old"]
    assert dump in call(WRITER, "omero.db_dumps")
    file = local.host(WRITER).file(dump["path"])
    assert (file.user, file.mode, file.size) == ("omero-server", 0o600, dump["size"])
    assert call(WRITER, "omero.db_restore", dump["path"], BACK) == {"database": BACK, "schema": dump["schema"]}

    count = "select count(*) from image"
    images = call(DATABASE, "postgresql.query", count, "omero")
    assert call(DATABASE, "postgresql.query", f"set role omeroreadonly; {count}", BACK) == images
    seen = "set role omeroreadonly; select count(*) from omeroreadonly.password"
    assert call(DATABASE, "postgresql.query", seen, BACK) == [["1"]]
    refused = call(DATABASE, "postgresql.query", "set role omeroreadonly; table public.password", BACK)
    assert "permission denied" in refused

    answer = call(DATABASE, "state.apply", "postgresql", "test=True", f"pillar={prepared}")
    assert not [state["__id__"] for state in answer.values() if state["changes"] or state["result"] is not True]


def test_reader_may_not_dump(call):
    assert "permission denied" in call(READER, "omero.db_dump")
    assert call(READER, "omero.db_dumps") == []
