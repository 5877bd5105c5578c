"""The ledger of who joins and leaves: each transition, and what holds after any of them."""

import collections
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import idr_joins
import idr_lock
import pytest
from hypothesis import settings, stateful
from hypothesis import strategies as st

ENV = "idr-x"
A, B, C = (f"{ENV}-omeroreadonly-{number}" for number in (1, 2, 10))


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """A clock of the test's own."""
    return Clock()


@pytest.fixture
def ledger(tmp_path, clock):
    """Function that opens the ledger."""
    return lambda: idr_joins.Ledger(tmp_path, ENV, clock)


@pytest.fixture
def record(ledger):
    """Function that reads one record from the file."""

    def record(host=A):
        with ledger() as known:
            return dict(known.records[host])

    return record


def _claimed(ledger, batch="one", *hosts):
    with ledger() as known:
        for host in hosts or (A,):
            known.request(host)
        return known.claim(batch)


def test_a_request_is_taken_once(ledger, record):
    with ledger() as known:
        assert [known.request(host) for host in (B, A, B)] == ["requested", "requested", "pending"]
    with ledger() as known:
        assert known.claim("one") == [A, B]
        assert known.claim("two") == []
    assert (record()["state"], record()["batch"]) == ("joining", "one")


def test_hosts_are_in_the_order_of_their_numbers_and_strangers_are_none(ledger):
    with ledger() as known:
        for host in (C, B, A, "idr-other-omeroreadonly-1", "stranger"):
            known.request(host)
        assert known.due() == known.claim("one") == known.of_batch("one", "joining") == [A, B, C]


def test_each_state_has_its_second(ledger, clock, record):
    _claimed(ledger)
    for state in ("applied", "ready", "serving"):
        clock.now += 10
        with ledger() as known:
            known.mark(A, state)
    assert record()["seconds"] == {"applied": 10.0, "ready": 20.0, "serving": 30.0}
    assert (record()["tries"], record()["error"]) == (0, None)


def test_who_asks_while_at_work_is_noted(ledger, record):
    _claimed(ledger)
    with ledger() as known, idr_lock.holding(known.folder, idr_joins.lock_of(ENV, "one"), 0):
        assert known.request(A) == "at work"
        known.mark(A, "failed", "no")
        assert known.ended("one") == [A]
        assert known.ended("one") == []
    assert (record()["state"], record()["error"], record()["again"]) == ("requested", "no", False)


@pytest.mark.parametrize("state", ["joining", "applied", "ready", "failed"])
def test_who_asked_again_and_does_not_serve_has_asked_when_the_batch_is_over(ledger, record, state):
    _claimed(ledger)
    with ledger() as known:
        known.request(A)
        if state != "joining":
            known.mark(A, state)
        assert known.ended("one") == [A]
    assert record()["state"] == "requested"


def test_who_asked_again_and_serves_has_nothing_to_ask(ledger, record):
    _claimed(ledger)
    with ledger() as known:
        known.request(A)
        known.mark(A, "serving")
        assert known.ended("one") == []
    assert (record()["state"], record()["again"]) == ("serving", False)


def test_pauses_double_up_to_the_longest():
    assert [idr_joins.pause(tries) for tries in range(8)] == [0, 0, 15, 30, 60, 120, 240, 300]
    assert idr_joins.pause(10**6) == idr_joins.LONGEST


def test_who_fails_again_waits_and_who_serves_is_forgiven(ledger, clock, record):
    for tries in (1, 2, 3):
        clock.now += idr_joins.LONGEST
        _claimed(ledger)
        with ledger() as known:
            known.mark(A, "failed", "no")
        assert record()["tries"] == tries
    with ledger() as known:
        known.request(A)
        assert known.due() == []
        clock.now += idr_joins.pause(3) - 1
        assert known.due() == []
        clock.now += 1
        assert known.claim("next") == [A]
        known.mark(A, "serving")
    assert record()["tries"] == 0


def test_an_operator_does_not_wait(ledger, clock, record):
    for _ in range(3):
        clock.now += idr_joins.LONGEST
        _claimed(ledger)
        with ledger() as known:
            known.mark(A, "failed", "no")
    with ledger() as known:
        known.request(A)
        assert known.due() == []
        assert known.request(A, now_please=True) == "pending"
        assert known.due() == [A]


def test_who_stands_back_is_not_blamed(ledger, clock, record):
    _claimed(ledger)
    with ledger() as known:
        known.postpone(A, "an upgrade is at work", 30)
        assert known.due() == []
        clock.now += 30
        assert known.due() == [A]
    assert (record()["error"], record()["tries"], record()["batch"]) == ("an upgrade is at work", 0, None)


