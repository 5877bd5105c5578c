"""Another number of read-only servers: made and gone by the paths of all others."""

import types

import idr_pillar
import keys
import pytest
from farm import ENV, ONE, PROXY, THREE, TWO

FOUR = f"{ENV}-omeroreadonly-4"
PORTS = {"haproxy": {"per_server": {"first_port": 14060, "last_port": 14070}}}


@pytest.fixture
def runner(load, farm, monkeypatch):
    """The runner; one and two serve. New ones serve as soon as they are made, unless the farm has them dead."""
    farm.serve(ONE, TWO)
    with farm.ledger() as known:
        for host in (ONE, TWO):
            known.request(host)
            known.mark(host, "serving")
    farm.left = []
    make = farm.cloud.make

    def made(profile, names):
        told = make(profile, names)
        with farm.ledger() as known:
            for name in (name for name in names if not told[name]):
                keys.put(farm.opts, name)
                known.request(name)
                known.mark(name, "failed" if name in farm.dead else "serving", "no" if name in farm.dead else None)
        return told

    def leave(server, destroy):
        farm.left.append((server, destroy))
        return farm.told.get(server, {"id": server})

    monkeypatch.setattr(farm.cloud, "make", made)
    monkeypatch.setattr(idr_pillar, "compiler", lambda opts, host: types.SimpleNamespace(compile_pillar=lambda: PORTS))
    return load("runners", "idr_scale", opts=farm.opts, context={}, salt={"idr.leave": leave})


def test_as_many_as_there_are_is_nothing(farm, runner):
    told = runner.scale(ENV, 2)
    assert told == {"plan": {"join": [], "leave": []}, "serving": [], "left": [], "notes": []}
    assert farm.cloud.done == farm.left == []


def test_more_are_made_with_the_profile_of_the_map(farm, runner):
    told = runner.scale(ENV, 4)
    assert told["plan"] == {"join": [THREE, FOUR], "leave": []}
    assert told["serving"] == [THREE, FOUR]
    assert farm.cloud.done == [("make", "ro", THREE, FOUR)]
    assert [THREE in note for note in told["notes"]] == [True, False]
    assert runner.__context__ == {}


def test_fewer_leave_and_are_destroyed(farm, runner):
    farm.accept(THREE, FOUR)
    told = runner.scale(ENV, 2)
    assert farm.left == [(FOUR, True), (THREE, True)]
    assert (told["left"], farm.cloud.done) == ([FOUR, THREE], [])


def test_the_plan_is_only_shown(farm, runner):
    assert runner.scale(ENV, 3, test=True)["plan"] == {"join": [THREE], "leave": []}
    assert runner.scale(ENV, 1, test=True)["plan"] == {"join": [], "leave": [TWO]}
    assert farm.cloud.done == farm.left == []


def test_one_that_cannot_be_made_is_said_and_the_other_serves(farm, runner):
    farm.cloud.refuses[THREE] = "no quota"
    told = runner.scale(ENV, 4)
    assert (told["serving"], told["retcode"]) == ([FOUR], 1)
    assert told["errors"] == [f"{THREE}: no quota"]


def test_one_that_does_not_serve_in_time_is_said(farm, runner):
    farm.dead.add(THREE)
    told = runner.scale(ENV, 3, timeout=5)
    assert told["errors"] == [f"{THREE}: failed: no"]
    assert runner.__context__["retcode"] == 1


def test_who_served_under_that_name_before_does_not_count(farm, runner, monkeypatch):
    # Its power was cut and it was forgotten; now it is made again and does not come up.
    with farm.ledger() as known:
        known.request(THREE)
        known.mark(THREE, "serving")
        known.records[THREE]["since"] -= 86400
        known.records[THREE]["requested"] -= 86400

    def made(profile, names):
        keys.put(farm.opts, *names)
        return dict.fromkeys(names, "")

    monkeypatch.setattr(farm.cloud, "make", made)
    told = runner.scale(ENV, 3, timeout=5)
    assert told["serving"] == []
    assert THREE in told["errors"][0]


