"""What is done to a read-only server, in which order, and where it ends when something fails."""

import idr_departure
import idr_lock
import idr_minions
import idr_turn
import omero_wait
import pytest
from salt.exceptions import CommandExecutionError

HEALTHY = {"up": True, "db": True, "repo": True, "version": "5.7.0"}


class Minions(idr_minions.Minions):
    """Answers as told, one after the other where that is a list, and keeps what it was asked."""

    def __init__(self, answers):
        self.answers, self.asked = answers, []

    def call(self, host, function, *args, limit=60, **kwargs):
        """Double of ``Minions.call``."""
        self.asked.append((host.rsplit("-", 2)[-2 if host[-1].isdigit() else -1], function))
        answer = self.answers.get(function, {})
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def rolling(load, master, accept, environment, monkeypatch):
    """Function that makes the runner and the minions that it talks to."""

    def rolling(**answers):
        answers = {name.replace("__", "."): answer for name, answer in answers.items()}
        usual = {"frontend.drain": {"sessions": {"omero": 2}}, "frontend.ready": {"seconds": 1.0}}
        usual |= {"omero.look": HEALTHY, "idr.page": "", "service.status": True}
        minions = Minions(usual | answers)
        monkeypatch.setattr(idr_minions, "Minions", lambda opts: minions)
        monkeypatch.setattr(idr_turn, "HEALTHY", 0)
        monkeypatch.setattr(idr_departure, "drain_timeout", lambda opts, proxy: 0)
        return load("runners", "rolling", opts=master, context={}), minions.asked

    # A server of the map that is not made, or that nobody accepted, is none.
    accept(*(f"{environment}-omeroreadonly-{number}" for number in (1, 2)))
    accept(f"{environment}-omeroreadonly-3", state="minions_pre")
    yield rolling
    idr_lock.give(f"{master['root_dir']}/var/lib/idr-salt", environment)


@pytest.fixture
def server(environment):
    """A read-only server of the environment."""
    return f"{environment}-omeroreadonly-1"


def test_out_done_proved_and_back(rolling, server):
    runner, asked = rolling()
    told = runner.run(server, version="5.7.0")
    assert asked == [
        ("proxy", "frontend.drain"),
        ("omeroreadonly", "service.status"),
        ("omeroreadonly", "state.apply"),
        ("omeroreadonly", "omero.look"),
        ("omeroreadonly", "idr.page"),
        ("proxy", "frontend.ready"),
    ]
    assert list(told["cut"].values()) == [{"omero": 2}]


def test_a_server_that_is_started_again_and_again_is_stopped_first(rolling, server):
    runner, asked = rolling(service__status=False)
    runner.run(server)
    assert [function for _, function in asked][1:4] == ["service.status", "service.stop", "state.apply"]


@pytest.mark.parametrize(
    ("answers", "last", "why"),
    [
        ({"frontend__drain": CommandExecutionError("no other is up")}, "frontend.drain", "Nothing was done"),
        ({"state__apply": CommandExecutionError("2 states failed")}, "state.apply", "stays out"),
        ({"omero__look": CommandExecutionError("no answer")}, "omero.look", "no answer"),
        ({"omero__look": {**HEALTHY, "version": "5.6.18"}}, "omero.look", "expected version 5.7.0, found 5.6.18"),
        ({"omero__look": {**HEALTHY, "db": False}}, "omero.look", "read-only status of db"),
        ({"idr__page": "OMERO.web: not OK"}, "idr.page", "OMERO.web: not OK"),
        ({"idr__page": CommandExecutionError("no answer")}, "idr.page", "no answer"),
        ({"frontend__ready": CommandExecutionError("its check is not good")}, "frontend.ready", "stays out"),
    ],
)
def test_what_fails_ends_it_there(rolling, server, answers, last, why):
    runner, asked = rolling(**answers)
    told = runner.run(server, version="5.7.0")
    assert asked[-1][1] == last
    assert told["retcode"] == runner.__context__["retcode"] == 1
    assert why in told["errors"][0]