def test_nothing_moves_who_leaves(ledger, clock, record):
    _claimed(ledger)
    with ledger() as known:
        known.leave(A, "leaving")
        assert known.request(A) == known.request(A, now_please=True) == "leaving"
        assert known.mark(A, "serving") is None
        assert (known.due(), known.claim("two"), known.of_batch("one", "joining"), known.recover()) == ([], [], [], [])
        known.leave(A, "left")
        assert known.mark(A, "serving") is None
    assert record()["state"] == "left"
    assert _claimed(ledger, "three") == [A]


def test_who_was_never_asked_for_may_leave(ledger, record):
    with ledger() as known:
        assert known.mark(B, "serving") is None
        assert B not in known.records
        known.leave(A, "leaving")
    assert record()["state"] == "leaving"


def test_who_has_left_is_forgotten_after_a_while(ledger, clock):
    with ledger() as known:
        known.leave(A, "left")
        clock.now += idr_joins.REMEMBERED + 1
        known.leave(B, "left")
        known.recover()
        assert list(known.records) == [B]


@pytest.mark.parametrize("state", idr_joins.AT_WORK)
def test_a_batch_that_died_is_made_good(ledger, clock, record, state):
    _claimed(ledger)
    with ledger() as known:
        known.mark(A, state)
        # It may still be about to start.
        assert known.recover() == []
        clock.now += idr_joins.STARTING + 1
        with idr_lock.holding(known.folder, idr_joins.lock_of(ENV, "one"), 0):
            assert known.recover() == []
        assert known.recover() == [A]
        assert known.due() == [A]
    assert (record()["batch"], record()["tries"]) == (None, 0)


def test_who_asks_after_the_batch_died_asks_anew(ledger, clock):
    _claimed(ledger)
    clock.now += idr_joins.STARTING
    with ledger() as known:
        assert known.request(A) == "requested"
        assert known.claim("two") == [A]


def test_batches_count_from_their_claim_to_their_end(ledger, clock):
    _claimed(ledger, "one", A)
    _claimed(ledger, "two", B)
    with ledger() as known:
        assert known.batches() == {"one", "two"}
        known.mark(A, "serving")
        assert known.batches() == {"two"}
        clock.now += idr_joins.STARTING
        assert known.batches() == set()
        with idr_lock.holding(known.folder, idr_joins.lock_of(ENV, "two"), 0):
            assert known.batches() == {"two"}


def test_old_locks_of_batches_go(ledger, tmp_path):
    names = [idr_joins.lock_of(ENV, batch) for batch in ("taken", "over", "young")]
    names.append(idr_joins.lock_of("idr-xx", "over"))
    for name in names:
        with idr_lock.holding(tmp_path, name, 0):
            pass
        if "young" not in name:
            os.utime(tmp_path / f"{name}.lock", (0, 0))
    with ledger() as known, idr_lock.holding(tmp_path, names[0], 0):
        known.recover()
    left = sorted(path.name for path in tmp_path.glob("*batch*"))
    assert left == sorted(f"{name}.lock" for name in names if name != names[1])


def test_table_is_in_the_order_of_the_requests(ledger, clock):
    with ledger() as known:
        known.request(B)
        clock.now += 1
        known.request(A)
        assert list(idr_joins.table(known.records).items()) == [
            (host, {"state": "requested", "seconds": {}, "tries": 0, "error": None}) for host in (B, A)
        ]


def test_what_is_raised_inside_leaves_the_file(ledger, tmp_path):
    _claimed(ledger)
    before = (tmp_path / f"joins/{ENV}.json").read_bytes()

    def spoil():
        with ledger() as known:
            known.records.clear()
            raise KeyError("x")

    with pytest.raises(KeyError):
        spoil()
    assert (tmp_path / f"joins/{ENV}.json").read_bytes() == before
    # and the lock is free again
    assert not idr_lock.taken(tmp_path, f"{ENV}.joins")


@pytest.mark.parametrize("text", ["{", "[]", '"x"'])
def test_a_broken_file_is_named_and_kept(ledger, tmp_path, text):
    path = tmp_path / f"joins/{ENV}.json"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ValueError, match=f"{ENV}.json"):
        ledger().__enter__()
    assert path.read_text() == text
    assert not idr_lock.taken(tmp_path, f"{ENV}.joins")


@pytest.mark.parametrize("environment", ["../x", "", None, "idr-proxy"])
def test_only_an_environment_has_one(tmp_path, environment):
    with pytest.raises(ValueError, match="environment"):
        idr_joins.Ledger(tmp_path, environment)
    assert list(tmp_path.iterdir()) == []


