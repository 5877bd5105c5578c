"""The proxies of an environment and who is told what."""

import pathlib
import threading

import idr_frontends
import idr_lock
import pytest
from farm import DATABASE, ENV, ONE, PROXY, THREE, TWO, WRITER
from salt.exceptions import CommandExecutionError

SECOND = f"{ENV}-proxy-2"


@pytest.fixture
def frontends(farm):
    """Of two proxies and two servers that serve; a third one is not accepted, a fourth of another environment."""
    farm.accept(SECOND)
    farm.servers[SECOND] = {}
    farm.serve(ONE, TWO)
    farm.accept(THREE, state="minions_pre")
    farm.accept("idr-y-proxy", "stranger")
    return idr_frontends.Frontends(farm.opts, ENV)


def test_hosts_are_those_of_the_environment_whose_keys_are_accepted(frontends):
    assert frontends.hosts == [DATABASE, ONE, TWO, WRITER, PROXY, SECOND]
    assert frontends.proxies == [PROXY, SECOND]


@pytest.mark.parametrize(("others", "proxies"), [("idr-z-database", ["idr-z-allinone"]), ("idr-z-proxy", [])])
def test_an_all_in_one_host_is_a_proxy_where_no_other_host_is(farm, others, proxies):
    pathlib.Path(farm.opts["root_dir"], "z.map").write_text(f"all: [idr-z-allinone, {others}]\n")
    farm.accept("idr-z-allinone")
    assert idr_frontends.Frontends(farm.opts, "idr-z").proxies == proxies


def test_all_proxies_are_changed_without_waiting_for_who_is_not_there(farm, frontends):
    given = []
    farm.told[SECOND, "state.sls proxy.haproxy"] = lambda *args, **kwargs: given.append((args, kwargs))
    assert frontends.change() == {PROXY: "", SECOND: ""}
    assert given == [(("proxy.haproxy",), {"queue": True, "pillar": {"peers": {"settle": 0, "serving_timeout": 0}}})]
    assert set(farm.servers[PROXY]) == {ONE, TWO}


def test_a_proxy_that_is_down_does_not_keep_the_other(farm, frontends):
    farm.dead.add(PROXY)
    errors = frontends.change()
    assert errors[SECOND] == ""
    assert PROXY in errors[PROXY]
    assert idr_frontends.wrong(errors) == errors[PROXY]
    assert idr_frontends.wrong({PROXY: "", SECOND: ""}) == ""


@pytest.mark.parametrize("error", [CommandExecutionError("no"), OSError("no")])
def test_whatever_goes_wrong_at_one_is_said_of_it_alone(farm, frontends, error):
    farm.told[TWO, "test.ping"] = error
    answers, errors = frontends.each([ONE, TWO], "test.ping")
    assert answers == {ONE: True}
    assert (errors[ONE], "no" in errors[TWO]) == ("", True)


def test_hosts_are_called_at_the_same_time(farm, frontends):
    together = threading.Barrier(2, timeout=30)
    farm.told[ONE, "test.ping"] = farm.told[TWO, "test.ping"] = lambda: together.wait() >= 0
    assert frontends.each([TWO, ONE], "test.ping") == ({ONE: True, TWO: True}, {ONE: "", TWO: ""})
    assert frontends.each([], "test.ping") == ({}, {})


def test_all_are_introduced_but_those_who_have_no_time(farm, frontends):
    frontends.introduce(but=[ONE])
    assert sorted(farm.asked("state.sls peers")) == sorted([DATABASE, TWO, WRITER, PROXY, SECOND])


def test_only_one_changes_the_proxies_at_a_time(farm, frontends):
    with frontends.changing():
        assert idr_lock.taken(farm.folder, f"{ENV}.frontends")
        with pytest.raises(ValueError, match="is taken"), frontends.changing(limit=0):
            raise AssertionError
    assert not idr_lock.taken(farm.folder, f"{ENV}.frontends")


def test_servers_are_awaited(farm, frontends):
    statuses, errors = frontends.await_servers(up=[TWO, ONE], gone=[THREE])
    assert (statuses[PROXY], errors) == ({ONE: "up", TWO: "up"}, {PROXY: "", SECOND: ""})
    farm.ill.add(TWO)
    statuses, errors = frontends.await_servers(up=[TWO])
    assert TWO in errors[PROXY]