def test_one_that_does_not_leave_ends_it(farm, runner):
    farm.accept(THREE, FOUR)
    farm.told[FOUR] = {"errors": ["a proxy does not answer"], "retcode": 1}
    told = runner.scale(ENV, 2)
    assert farm.left == [(FOUR, True)]
    assert (told["left"], told["errors"]) == ([], ["a proxy does not answer"])


def test_one_that_left_with_a_word_is_gone(farm, runner):
    farm.accept(THREE)
    farm.told[THREE] = {"id": THREE, "errors": ["the database does not know of it yet"]}
    told = runner.scale(ENV, 2)
    assert (told["left"], told["errors"]) == ([THREE], ["the database does not know of it yet"])


@pytest.mark.parametrize("wanted", [0, "3", True, None, 1.5])
def test_other_numbers_do_nothing(farm, runner, wanted):
    assert "expected a whole number" in runner.scale(ENV, wanted)["errors"][0]
    assert farm.cloud.done == farm.left == []


@pytest.mark.parametrize("environment", ["idr-nowhere", "../x", None, ""])
def test_other_environments_do_nothing(farm, runner, environment):
    told = runner.scale(environment, 3)
    assert (len(told["errors"]), told["retcode"]) == (1, 1)
    assert farm.cloud.done == farm.left == []


def test_there_must_be_a_port_for_each(farm, runner):
    told = runner.scale(ENV, 12)
    assert f"{ENV}-omeroreadonly-11" in told["errors"][0]
    assert "haproxy:per_server" in told["errors"][0]
    assert farm.cloud.done == []


def test_a_server_without_a_number_has_the_first_port(farm, runner, tmp_path):
    (tmp_path / "x.map").write_text(f"front: [{PROXY}]\nro: [{ONE}, {TWO}, {ENV}-omeroreadonly]\n")
    assert runner.scale(ENV, 3, test=True)["plan"]["join"] == [f"{ENV}-omeroreadonly"]


@pytest.fixture
def most(farm):
    """Function that sets the limit of alerts."""

    def most(number):
        farm.opts["idr_scale_out"] = {ENV: {"most": number, "token_file": "/x"}}

    return most


def test_an_alert_makes_one_more_up_to_the_limit(farm, runner, most):
    most(3)
    assert runner.scale_out(ENV)["serving"] == [THREE]
    told = runner.scale_out(ENV)
    assert (told["plan"], told["notes"]) == (None, ["the limit is 3"])
    assert len(farm.cloud.done) == 1


@pytest.mark.parametrize("state", ["joining", "failed", None])
def test_an_alert_makes_none_while_one_is_on_its_way(farm, runner, most, state):
    most(9)
    farm.accept(THREE)
    if state:
        with farm.ledger() as known:
            known.request(THREE)
            known.mark(THREE, state)
    assert THREE in runner.scale_out(ENV)["notes"][0]
    assert farm.cloud.done == []


def test_two_alerts_at_once_make_one(farm, runner, most, monkeypatch):
    most(9)
    make, calls, second = farm.cloud.make, [], []

    def made(profile, names):
        calls.append(names)
        if len(calls) == 1:
            # The other alert comes before the cloud has begun, and before there is a key.
            second.append(runner.scale_out(ENV))
        return make(profile, names)

    monkeypatch.setattr(farm.cloud, "make", made)
    assert runner.scale_out(ENV)["serving"] == [THREE]
    assert calls == [[THREE]]
    assert not second[0].get("plan")


@pytest.mark.parametrize(
    "option", [{}, {"idr_scale_out": None}, {"idr_scale_out": {ENV: None}}, {"idr_scale_out": {ENV: {"most": "3"}}}]
)
def test_alerts_are_off_by_default(farm, runner, option):
    farm.opts |= option
    assert "idr_scale_out" in runner.scale_out(ENV)["errors"][0]
    assert farm.cloud.done == []