DEATH = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import idr_joins
setattr(os if sys.argv[3] == "fsync" else idr_joins.idr_files.pathlib.Path, sys.argv[3],
        lambda *_: os.kill(os.getpid(), signal.SIGKILL))
with idr_joins.Ledger(sys.argv[2], "idr-x") as ledger:
    ledger.request("idr-x-omeroreadonly-2")
"""


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_writer_that_is_killed_leaves_the_file_whole(ledger, tmp_path, moment):
    _claimed(ledger)
    before = (tmp_path / f"joins/{ENV}.json").read_bytes()
    utils = pathlib.Path(idr_joins.__file__).parent
    died = subprocess.run([sys.executable, "-c", DEATH, utils, tmp_path, moment], timeout=30, check=False)
    assert died.returncode == -signal.SIGKILL
    assert (tmp_path / f"joins/{ENV}.json").read_bytes() == before
    with ledger() as known:
        assert known.request(B) == "requested"


def _storm(folder, numbers, claimed):
    for number in numbers:
        with idr_joins.Ledger(folder, ENV) as known:
            known.request(f"{ENV}-omeroreadonly-{number}")
        with idr_joins.Ledger(folder, ENV) as known:
            for host in known.claim(f"{os.getpid()}-{number}"):
                claimed.put(host)


def test_two_processes_at_once_lose_and_double_nothing(tmp_path):
    context = multiprocessing.get_context("fork")
    claimed = context.Queue()
    # They overlap: every host is asked for by both.
    parts = [range(1, 16), range(15, 0, -1)]
    processes = [context.Process(target=_storm, args=(tmp_path, part, claimed)) for part in parts]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    found = collections.Counter(claimed.get(timeout=10) for _ in range(15))
    assert claimed.empty()
    assert found == dict.fromkeys((f"{ENV}-omeroreadonly-{number}" for number in range(1, 16)), 1)


HOSTS = st.sampled_from([A, B, C])


class Life(stateful.RuleBasedStateMachine):
    """Batches that start, work and die while hosts ask, fail and leave."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock, self.batches, self.count = Clock(), {}, 0
        # Who has asked, and has neither served, failed nor left since.
        self.asked = set()

    def _ledger(self):
        return idr_joins.Ledger(self.folder.name, ENV, self.clock)

    def teardown(self):
        """Let go of what the batches hold."""
        for name in list(self.batches):
            self._ends(name)
        self.folder.cleanup()

    def _ends(self, name):
        if self.batches.pop(name)["begun"]:
            idr_lock.give(self.folder.name, idr_joins.lock_of(ENV, name))

    @stateful.rule(host=HOSTS, now=st.booleans())
    def ask(self, host, now):
        """A host starts."""
        with self._ledger() as known:
            if known.request(host, now) != "leaving":
                self.asked.add(host)

    @stateful.rule(seconds=st.sampled_from([1, 61, 400]))
    def wait(self, seconds):
        """Time goes by."""
        self.clock.now += seconds

    @stateful.rule()
    def claim(self):
        """A batch takes who is due."""
        self.count += 1
        with self._ledger() as known:
            if taken := known.claim(f"b{self.count}"):
                self.batches[f"b{self.count}"] = {"hosts": taken, "begun": False}

    @stateful.precondition(lambda self: self.batches)
    @stateful.rule(data=st.data())
    def begin(self, data):
        """A batch starts, takes its lock, and has whom it still has."""
        name = data.draw(st.sampled_from(sorted(self.batches)))
        idr_lock.take(self.folder.name, idr_joins.lock_of(ENV, name), "test")
        with self._ledger() as known:
            self.batches[name] = {"hosts": known.of_batch(name, "joining"), "begun": True}

    @stateful.precondition(lambda self: any(one["begun"] and one["hosts"] for one in self.batches.values()))
    @stateful.rule(data=st.data(), state=st.sampled_from(["applied", "ready", "serving", "failed"]))
    def mark(self, data, state):
        """A batch gets on with one of its hosts."""
        hosts = sorted({host for one in self.batches.values() if one["begun"] for host in one["hosts"]})
        host = data.draw(st.sampled_from(hosts))
        with self._ledger() as known:
            assert known.mark(host, state)
            again = known.records[host]["again"] and state == "failed"
        if state in ("serving", "failed"):
            self._is_through(host)
            self.asked -= set() if again else {host}

    def _is_through(self, host):
        for one in self.batches.values():
            one["hosts"] = [other for other in one["hosts"] if other != host]

    @stateful.precondition(lambda self: self.batches)
    @stateful.rule(data=st.data(), dies=st.booleans())
    def end(self, data, dies):
        """A batch is over, or dies wherever it is."""
        name = data.draw(st.sampled_from(sorted(self.batches)))
        if not dies:
            with self._ledger() as known:
                known.ended(name)
        self._ends(name)

    @stateful.rule(host=HOSTS, state=st.sampled_from(["leaving", "left"]))
    def leave(self, host, state):
        """An operator takes a host out."""
        with self._ledger() as known:
            known.leave(host, state)
        self._is_through(host)
        self.asked.discard(host)

    @stateful.rule()
    def recover(self):
        """The reconciliation comes by."""
        with self._ledger() as known:
            known.recover()

    @stateful.invariant()
    def a_host_is_in_one_batch_that_lives(self):
        """Who has begun, and is still at it, shares no host with another."""
        with self._ledger() as known:
            working = [set(known.of_batch(name, *idr_joins.AT_WORK)) for name, one in self.batches.items()]
        assert sum(map(len, working)) == len(set().union(*working))

    @stateful.invariant()
    def a_batch_that_lives_keeps_its_hosts(self):
        """From its begin until they serve, fail or leave: nobody takes them for lost."""
        with self._ledger() as known:
            for name, one in self.batches.items():
                for host in one["hosts"] if one["begun"] else ():
                    assert known.records[host]["batch"] == name
                    assert known.records[host]["state"] in idr_joins.AT_WORK

    @stateful.invariant()
    def no_request_is_lost(self):
        """After all batches are dead, whoever has asked is found by who looks."""
        with self._ledger() as known:
            for host in self.asked:
                record = known.records[host]
                assert record["state"] == "requested" or record["state"] in idr_joins.AT_WORK or record["again"], record

    @stateful.invariant()
    def the_form_holds(self):
        """Every record is complete."""
        states = {"requested", "serving", "failed", "leaving", "left", *idr_joins.AT_WORK}
        with self._ledger() as known:
            for record in known.records.values():
                assert record["state"] in states
                assert (record["batch"] is not None) >= (record["state"] in idr_joins.AT_WORK)
                assert record["tries"] >= 0


