"""
From what a cloud has to what it should have, in steps.

A state looks, which gives it the steps that are left, each with what it changes. Test mode tells of them; a run takes
them and looks again. Whether a request was done whose answer was lost is seen by that as well, before it is repeated.
"""

import dataclasses
import time
from collections.abc import Callable

import openstack_marks
from cloud_errors import CloudError
from openstack_errors import PassingError, told
from state_returns import ret

# Seconds that a cloud may be out of reach or busy, and between two tries.
LIMIT, PAUSE = 120, 2
# What is still not as it should be after so many rounds that the cloud accepted never will be.
ROUNDS = 3


@dataclasses.dataclass(frozen=True)
class Step:
    """
    :param change: ``{what: {"old", "new"}}``, as in a state's ``changes``; no two steps of a state share a key
    :param act: function that does it
    """

    change: dict
    act: Callable[[], object]


def changes(steps):
    """
    What steps change together.
    """
    return {key: value for step in steps for key, value in step.change.items()}


def apply(name, cloud, look, test, limit=LIMIT, pause=PAUSE):
    """
    Take the steps of a state.

    :param name: of the state
    :param cloud: name of the cloud, for errors
    :param look: function that returns the list of steps that are left
    :param test: only tell of them
    :param limit: seconds that the cloud may be out of reach or busy
    :param pause: seconds between two tries
    :returns: what a state returns; after a failure ``changes`` has what was done before it
    """
    planned, done, rounds, deadline = None, [], 0, time.monotonic() + limit
    while True:
        try:
            with told(cloud):
                left = look()
                planned = left if planned is None else planned
                done = [step for step in planned if step.change not in [other.change for other in left]]
                if test or not left or rounds == ROUNDS:
                    return _answer(name, done, left, test)
                for step in left:
                    step.act()
                    done.append(step)
                rounds += 1
        except PassingError as exc:
            if time.monotonic() >= deadline:
                return ret(name, False, f"{exc}; tried for {limit} s", changes(done))
            time.sleep(max(pause, exc.pause))
        except CloudError as exc:
            return ret(name, False, str(exc), changes(done))


def _answer(name, done, left, test):
    what = ", ".join(changes(left if left else done))
    if not left:
        return ret(name, True, f"{name}: changed: {what}" if done else f"{name} is as it should be", changes(done))
    if test:
        return ret(name, None, f"{name}: would be changed: {what}", changes(left))
    return ret(name, False, f"{name}: the cloud accepted the change, but still differs: {what}", changes(done))


def drift(wanted, found, fixed=()):
    """
    What differs.

    :param wanted: ``{key: value}``; a value of None is left alone
    :param found: ``{key: value}`` with all keys of ``wanted``
    :param fixed: keys that the cloud cannot change
    :returns: ``{key: {"old", "new"}}``
    :raises CloudError: one of ``fixed`` differs
    """
    differing = {
        key: {"old": found[key], "new": value}
        for key, value in wanted.items()
        if value is not None and found[key] != value
    }
    for key in fixed:
        if key in differing:
            raise CloudError(
                f"{key}: expected {differing[key]['new']!r}, found {differing[key]['old']!r}, which cannot be changed: "
                "remove it first, with what uses it"
            )
    return differing


def given(wanted):
    """
    ``wanted`` without what is left alone.
    """
    return {key: value for key, value in wanted.items() if value is not None}


def made(kind, name, wanted, act):
    """
    The one step that makes something.

    :param act: function that takes ``wanted``, without what is left alone, as keywords
    """
    values = given(wanted)
    return [Step({kind: {"old": None, "new": {"name": name, **values}}}, lambda: act(**values))]


def changed(kind, item, owner, differing, act):
    """
    The step that changes something, or none.

    :param item: what the cloud has
    :param differing: as :func:`drift` returns it
    :param act: function that takes what has to be otherwise as keywords
    :raises CloudError: it would be changed, and is not ours
    """
    if not differing:
        return []
    if not openstack_marks.ours(item.description, owner):
        raise openstack_marks.refusal(kind, item.name, owner, "changed")
    return [Step(differing, lambda: act(**{key: value["new"] for key, value in differing.items()}))]


def gone(kind, item, owner, act, users=lambda: ""):
    """
    The step that removes something, or none where it is not there.

    :param act: function that removes it
    :param users: function that tells who uses it, in words; whatever the same run may remove before does not count
    :raises CloudError: it is not ours, or it is used
    """
    if item is None:
        return []
    if not openstack_marks.ours(item.description, owner):
        raise openstack_marks.refusal(kind, item.name, owner, "removed")
    return [removal(kind, item.name, act, users)]


def removal(kind, name, act, users=lambda: ""):
    """
    The step that removes what is ours.

    :raises CloudError: it is used
    """
    used = users()
    if used:
        raise CloudError(f"{kind} {name} is not removed, because it is used by {used}")
    return Step({kind: {"old": name, "new": None}}, act)
