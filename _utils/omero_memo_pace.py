"""
How fast memo files may be made: so many a minute, and none while the host or the database is busy.

Used by :mod:`omero_memo_worker` in the server's Python: needs the standard library alone.
"""

import collections

# seconds in which the rate is measured
WINDOW = 600


def busy(limits, load, processors, sessions):
    """
    Why nothing should be opened now; None if it may be.

    :param limits: map with ``max_load_per_processor`` and ``max_database_sessions``
    :param load: load average of the last minute
    :param processors: of the host
    :param sessions: mean number of sessions that kept the database busy; None where it does not answer
    """
    found = []
    if load > limits["max_load_per_processor"] * processors:
        found.append(f"the load average is {load:.1f} with {processors} processors")
    if sessions is None:
        found.append("the database does not answer")
    elif sessions > limits["max_database_sessions"]:
        found.append(f"{sessions:.1f} sessions keep the database busy")
    return "; ".join(found) or None


class Activity:
    """
    Mean number of sessions that were at work in the whole database server between two looks.

    PostgreSQL counts the time of a statement when it ends (``pg_stat_database.active_time``, from version 14 on), and
    lets a user see only its own statements that still run. The larger of the two is the answer.
    """

    QUERY = """\
select extract(epoch from clock_timestamp()), (select sum(active_time) / 1000 from pg_stat_database),
 (select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid());"""

    def __init__(self):
        self.last = None

    def sessions(self, row):
        """
        :param row: psql's answer to ``QUERY``
        :raises ValueError: it has another form
        """
        at, active, running = map(float, row.strip().split("|"))
        last, self.last = self.last, (at, active)
        if last is None or at <= last[0]:
            return running
        # less than before after a reset of the statistics
        return max(running, (active - last[1]) / (at - last[0]), 0.0)


class Pace:
    """When the next file may be opened, and how many were in a minute."""

    def __init__(self, clock):
        self.clock = clock
        self.started: collections.deque = collections.deque()

    def wait(self, per_minute):
        """Return the seconds until the next file may be opened."""
        if not self.started:
            return 0.0
        return max(0.0, self.started[-1] + 60 / per_minute - self.clock())

    def begin(self):
        """A file is opened now."""
        self.started.append(self.clock())
        while self.started[0] < self.clock() - WINDOW:
            self.started.popleft()

    def per_minute(self):
        """Return how many files a minute were opened of late; None before the second."""
        recent = [at for at in self.started if at >= self.clock() - WINDOW]
        if len(recent) < 2:
            return None
        return round(60 * (len(recent) - 1) / max(self.clock() - recent[0], 0.001), 1)