class TestLife(Life.TestCase):
    """Run it."""

    settings = settings(max_examples=30, stateful_step_count=25)


def _ready(ledger, clock, after, host=A):
    clock.now += after
    with ledger() as known:
        known.mark(host, "ready")


def _waits(ledger):
    with ledger() as known:
        return known.waits()


def test_who_is_ready_waits_as_long_again_while_others_are_on_their_way(ledger, clock):
    with idr_lock.holding(ledger().folder, idr_joins.lock_of(ENV, "one"), 0):
        _claimed(ledger, "one", A, B)
        assert not _waits(ledger)
        _ready(ledger, clock, 100)
        assert _waits(ledger)
        clock.now += 99
        assert _waits(ledger)
        clock.now += 1
        assert not _waits(ledger)


def test_the_wait_has_an_end(ledger, clock):
    with idr_lock.holding(ledger().folder, idr_joins.lock_of(ENV, "one"), 0):
        _claimed(ledger, "one", A, B)
        _ready(ledger, clock, 2000)
        clock.now += idr_joins.WAIT - 1
        assert _waits(ledger)
        clock.now += 1
        assert not _waits(ledger)


def test_who_is_alone_waits_for_nobody(ledger, clock):
    _claimed(ledger, "one", A)
    _ready(ledger, clock, 100)
    assert not _waits(ledger)


@pytest.mark.parametrize("state", ["failed", "serving", "leaving", "left"])
def test_who_is_not_on_the_way_is_not_waited_for(ledger, clock, state):
    with idr_lock.holding(ledger().folder, idr_joins.lock_of(ENV, "one"), 0):
        _claimed(ledger, "one", A, B)
        _ready(ledger, clock, 100)
        with ledger() as known:
            known.mark(B, state) if state in ("failed", "serving") else known.leave(B, state)
        assert not _waits(ledger)


def test_the_batch_that_has_died_is_not_waited_for(ledger, clock):
    with idr_lock.holding(ledger().folder, idr_joins.lock_of(ENV, "one"), 0):
        _claimed(ledger, "one", A, B)
        _ready(ledger, clock, 100)
    assert not _waits(ledger)


def test_who_asks_is_waited_for_but_not_who_pauses(ledger, clock):
    _claimed(ledger, "one", A)
    _ready(ledger, clock, 100)
    with ledger() as known:
        known.request(B)
    assert _waits(ledger)
    with ledger() as known:
        known.records[B]["not_before"] = clock.now + 60
    assert not _waits(ledger)
