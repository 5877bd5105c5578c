"""The steps by which a read-only server leaves, one by one."""

import idr_departure
import idr_keys
import idr_mine
import keys
import pytest
from farm import DATABASE, ENV, ONE, PROXY, THREE, TWO, WRITER
from salt.exceptions import CommandExecutionError

SECOND = f"{ENV}-proxy-2"


@pytest.fixture
def departure(farm):
    """Function that begins the departure of a server; one and two serve, behind two proxies."""
    farm.accept(SECOND)
    farm.servers[SECOND] = {}
    farm.serve(ONE, TWO)
    return lambda host=TWO: idr_departure.Departure(farm.opts, host, ENV)


def test_drained_on_all_proxies_with_the_time_of_their_pillar(farm, departure):
    given = []
    farm.told[SECOND, "frontend.drain"] = lambda *args, **kwargs: given.append((args, kwargs)) or {"sessions": {"a": 1}}
    assert departure().drain(None) == {PROXY: {}, SECOND: {"a": 1}}
    assert given == [((TWO,), {"timeout": 5, "alone": False})]
    assert farm.servers[PROXY][TWO] == "drained"


def test_the_dead_are_not_waited_for(farm, departure):
    farm.dead.add(TWO)
    given = []
    farm.told[PROXY, "frontend.drain"] = lambda *args, **kwargs: given.append(kwargs) or {"sessions": {}}
    departure().drain(30)
    assert given == [{"timeout": 0, "alone": True}]


def test_the_last_one_stays_and_serves(farm, departure):
    farm.ill.add(ONE)
    with pytest.raises(CommandExecutionError, match="expected another server to be up"):
        departure().drain(0)
    assert farm.servers[PROXY][TWO] == farm.servers[SECOND][TWO] == "up"


@pytest.mark.parametrize("function", ["frontend.servers", "frontend.drain"])
def test_a_proxy_that_does_not_answer_ends_it_and_the_other_lets_it_back(farm, departure, function):
    farm.told[SECOND, function] = CommandExecutionError("no answer")
    with pytest.raises(CommandExecutionError, match="no answer"):
        departure().drain(0)
    assert farm.servers[PROXY][TWO] == "up"


def test_who_was_drained_before_is_not_let_back(farm, departure):
    farm.servers[PROXY][TWO] = "drained"
    farm.told[SECOND, "frontend.servers"] = CommandExecutionError("no answer")
    with pytest.raises(CommandExecutionError):
        departure().drain(0)
    assert farm.servers[PROXY][TWO] == "drained"


def test_a_proxy_that_took_too_long_lets_it_back_too(farm, departure):
    def slow(server, **_):
        farm.servers[SECOND][server] = "drained"
        raise CommandExecutionError(f"{SECOND}: frontend.drain: not done within 60 s; it may still be at it")

    farm.told[SECOND, "frontend.drain"] = slow
    with pytest.raises(CommandExecutionError):
        departure().drain(0)
    assert farm.servers[SECOND][TWO] == farm.servers[PROXY][TWO] == "up"


def test_who_the_proxies_do_not_know_has_nobody(farm, departure):
    del farm.servers[PROXY][TWO], farm.servers[SECOND][TWO]
    assert departure().drain(None) == {}


def test_out_of_the_configuration(farm, departure):
    departure().take_out()
    assert set(farm.servers[PROXY]) == set(farm.servers[SECOND]) == {ONE}
    assert TWO not in farm.marked
    assert not idr_mine.serving(farm.opts, TWO)


def test_a_dead_one_is_taken_out_without_being_asked(farm, departure):
    farm.dead.add(TWO)
    departure().take_out()
    assert set(farm.servers[PROXY]) == {ONE}
    assert [function for host, function in farm.calls if host == TWO] == ["test.ping"]


def test_a_proxy_that_still_has_it_is_said(farm, departure):
    farm.told[SECOND, "state.sls proxy.haproxy"] = CommandExecutionError("haproxy: the check failed")
    with pytest.raises(CommandExecutionError, match="the check failed"):
        departure().take_out()
    farm.told[SECOND, "state.sls proxy.haproxy"] = True
    with pytest.raises(CommandExecutionError, match=TWO):
        departure().take_out()


def test_stopped_in_order_and_only_if_it_answers(farm, departure):
    stopped = []
    farm.told[TWO, "service.stop"] = lambda unit: stopped.append(unit) or True
    departure().stop()
    assert stopped == ["omero-memo", "omero-web", "omero-server"]
    farm.dead.add(TWO)
    departure().stop()
    assert len(stopped) == 3


@pytest.mark.parametrize(
    ("has", "destroy", "dead", "became", "done"),
    [
        ("running", True, False, "destroyed", [("destroy", TWO)]),
        ("stopped", True, True, "destroyed", [("destroy", TWO)]),
        ("running", False, False, "stopped", [("stop", TWO)]),
        ("stopped", False, True, "stopped", []),
        (None, True, False, "left running: no cloud has it", []),
        (None, True, True, "gone: no cloud has it", []),
    ],
)
def test_switched_off_in_its_cloud(farm, departure, has, destroy, dead, became, done):
    farm.cloud.has.pop(TWO)
    farm.cloud.has |= {TWO: has} if has else {}
    farm.dead |= {TWO} if dead else set()
    assert departure().switch_off(destroy) == became
    assert farm.cloud.done == done


def test_a_cloud_that_does_not_answer_is_not_one_without_it(farm, departure):
    farm.cloud.wrong = {"here": "", "there": "cloud there: no route"}
    with pytest.raises(ValueError, match="no route"):
        departure().switch_off(True)


def test_forgotten_by_the_master_and_all_others(farm, departure):
    errors = departure().forget()
    assert errors == {}
    assert TWO not in keys.known(farm.opts)
    assert idr_mine.address(farm.opts, TWO) is None
    assert sorted(farm.asked("state.sls peers")) == sorted([DATABASE, WRITER, PROXY, SECOND, ONE])


def test_who_does_not_know_of_it_yet_is_said(farm, departure):
    farm.told[DATABASE, "state.sls peers"] = CommandExecutionError("2 states failed")
    assert departure().forget() == {DATABASE: "2 states failed"}
    assert TWO not in keys.known(farm.opts)


def test_only_the_key_of_that_name_is_deleted(farm, departure):
    farm.accept(f"{ENV}-omeroreadonly-22", "idr-xx-omeroreadonly-2")
    before = keys.known(farm.opts)
    idr_departure.forget(farm.opts, TWO)
    assert keys.known(farm.opts) == [host for host in before if host != TWO]


def test_those_who_serve_say_so(farm, departure):
    farm.accept(THREE)
    assert idr_departure.readers_that_serve(farm.opts, ENV) == [ONE, TWO]
    assert idr_keys.readers(farm.opts, ENV) == [ONE, TWO, THREE]
