"""Facts of a host, and what is done about it."""

import idr_joins
import idr_reconcile
import pytest
from hypothesis import given
from hypothesis import strategies as st

READER, PROXY = "idr-x-omeroreadonly-1", "idr-x-proxy"
GOOD = {
    "id": READER,
    "role": "omeroreadonly",
    "key": "accepted",
    "age": idr_reconcile.MAKING,
    "map": True,
    "cloud": "running",
    "answers": True,
    "silent": 0,
    "address": True,
    "serving": True,
    "proxies": {PROXY: "up"},
    "record": "serving",
    "active": False,
}
# Of which nobody has ever heard: no key, no server.
NONE = {**GOOD, "key": None, "cloud": "absent", "answers": False, "address": False, "serving": False, "record": None}
LONG = idr_reconcile.BOOTING
DEAD = {"answers": False, "silent": LONG, "proxies": {PROXY: "down"}}
OUT = {"proxies": {PROXY: None}}


def _actions(facts, **arguments):
    return [action for action, _ in idr_reconcile.plan(facts, **arguments)]


@pytest.mark.parametrize(
    ("facts", "actions"),
    [
        ({}, []),
        ({"cloud": None}, []),
        ({"map": False}, ["report"]),
        # what is gone
        ({"cloud": "absent", **DEAD}, ["forget", "change"]),
        ({"cloud": "absent", **DEAD, **OUT}, ["forget"]),
        ({"cloud": "absent"}, []),
        # what is about to be made, or may be
        ({"cloud": "absent", "answers": False, "serving": False, **OUT, "age": idr_reconcile.MAKING - 1}, ["report"]),
        ({"cloud": "absent", "answers": False, "serving": False, **OUT, "age": None}, ["report"]),
        # what the mine has lost, and nobody can be asked about
        ({"answers": False, "serving": False}, ["report"]),
        # what may be gone
        ({"cloud": None, **DEAD}, ["report", "withdraw", "change"]),
        ({"cloud": "running", **DEAD}, ["report", "withdraw", "change"]),
        ({"cloud": "stopped", **DEAD}, ["report", "withdraw", "change"]),
        ({"answers": False, "silent": LONG}, ["report"]),
        ({"answers": False, "silent": LONG, "proxies": {PROXY: "drained"}}, ["report"]),
        ({"answers": False, "silent": LONG, "proxies": {PROXY: "down", "idr-x-proxy-2": "up"}}, ["report"]),
        # what is booting, unless its cloud says that it is off
        ({**DEAD, "silent": LONG - 1}, ["report"]),
        ({**DEAD, "silent": LONG - 1, "cloud": None}, ["report"]),
        ({**DEAD, "silent": 0, "cloud": "stopped"}, ["report", "withdraw", "change"]),
        ({"answers": False, "proxies": {}}, ["report"]),
        ({**DEAD, "serving": False}, ["report", "change"]),
        # the mine
        ({"address": False}, ["publish"]),
        ({"address": False, "answers": False}, ["report"]),
        ({"serving": False}, ["publish"]),
        # not yet
        ({"serving": False, **OUT, "record": None}, ["join"]),
        ({"serving": False, **OUT, "record": "failed"}, ["join"]),
        ({"serving": False, "proxies": {}, "record": "requested"}, ["join"]),
        ({"serving": False, **OUT, "record": "joining", "active": True}, ["report"]),
        ({"serving": False, **OUT, "record": "joining"}, ["join"]),
        (OUT, ["join"]),
        ({"proxies": {PROXY: "up", "idr-x-proxy-2": None}}, ["join"]),
        ({"proxies": {PROXY: "drained"}}, ["report"]),
        ({"proxies": {PROXY: "down"}}, ["report"]),
        # on its way out
        ({"record": "leaving"}, ["report"]),
        ({"record": "leaving", "serving": False, **OUT}, ["report"]),
        # keys that are none
        ({"key": "pending"}, ["report", "change"]),
        ({"key": "rejected", **OUT}, ["report"]),
        ({"key": "denied", **OUT}, ["report"]),
        ({"key": None, **OUT}, ["report"]),
        ({**NONE, **OUT}, ["report"]),
        ({**NONE, **OUT, "map": False}, []),
        ({**NONE, **DEAD}, ["report", "change"]),
    ],
)
def test_reader(facts, actions):
    assert _actions({**GOOD, **facts}) == actions


