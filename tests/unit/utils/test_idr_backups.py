"""What pgBackRest says, and which backup a time is restored from."""

import datetime
import json

import idr_backups
import pytest

NOW = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
OK = {"code": 0, "message": "ok", "lock": {"backup": {"held": False}}}


def _backup(label, stop, cluster=1, error=False):
    return {
        "label": label,
        "type": "full",
        "error": error,
        "database": {"id": cluster},
        "timestamp": {"start": stop - 10, "stop": stop},
        "info": {"size": 100, "repository": {"delta": 10}},
    }


def _said(*backups, status=OK, clusters=1, name="idr-x"):
    known = [{"id": number, "system-id": 7000 + number, "version": "15"} for number in range(1, clusters + 1)]
    return json.dumps([{"name": name, "status": status, "db": known, "backup": list(backups)}])


def test_a_stanza_as_it_is_told():
    found = idr_backups.stanza(_said(_backup("A", 100), _backup("B", 200, 2), clusters=2), "idr-x")
    assert (found["there"], found["problem"], found["running"]) == (True, None, False)
    assert found["cluster"] == {"system": "7002", "version": "15"}
    told = [(one["label"], one["usable"], one["present"]) for one in found["backups"]]
    assert told == [("A", True, False), ("B", True, True)]
    assert idr_backups.rows(found["backups"])["A"]["stop"] == "1970-01-01 00:01:40+00:00"


def test_what_can_be_restored():
    said = json.loads(_said(_backup("A", 100), _backup("B", 200, 2, error=True), clusters=2))
    said[0]["db"][0]["version"] = "14"
    found = idr_backups.stanza(json.dumps(said), "idr-x")["backups"]
    assert [(one["usable"], one["present"]) for one in found] == [(False, False), (False, False)]


@pytest.mark.parametrize(
    "said", ["[]", _said(name="idr-y"), _said(status={"code": 1, "message": "missing stanza path"}, clusters=0)]
)
def test_no_stanza_is_no_error(said):
    found = idr_backups.stanza(said, "idr-x")
    assert (found["there"], found["problem"], found["backups"]) == (False, None, [])


def test_a_stanza_without_a_backup_and_one_with_a_problem():
    found = idr_backups.stanza(_said(status={"code": 2, "message": "no valid backups"}), "idr-x")
    assert (found["there"], found["problem"]) == (True, None)
    assert idr_backups.stanza(_said(status={"code": 99, "message": "other"}), "idr-x")["problem"] == "other"
    busy = {**OK, "lock": {"backup": {"held": True}}}
    assert idr_backups.stanza(_said(status=busy), "idr-x")["running"] is True


@pytest.mark.parametrize("said", ["", "{}", "no JSON", '[{"name": "idr-x"}]'])
def test_what_pgbackrest_does_not_print_is_refused(said):
    if said == "{}":
        assert not idr_backups.stanza(said, "idr-x")["there"]
        return
    with pytest.raises(ValueError, match="pgbackrest info"):
        idr_backups.stanza(said, "idr-x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31 10:00:00+00:00", "2026-01-31 10:00:00.000000+00"),
        ("2026-01-31T12:30:00.25+02:00", "2026-01-31 10:30:00.250000+00"),
        (datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), "2026-01-01 00:00:00.000000+00"),
        ("2026-01-31T10:00:00Z", "2026-01-31 10:00:00.000000+00"),
    ],
)
def test_times(text, expected):
    assert idr_backups.written(idr_backups.moment(text, NOW)) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a time such as"),
        ("yesterday", "found 'yesterday'"),
        ("2026-01-31 10:00:00", "with its zone"),
        ("2026-01-31 12:00:01+00:00", "a time that is over"),
        ("2026-02-30 12:00:00+00:00", "expected a time such as"),
    ],
)
def test_times_that_are_refused(text, said):
    with pytest.raises(ValueError, match=f"target: .*{said}"):
        idr_backups.moment(text, NOW)


def _usable(*stops):
    return [{"label": str(stop), "stop": stop, "usable": True} for stop in stops]


def test_the_last_backup_that_was_whole_by_then():
    when = datetime.datetime.fromtimestamp(250.5, datetime.UTC)
    assert idr_backups.chosen(_usable(300, 200, 100), when)["stop"] == 200
    # whole seconds are told: one that ended within this one may have ended later
    with pytest.raises(ValueError, match="expected a time after 1970-01-01 00:05:00"):
        idr_backups.chosen(_usable(300), datetime.datetime.fromtimestamp(300, datetime.UTC))
    with pytest.raises(ValueError, match="backup.create"):
        idr_backups.chosen([{"label": "A", "stop": 1, "usable": False}], when)


def test_configuration():
    text = "# x=y\n[global]\na=b\n\n[idr-x]\npg1-path=/d\npg1-host=h\n[global:backup]\nc=d\n"
    assert idr_backups.configured(text) == {"idr-x": {"pg1-path": "/d", "pg1-host": "h"}}
    assert idr_backups.configured("") == {}


def test_errors_without_hints():
    text = "WARN: x\n2026 P00  ERROR: [082]: WAL segment was not archived\n       before 20 s\n       HINT: y\n"
    text += "ERROR: [1]: z\n"
    assert idr_backups.errors(text) == "[082]: WAL segment was not archived before 20 s / [1]: z"
    assert idr_backups.errors("") == ""


def test_whose_a_volume_is():
    own = {"environment": "idr-x", "stanza": "idr-x"}
    assert idr_backups.owned(None, "idr-x", NOW) == own
    assert idr_backups.owned(own, "idr-x", NOW) == own
    clone = idr_backups.owned({"environment": "idr-prod", "stanza": "idr-prod"}, "idr-x", NOW)
    assert clone == {"environment": "idr-x", "stanza": "idr-x-20260131-120000"}
    assert idr_backups.owned(clone, "idr-x", NOW + datetime.timedelta(days=1)) == clone


def test_identifier_of_a_cluster():
    assert idr_backups.system((7123).to_bytes(8, "little") + b"more") == "7123"
    with pytest.raises(ValueError, match="at least 8 bytes"):
        idr_backups.system(b"x")


CLUSTER = {"stanza": "idr-local", "path": "/var/lib/postgresql/15/main", "system": "7", "version": "15"}


def test_a_cluster_is_believed_when_it_can_be_one():
    assert idr_backups.believed({**CLUSTER, "more": "x"}) == CLUSTER


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("stanza", "main]\ncmd=/tmp/evil\n["),
        ("stanza", ""),
        ("path", "/a\npg1-host-cmd=/tmp/evil"),
        ("path", "relative"),
        ("system", 7),
        ("version", "15\n"),
        ("version", None),
    ],
)
def test_what_could_be_none_is_an_error_that_names_the_key(key, value):
    with pytest.raises(ValueError, match=f"{key}: expected text of the form"):
        idr_backups.believed({**CLUSTER, key: value})
    with pytest.raises(ValueError, match="expected the keys stanza, path, system, version, found str"):
        idr_backups.believed("main")
