"""
The ledger of an environment's read-only servers: who has asked to serve, who is being made to, and what came of it.

It is a file on the master, so nothing is lost with a process. A *record* is

``{"state": str, "since": time of that state, "requested": time, "seconds": {state: seconds after the request, and
"states": seconds that its state.apply took by itself}, "error": str or None, "tries": failures since it last served,
"not_before": time, "batch": name or None, "again": bool}``, times in seconds since 1970.

States: ``requested``; ``joining`` (claimed by a batch); ``applied``; ``ready``; ``serving``; ``failed``; ``leaving``;
``left``.
"""

import pathlib
import time

import idr_files
import idr_ids
import idr_lock

AT_WORK = ("joining", "applied", "ready")
# A batch has this many seconds to start.
STARTING = 60
# Who fails for a second time is tried again after a pause, which doubles up to the longest; in seconds.
PAUSE, LONGEST = 15, 300
# Who is ready waits for the others no longer than this many seconds.
WAIT = 600
# The ledger is held for the time that a file takes to be written.
PATIENCE = 30
# Who has left is remembered for 30 days.
REMEMBERED = 30 * 86400


class Ledger:
    """
    The ledger of one environment, for a ``with``: read at its begin, written at its end if it has changed.

    :param folder: ``idr_releases.folder(opts)``
    :param clock: tells the time, in seconds since 1970
    :raises ValueError: the file is not of that form, or another process holds it for too long
    """

    def __init__(self, folder, environment, clock=time.time):
        self.folder, self.environment = pathlib.Path(folder), idr_ids.check_environment(environment)
        self.path = self.folder / "joins" / f"{environment}.json"
        self.clock = clock
        self.records: dict = {}

    def __enter__(self):
        self._held = idr_lock.holding(self.folder, f"{self.environment}.joins", PATIENCE)
        self._held.__enter__()
        try:
            self.records = idr_files.read_json(self.path) or {}
            self._before = repr(self.records)
        except BaseException:
            self._held.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *exc):
        try:
            if exc[0] is None and repr(self.records) != self._before:
                idr_files.replace_json(self.path, self.records)
        finally:
            self._held.__exit__(None, None, None)

    def alive(self, record):
        """
        Whether the batch of a record is at work, or may still be about to start.
        """
        name = lock_of(self.environment, record["batch"])
        return idr_lock.taken(self.folder, name) or self.clock() - record["since"] < STARTING

    def request(self, host, now_please=False):
        """
        Ask for a host to be made to serve.

        :param now_please: without the pause after failures
        :returns: ``requested``; ``pending`` when it has been asked for already; ``at work``; ``leaving``
        """
        record = self.records.get(host)
        state = record["state"] if record else None
        if state == "leaving":
            return "leaving"
        if record and state in AT_WORK and self.alive(record):
            record["again"] = True
            return "at work"
        if record and state == "requested":
            if now_please:
                record["not_before"] = 0.0
            return "pending"
        self._anew(host, now_please)
        return "requested"

    def _anew(self, host, now_please=False):
        now, old = self.clock(), self.records.get(host) or {}
        tries = old.get("tries", 0)
        self.records[host] = {
            "state": "requested",
            "since": now,
            "requested": now,
            "seconds": {},
            "error": old.get("error"),
            "tries": tries,
            "not_before": 0.0 if now_please else old.get("since", now) + pause(tries),
            "batch": None,
            "again": False,
        }

    def batches(self):
        """
        The batches that are at work, or about to start.
        """
        return {one["batch"] for one in self.records.values() if one["state"] in AT_WORK and self.alive(one)}

    def due(self):
        """
        Who waits to be claimed, and need not wait longer.
        """
        now = self.clock()
        found = [host for host, one in self.records.items() if one["state"] == "requested" and one["not_before"] <= now]
        return idr_ids.peers(dict.fromkeys(found, True), self.environment)

    def claim(self, batch):
        """
        Give all who are due to a batch.

        :returns: their ids
        """
        hosts = self.due()
        for host in hosts:
            self.records[host].update(state="joining", since=self.clock(), batch=batch)
        return hosts

    def of_batch(self, batch, *states):
        """
        The hosts of a batch that are in one of the states.
        """
        found = [host for host, one in self.records.items() if one["batch"] == batch and one["state"] in states]
        return idr_ids.peers(dict.fromkeys(found, True), self.environment)

    def waits(self):
        """
        Whether those who are ready wait for others that are on their way, so that many who come together are few
        changes of the proxies: each waits at most as long again as it has taken to be ready, and no longer than
        ``WAIT`` seconds.
        """
        now, due = self.clock(), self.due()
        coming = [
            host
            for host, one in self.records.items()
            if host in due or (one["state"] in ("joining", "applied") and self.alive(one))
        ]
        ready = [one for one in self.records.values() if one["state"] == "ready"]
        if not ready or not coming:
            return False
        return now < min(one["since"] + min(WAIT, one["since"] - one["requested"]) for one in ready)

    def mark(self, host, state, error=None, states=None):
        """
        Note that a host has come to a state. One that leaves is not touched.

        :param states: seconds that its state.apply took by itself
        :returns: its record, or None when it leaves or is not known
        """
        record = self.records.get(host)
        if record is None or record["state"] in ("leaving", "left"):
            return None
        now = self.clock()
        record.update(state=state, since=now, error=error)
        record["seconds"][state] = round(now - record["requested"], 1)
        if states is not None:
            record["seconds"]["states"] = round(states, 1)
        if state == "serving":
            record["tries"] = 0
        elif state == "failed":
            record["tries"] += 1
        return record

    def postpone(self, host, why, seconds):
        """
        Let a host that was claimed wait for something that is not its fault.
        """
        record = self.records[host]
        now = self.clock()
        record.update(state="requested", since=now, batch=None, error=why, not_before=now + seconds)

    def leave(self, host, state):
        """
        Note that a host leaves (``leaving``) or has left (``left``); nothing else moves it meanwhile.
        """
        if host not in self.records:
            self._anew(host)
        self.records[host].update(state=state, since=self.clock(), error=None, batch=None, again=False)

    def ended(self, batch):
        """
        Note that a batch is over: who asked again meanwhile, and does not serve, has asked.

        :returns: those who did
        """
        again = [host for host, one in self.records.items() if one["batch"] == batch and one["again"]]
        for host in again:
            self.records[host]["again"] = False
        wanting = [host for host in again if self.records[host]["state"] in ("failed", *AT_WORK)]
        for host in wanting:
            self._anew(host)
        return idr_ids.peers(dict.fromkeys(wanting, True), self.environment)

    def recover(self):
        """
        Ask again for those whose batch has died, and forget who left long ago and the locks of batches that are over.

        :returns: ids of the former
        """
        now = self.clock()
        lost = [host for host, one in self.records.items() if one["state"] in AT_WORK and not self.alive(one)]
        for host in lost:
            self._anew(host, now_please=True)
        for path in self.folder.glob(f"{lock_of(self.environment, '*')}.lock"):
            if now - path.stat().st_mtime > STARTING and not idr_lock.taken(
                self.folder, path.name.removesuffix(".lock")
            ):
                path.unlink()
        old = [host for host, one in self.records.items() if one["state"] == "left" and now - one["since"] > REMEMBERED]
        for host in old:
            del self.records[host]
        return idr_ids.peers(dict.fromkeys(lost, True), self.environment)


def pause(tries):
    """
    Seconds until who has failed so many times is tried again.
    """
    return min(LONGEST, PAUSE * 2 ** (min(tries, 10) - 2)) if tries > 1 else 0


def lock_of(environment, batch):
    """
    Name of the lock that a batch holds as long as it is at work.
    """
    return f"{environment}.batch-{batch}"


def table(records):
    """
    What an operator sees of a ledger.

    :returns: ``{host: {"state", "seconds": {state: seconds after the request}, "tries", "error"}}``, sorted
    """
    hosts = sorted(records, key=lambda host: (records[host]["requested"], host))
    return {host: {key: records[host][key] for key in ("state", "seconds", "tries", "error")} for host in hosts}
