"""Who comes and who goes when there shall be another number of read-only servers."""

import idr_ids
import idr_scale
import pytest
from hypothesis import given
from hypothesis import strategies as st

ENV, ROLE = "idr-x", "omeroreadonly"


def _ids(*numbers):
    return [f"{ENV}-{ROLE}-{number}" if number else f"{ENV}-{ROLE}" for number in numbers]


@pytest.mark.parametrize(
    ("existing", "mapped", "wanted", "join", "leave"),
    [
        ([], [1, 2], 2, [1, 2], []),
        ([1, 2], [1, 2], 2, [], []),
        ([1, 2], [1, 2], 4, [3, 4], []),
        # what the map has comes first, also when its number is high
        ([1], [1, 10], 3, [10, 2], []),
        ([2], [], 3, [1, 3], []),
        # what no map has goes first, then the highest
        ([1, 2, 3, 10], [1, 2, 10], 2, [], [3, 10]),
        ([1, 2, 10], [1, 2, 10], 1, [], [10, 2]),
        ([0, 1], [0, 1], 3, [2], []),
        ([0, 1], [0, 1], 1, [], [1]),
    ],
)
def test_plan(existing, mapped, wanted, join, leave):
    plan = idr_scale.plan(ENV, ROLE, _ids(*existing), _ids(*mapped), wanted)
    assert plan == {"join": _ids(*join), "leave": _ids(*leave)}


@pytest.mark.parametrize("wanted", [0, -1, True, "2", 1.0, None])
def test_other_numbers_are_refused(wanted):
    with pytest.raises(ValueError, match="omeroreadonly: expected a whole number, 1 or more"):
        idr_scale.plan(ENV, ROLE, _ids(1), _ids(1), wanted)


HOSTS = st.lists(st.integers(0, 30), unique=True, max_size=12).map(lambda numbers: _ids(*sorted(numbers)))


@given(HOSTS, HOSTS, st.integers(1, 25))
def test_there_are_as_many_as_wanted_afterwards_and_no_more_is_done(existing, mapped, wanted):
    plan = idr_scale.plan(ENV, ROLE, existing, mapped, wanted)
    assert len((set(existing) | set(plan["join"])) - set(plan["leave"])) == wanted
    assert len(plan["join"]) + len(plan["leave"]) == abs(wanted - len(existing))
    assert not set(plan["join"]) & set(existing)
    assert set(plan["leave"]) <= set(existing)
    assert [idr_ids.reader(host)["environment"] for host in plan["join"]] == [ENV] * len(plan["join"])
    # and there and back again nobody else is touched
    after = [*(host for host in existing if host not in plan["leave"]), *plan["join"]]
    assert idr_scale.plan(ENV, ROLE, after, mapped, wanted) == {"join": [], "leave": []}


@given(HOSTS, HOSTS, st.integers(1, 25))
def test_the_map_is_preferred(existing, mapped, wanted):
    plan = idr_scale.plan(ENV, ROLE, existing, mapped, wanted)
    if set(plan["join"]) - set(mapped):
        assert set(mapped) - set(existing) <= set(plan["join"])
    if set(plan["leave"]) & set(mapped):
        assert set(existing) - set(mapped) <= set(plan["leave"])


def test_what_the_maps_do_not_say_is_told():
    lines = idr_scale.unmapped(_ids(1, 2), _ids(1, 2), _ids(3), _ids(2))
    assert lines == [
        "no map has idr-x-omeroreadonly-3: add it if it shall stay",
        "a map still has idr-x-omeroreadonly-2: salt-cloud -m makes it again",
    ]
    assert idr_scale.unmapped(_ids(1), [], _ids(1), []) == []