@pytest.mark.parametrize(
    ("facts", "actions"),
    [
        ({}, []),
        ({"answers": False}, ["report"]),
        ({"answers": False, "cloud": "absent"}, ["forget"]),
        ({"address": False}, ["publish"]),
        ({"key": "pending"}, ["report"]),
    ],
)
def test_any_other_role_neither_joins_nor_serves(facts, actions):
    other = {**GOOD, "id": PROXY, "role": "proxy", "serving": False, "proxies": {}, "record": None}
    assert _actions({**other, **facts}) == actions


@pytest.mark.parametrize(
    ("facts", "actions"),
    [({"address": False}, ["report"]), ({"serving": False}, ["join", "change"])],
)
def test_what_saying_it_again_has_not_mended(facts, actions):
    assert _actions({**GOOD, **facts}, published=True) == actions


STATUS = st.sampled_from(["up", "down", "drained", "maintenance", None])
RECORDS = ["requested", "serving", "failed", "leaving", "left", *idr_joins.AT_WORK]
FACTS = st.fixed_dictionaries(
    {
        "id": st.just(READER),
        "role": st.sampled_from(["omeroreadonly", "proxy", "database"]),
        "key": st.sampled_from(["accepted", "pending", "rejected", "denied", None]),
        "age": st.sampled_from([None, 0, idr_reconcile.MAKING]),
        "map": st.booleans(),
        "cloud": st.sampled_from(["running", "stopped", "building", "absent", None]),
        "answers": st.booleans(),
        "silent": st.sampled_from([0, LONG - 1, LONG, 10**6]),
        "address": st.booleans(),
        "serving": st.booleans(),
        "proxies": st.dictionaries(st.sampled_from([PROXY, "idr-x-proxy-2"]), STATUS),
        "record": st.sampled_from([None, *RECORDS]),
        "active": st.booleans(),
    }
)


def _with(**fixed):
    return FACTS.map(lambda facts: {**facts, **fixed})


HERE = _with(key="accepted", answers=True)


@given(st.one_of(_with(answers=True), _with(cloud=None), _with(cloud="stopped"), _with(age=0)), st.booleans())
def test_only_what_is_certainly_gone_is_forgotten(facts, published):
    assert "forget" not in _actions(facts, published=published)


@given(st.one_of(*(_with(key=key) for key in ("pending", "rejected", "denied", None))), st.booleans())
def test_a_stranger_is_let_in_nowhere(facts, published):
    assert set(_actions(facts, published=published)) <= {"report", "change"}
    # The front end is changed only to be rid of it.
    assert ("change" in _actions(facts)) is any(status for status in facts["proxies"].values())


@given(HERE, st.booleans())
def test_who_answers_and_serves_stays_where_it_is(facts, published):
    facts["serving"] = True
    assert not {"forget", "withdraw", "change"} & set(_actions(facts, published=published))


@given(
    st.one_of(_with(active=True), _with(record="leaving"), _with(answers=False), _with(role="database")), st.booleans()
)
def test_nobody_joins_twice_at_a_time_or_while_it_leaves(facts, published):
    assert "join" not in _actions(facts, published=published)


@given(FACTS, st.sampled_from(["up", "drained", "maintenance"]))
def test_whoever_has_visitors_is_not_withdrawn(facts, status):
    facts["proxies"]["idr-x-proxy-3"] = status
    assert "withdraw" not in _actions(facts)


@given(HERE, st.sampled_from([None, "requested", "serving", "failed", "left", *idr_joins.AT_WORK]))
def test_who_waits_is_not_passed_over(facts, record):
    facts |= {"role": "omeroreadonly", "address": True, "serving": False, "record": record}
    found = dict(idr_reconcile.plan(facts, published=True))
    assert "join" in found or facts["active"]


@given(FACTS, st.booleans())
def test_no_action_comes_twice_but_reports(facts, published):
    actions = [action for action in _actions(facts, published=published) if action != "report"]
    assert len(actions) == len(set(actions))
    assert all(why for _, why in idr_reconcile.plan(facts, published=published))


def test_row_says_what_was_seen_found_and_done():
    facts = {**GOOD, "cloud": "absent", **DEAD}
    found = idr_reconcile.plan(facts)
    assert idr_reconcile.row(facts, found, {"forget": "done"}) == {
        "key": "accepted",
        "cloud": "absent",
        "answers": "no",
        "mine": "serves",
        "front end": "down",
        "found": f"its server is gone (done); {PROXY} still has it (to do)",
    }
    assert idr_reconcile.row(GOOD, [], {})["found"] == "all is well"


@given(FACTS)
def test_every_row_has_the_same_columns_of_one_line(facts):
    row = idr_reconcile.row(facts, idr_reconcile.plan(facts), {})
    assert list(row) == list(idr_reconcile.row(GOOD, [], {}))
    assert all(isinstance(cell, str) and cell and "\n" not in cell for cell in row.values())
