"""How fast memo files are made."""

import pytest
from omero_memo_pace import WINDOW, Activity, Pace, busy

LIMITS = {"max_load_per_processor": 0.5, "max_database_sessions": 4}


@pytest.mark.parametrize(
    ("load", "sessions", "why"),
    [
        (1.0, 4.0, None),
        (1.1, 0.0, "load average is 1.1 with 2 processors"),
        (0.1, 4.1, "4.1 sessions keep the database busy"),
        (0.1, None, "database does not answer"),
        (1.1, 4.1, "with 2 processors; 4.1 sessions keep the database busy"),
    ],
)
def test_busy_says_why(load, sessions, why):
    found = busy(LIMITS, load, 2, sessions)
    assert (found is None) if why is None else (why in found)


def test_activity_is_the_mean_of_the_time_between_two_looks():
    activity = Activity()
    assert activity.sessions("100.0|50.0|1\n") == 1
    assert activity.sessions("110.0|80.0|0\n") == 3
    # long statements are counted when they end, so those that are seen to run count at once
    assert activity.sessions("120.0|80.0|5\n") == 5


def test_activity_survives_a_reset_of_the_statistics():
    activity = Activity()
    activity.sessions("100|5000|0")
    assert activity.sessions("110|1|0") == 0


def test_activity_refuses_another_form():
    with pytest.raises(ValueError, match="could not convert"):
        Activity().sessions("100|")


def test_pace_lets_so_many_begin_in_a_minute():
    now = [0.0]
    pace = Pace(lambda: now[0])
    began = 0
    for _ in range(600):
        if pace.wait(30) == 0:
            pace.begin()
            began += 1
        now[0] += 0.1
    assert began == 30
    assert pace.per_minute() == pytest.approx(30, rel=0.05)


def test_rate_is_of_late():
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.per_minute() is None
    for _ in range(5):
        pace.begin()
        now[0] += 1
    now[0] += 2 * WINDOW
    assert pace.per_minute() is None
    pace.begin()
    assert len(pace.started) == 1