def test_all_in_turn_until_one_fails(rolling, environment):
    runner, asked = rolling(state__apply=CommandExecutionError("no"))
    told = runner.each(environment)
    assert [function for _, function in asked] == ["frontend.drain", "service.status", "state.apply"]
    assert (told["done"], told["left"]) == ([], [f"{environment}-omeroreadonly-2"])


@pytest.mark.parametrize("name", ["proxy", "omeroreadwrite", "omeroreadonly-3", "omeroreadonly-99"])
def test_only_read_only_servers_that_exist(rolling, environment, name):
    runner, asked = rolling()
    assert "expected" in runner.run(f"{environment}-{name}")["errors"][0]
    assert asked == []


@pytest.fixture
def rebooting(rolling, monkeypatch):
    """Function that makes the runner and the minions, whose boots have these ids; nobody sleeps."""

    until = omero_wait.until

    def at_once(check, timeout, interval=2):
        clock = [0]
        return until(check, timeout, interval, clock=lambda: clock[0], sleep=lambda s: clock.append(clock.pop() + s))

    monkeypatch.setattr(omero_wait, "until", at_once)

    def rebooting(*boots, **answers):
        runner, asked = rolling(file__read=list(boots), **answers)
        monkeypatch.setattr(runner, "BACK", 9)
        return runner, asked

    return rebooting


def test_reboot_is_seen_by_the_boot_and_proved(rebooting, server):
    gone = CommandExecutionError("no answer")
    runner, asked = rebooting("one", "one", gone, "two", system__reboot=gone)
    told = runner.reboot(server)
    assert (told["server"], told["done"], told["seen"]) == (server, "system.reboot", 1.0)
    functions = [function for _, function in asked]
    assert functions == [
        "frontend.drain",
        "file.read",
        "system.reboot",
        *["file.read"] * 3,
        "omero.look",
        "idr.page",
        "frontend.ready",
    ]


@pytest.mark.parametrize("after", ["one", CommandExecutionError("no answer")])
def test_one_that_does_not_come_back_stays_out(rebooting, server, after):
    runner, asked = rebooting("one", after)
    told = runner.reboot(server)
    assert "not rebooted within 9 s" in told["errors"][0]
    assert "stays out" in told["errors"][0]
    assert ("proxy", "frontend.ready") not in asked


@pytest.mark.parametrize("boot", [CommandExecutionError("no answer")])
def test_one_that_does_not_answer_is_not_rebooted(rebooting, server, boot):
    runner, asked = rebooting(boot)
    assert "no answer" in runner.reboot(server)["errors"][0]
    assert ("omeroreadonly", "system.reboot") not in asked


@pytest.mark.parametrize(("asks", "done"), [(False, None), (True, "system.reboot")])
def test_only_those_whose_packages_ask_for_it(rebooting, server, asks, done):
    runner, asked = rebooting("one", "two", file__file_exists=asks)
    assert runner.reboot(server, required=True)["done"] == done
    assert (("proxy", "frontend.drain") in asked) is asks


def test_reboots_in_turn_until_one_fails(rebooting, environment):
    servers = [f"{environment}-omeroreadonly-{number}" for number in (1, 2)]
    runner, asked = rebooting("one", "two", "one", "two")
    assert {host: told["done"] for host, told in runner.reboots(environment).items()} == dict.fromkeys(
        servers, "system.reboot"
    )
    assert [function for _, function in asked].count("system.reboot") == 2
    runner, asked = rebooting("one", "one")
    told = runner.reboots(environment)
    assert (told["done"], told["left"], told["retcode"]) == ([], servers[1:], 1)


def test_only_one_is_out_at_a_time(rolling, master, environment, server, monkeypatch):
    monkeypatch.setattr(idr_turn, "PATIENCE", 0)
    runner, asked = rolling()
    with idr_lock.holding(f"{master['root_dir']}/var/lib/idr-salt", environment, 0, shared=True):
        for told in (runner.run(server), runner.reboot(server)):
            assert "is taken" in told["errors"][0]
    assert asked == []


def test_a_server_that_was_added_without_a_map_takes_its_turn(rolling, accept, environment):
    accept(f"{environment}-omeroreadonly-7")
    runner, _ = rolling()
    assert list(runner.each(environment)) == [f"{environment}-omeroreadonly-{number}" for number in (1, 2, 7)]
