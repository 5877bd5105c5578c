"""Locks among processes, threads, and those who share them."""

import contextlib
import multiprocessing
import subprocess
import sys
import threading
import time

import idr_lock
import pytest

OTHER = (
    "import idr_lock, sys\ntry: idr_lock.take(sys.argv[1], 'idr-x', 'the other')\nexcept ValueError as e: print(e)\n"
)


def _other(folder):
    code = f"import sys; sys.path.insert(0, {str(idr_lock.__file__.rsplit('/', 1)[0])!r})\n{OTHER}"
    return subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True, timeout=30)


def test_lock_keeps_another_process_out_and_says_who_has_it(tmp_path):
    folder = tmp_path / "made"
    idr_lock.take(folder, "idr-x", "orch.upgrade")
    try:
        idr_lock.take(folder, "idr-x", "the same process again")
        assert "idr-x is taken: orch.upgrade, process" in _other(folder).stdout
        idr_lock.take(folder, "idr-y", "another environment")
    finally:
        idr_lock.give(folder, "idr-x")
        idr_lock.give(folder, "idr-y")
    assert _other(folder).stdout == ""


def test_lock_ends_with_its_process(tmp_path):
    assert _other(tmp_path).stdout == ""
    idr_lock.take(tmp_path, "idr-x", "afterwards")
    idr_lock.give(tmp_path, "idr-x")
    idr_lock.give(tmp_path, "idr-x")


def test_other_errors_are_not_taken_for_a_lock(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        idr_lock.take(tmp_path / "file", "idr-x", "")


WAYS = {
    "take": lambda folder, shared: idr_lock.take(folder, "idr-x", "child", shared),
    "holding": lambda folder, shared: idr_lock.holding(folder, "idr-x", 0, shared).__enter__(),
}


def _child(folder, way, shared, answer):
    try:
        WAYS[way](folder, shared)
        answer.put("")
    except ValueError as exc:
        answer.put(str(exc))


def _in_child(folder, way, shared):
    context = multiprocessing.get_context("fork")
    answer = context.Queue()
    child = context.Process(target=_child, args=(folder, way, shared, answer))
    child.start()
    said = answer.get(timeout=30)
    child.join(30)
    return said


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Nobody waits for a lock that is not given back."""
    monkeypatch.setattr(idr_lock, "PATIENCE", 0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("mine", "others", "free"), [(False, False, False), (False, True, False), (True, False, False), (True, True, True)]
)
def test_only_those_who_share_have_it_together(tmp_path, way, mine, others, free):
    with idr_lock.holding(tmp_path, "idr-x", 0, shared=mine):
        assert (_in_child(tmp_path, way, others) == "") is free
    idr_lock.take(tmp_path, "idr-x", "the parent", shared=mine)
    try:
        said = _in_child(tmp_path, way, others)
        assert (said == "") is free
        assert free or "the parent, process" in said
    finally:
        idr_lock.give(tmp_path, "idr-x")
    assert _in_child(tmp_path, way, others) == ""


def test_what_a_process_has_its_child_has_not(tmp_path):
    idr_lock.take(tmp_path, "idr-x", "the parent")
    try:
        # The child knows from its parent's memory that the lock is had.
        assert "the parent" in _in_child(tmp_path, "take", False)
    finally:
        idr_lock.give(tmp_path, "idr-x")


def test_threads_are_kept_apart(tmp_path):
    inside, most = [], []

    def work():
        for _ in range(10):
            with idr_lock.holding(tmp_path, "idr-x", 60):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [1] * 40


def test_who_waits_gets_it(tmp_path):
    free, got = threading.Event(), []

    def wait():
        with idr_lock.holding(tmp_path, "idr-x", 60):
            got.append(free.is_set())

    with idr_lock.holding(tmp_path, "idr-x", 0):
        thread = threading.Thread(target=wait)
        thread.start()
        free.set()
    thread.join(60)
    assert got == [True]


@pytest.mark.parametrize("shared", [False, True])
def test_it_is_free_after_what_was_raised_inside(tmp_path, shared):
    with contextlib.suppress(KeyError), idr_lock.holding(tmp_path, "idr-x", 0, shared):
        raise KeyError
    assert not idr_lock.taken(tmp_path, "idr-x")


def test_taken_sees_this_process_too_and_makes_nothing(tmp_path):
    assert idr_lock.taken(tmp_path / "none", "idr-x") is False
    assert list(tmp_path.iterdir()) == []
    for shared in (False, True):
        with idr_lock.holding(tmp_path, "idr-x", 0, shared):
            assert idr_lock.taken(tmp_path, "idr-x") is True
        assert idr_lock.taken(tmp_path, "idr-x") is False
    idr_lock.take(tmp_path, "idr-x", "")
    assert idr_lock.taken(tmp_path, "idr-x") is True
    idr_lock.give(tmp_path, "idr-x")
    assert idr_lock.taken(tmp_path, "idr-x") is False


def test_who_merely_looks_keeps_nobody_out(tmp_path, monkeypatch):
    monkeypatch.setattr(idr_lock, "PATIENCE", 60)
    looking = idr_lock.holding(tmp_path, "idr-x", 0)
    looking.__enter__()
    gone = threading.Timer(0.1, looking.__exit__, (None, None, None))
    gone.start()
    idr_lock.take(tmp_path, "idr-x", "what has to be")
    gone.join()
    idr_lock.give(tmp_path, "idr-x")


def test_who_has_given_it_back_is_not_named(tmp_path):
    idr_lock.take(tmp_path, "idr-x", "orch.upgrade")
    idr_lock.give(tmp_path, "idr-x")
    with idr_lock.holding(tmp_path, "idr-x", 0, shared=True):
        said = _in_child(tmp_path, "take", False)
    assert "idr-x is taken" in said
    assert "orch.upgrade" not in said


@pytest.mark.parametrize("shared", [False, True])
def test_who_holds_it_is_named_while_he_does(tmp_path, shared):
    with idr_lock.holding(tmp_path, "idr-x", 0, shared=shared, what="idr.reconcile"):
        assert "idr-x is taken: idr.reconcile, process" in _in_child(tmp_path, "take", False)
    with idr_lock.holding(tmp_path, "idr-x", 0, shared=True):
        assert "idr.reconcile" not in _in_child(tmp_path, "take", False)
