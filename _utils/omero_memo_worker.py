"""
Makes an OMERO server's memo files: opens one image after the other, throttled, and remembers what it has opened.

Run by the unit ``omero-memo`` as ``python omero_memo_worker.py SETTINGS FOLDER`` with the Python of the server's
virtual environment. ``SETTINGS`` is a file of JSON, read again whenever it changes:

    {"login": {"host", "port", "user", "password"}, "database": {"host", "port", "name", "user"}, "pgpass": line,
     "omerodir": folder, "folders": see omero_memo.folders, "limits": see omero_memo_settings.LIMITS}

``FOLDER`` is that of :mod:`omero_memo_progress`. Ends with 0 when the round is done, and with 1 when it cannot go on.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

import omero_memo
from omero_memo_client import ImageError, LostError, Opener, ServerError
from omero_memo_pace import Activity, Pace, busy
from omero_memo_progress import Progress

# seconds between two statuses while nothing else happens
TELL = 2
# of the failures so many are told
TOLD = 20
# a file is given up when the server went away so many times while it opened it: it may have died of it
LOST = 2


class Database:
    """psql as the server's database user."""

    def __init__(self, settings):
        self.settings, self.activity = settings, Activity()

    def ask(self, sql, timeout=120):
        """
        :returns: what psql answers
        :raises OSError: it does not, or not in time
        """
        where = self.settings["database"]
        command = ["psql", "-w", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        for option, key in (("-h", "host"), ("-p", "port"), ("-U", "user"), ("-d", "name")):
            command += [option, str(where[key])]
        with tempfile.NamedTemporaryFile("w", prefix="pgpass-") as passwords:
            passwords.write(self.settings["pgpass"])
            passwords.flush()
            env = {**os.environ, "PGPASSFILE": passwords.name, "PGCONNECT_TIMEOUT": "10", "PGCLIENTENCODING": "UTF8"}
            try:
                done = subprocess.run(command, input=sql, env=env, capture_output=True, text=True, timeout=timeout)
            except subprocess.TimeoutExpired:
                raise OSError(f"psql: no answer within {timeout} s") from None
        if done.returncode:
            raise OSError(f"psql: {' '.join(done.stderr.split())[:300]}")
        return done.stdout

    def sessions(self):
        """Return how many sessions keep the database busy; None if it does not answer."""
        try:
            if self.activity.last is None:
                self.activity.sessions(self.ask(Activity.QUERY, 30))
                # a session tells of its work once a second
                time.sleep(2)
            return self.activity.sessions(self.ask(Activity.QUERY, 30))
        except (OSError, ValueError):
            self.activity.last = None
            return None


class Settings:
    """The settings file, read again when it has changed."""

    def __init__(self, path):
        self.path, self.stamp, self.values = path, None, {}

    def read(self):
        """
        Return whether it has changed.

        :raises OSError, ValueError: it cannot be read
        """
        found = os.stat(self.path)
        stamp = (found.st_ino, found.st_mtime_ns)
        if stamp == self.stamp:
            return False
        with open(self.path, encoding="utf-8") as file:
            self.values, self.stamp = json.load(file), stamp
        return True


class Worker:
    """
    :param settings: a :class:`Settings`
    :param progress: a :class:`omero_memo_progress.Progress`
    :param opener: makes an :class:`omero_memo_client.Opener` of a login
    :param database: makes a :class:`Database` of settings
    """

    def __init__(self, settings, progress, opener=Opener, database=Database, clock=time.monotonic, sleep=time.sleep):
        self.settings, self.progress, self.clock, self.sleep = settings, progress, clock, sleep
        self.make_opener, self.make_database = opener, database
        self.opener: Any = None
        self.database: Any = None
        self.pace = Pace(clock)
        self.looked: Any = None
        self.told: Any = None
        self.status: dict = {}

    def run(self):
        """Do what is asked until it is done; returns whether anything was."""
        request = self.progress.request()
        if request is None or not self.progress.is_wanted():
            return False
        try:
            self._reload()
            todo = self._begin(request)
            for one in todo:
                self._do(one)
            self._tell("done", None, force=True)
            self.progress.stop()
        finally:
            if self.opener:
                self.opener.close()
        return True

    def _reload(self):
        if self.settings.read():
            values = self.settings.values
            if self.opener:
                self.opener.close()
            self.opener, self.database = self.make_opener(values["login"]), self.make_database(values)
            self.looked = None

    def _begin(self, request):
        """List the images, and count what is done already; returns the rest."""
        self.status = {"id": request["id"], "started": round(time.time()), "failures": []}
        self.status |= {"images": dict.fromkeys(("total", "done", "failed"), 0)}
        self.status |= {"files": dict.fromkeys(("total", "done", "failed", "without_memo"), 0)}
        self._tell("listing", None, force=True)
        places = self.settings.values["folders"]
        want = {key: request[key] for key in ("images", "newest") if key in request}
        found = omero_memo.listed(want, self._ask)
        items = omero_memo.part(omero_memo.files(found, places["managed"]), request["part"], request["parts"])
        items = omero_memo.turned(items, request["turn"], request["turns"])
        self.status["files"]["total"] = len(items)
        self.status["images"]["total"] = sum(one["images"] for one in items)
        seen, since = self.progress.resume(request), omero_memo.since(self.settings.values["omerodir"])
        todo = []
        for one in items:
            warm = omero_memo.is_warm(places["read"], one["file"], since)
            result = "ok" if warm else seen.get(one["image"])
            # a memo file that this round has made may be gone again
            if warm or result in ("bare", "failed"):
                self._count(one, result)
            else:
                todo.append({**one, "since": since})
        return todo

    def _ask(self, sql):
        """The database's answer, waited for."""
        limit = self.clock() + self.settings.values["limits"]["server_timeout"]
        while True:
            try:
                return self.database.ask(sql)
            except OSError as error:
                if self.clock() > limit:
                    raise
                self._tell("waiting", str(error), force=True)
                self.sleep(self.settings.values["limits"]["check_seconds"])

    def _do(self, one):
        """Open one file, unless somebody has meanwhile."""
        lost, limit = 0, None
        while True:
            self._settle()
            if self._is_warm(one):
                return self._count(one, "ok")
            limits = self.settings.values["limits"]
            self.pace.begin()
            try:
                self.opener.open(one["pixels"], limits["image_timeout"])
                return self._opened(one, "bare")
            except ImageError as error:
                # so a server answers as well that has lost its database
                if self.database.sessions() is not None:
                    return self._opened(one, "failed", str(error))
                self.looked = None
            except LostError as error:
                lost, limit = lost + 1, None
                if lost == LOST:
                    return self._opened(one, "failed", str(error))
                self._tell("waiting", str(error), force=True)
            except ServerError as error:
                limit = limit or self.clock() + limits["server_timeout"]
                self._tell("waiting", str(error), force=True)
                if self.clock() >= limit:
                    raise
                self.sleep(limits["check_seconds"])

    def _is_warm(self, one):
        return omero_memo.is_warm(self.settings.values["folders"]["read"], one["file"], one["since"])

    def _opened(self, one, result, why=None):
        # also after some errors there is a memo file, such as that a pyramid is missing
        result = "ok" if self._is_warm(one) else result
        self.progress.note(one["image"], result)
        self._count(one, result)
        if result == "failed":
            self.status["failures"] = [*self.status["failures"], {"image": one["image"], "why": why}][-TOLD:]
        self._tell("warming", None)

    def _count(self, one, result):
        for unit, number in (("files", 1), ("images", one["images"])):
            self.status[unit]["done"] += number
            self.status[unit]["failed"] += number if result == "failed" else 0
        self.status["files"]["without_memo"] += result == "bare"

    def _settle(self):
        """Wait for the rate, and until host and database are not busy."""
        paused = False
        while True:
            self._reload()
            limits = self.settings.values["limits"]
            why, due = None, self.looked is None or self.clock() >= self.looked + limits["check_seconds"]
            if due:
                self.looked = self.clock()
                sessions = self.database.sessions()
                why = busy(limits, os.getloadavg()[0], os.cpu_count() or 1, sessions)
            if why is None:
                break
            self.looked, paused = None, True
            self._tell("paused", why, force=True)
            self.sleep(limits["check_seconds"])
        wait = self.pace.wait(limits["files_per_minute"])
        if wait:
            self.sleep(wait)
        if paused:
            self._tell("warming", None, force=True)

    def _tell(self, state, why, force=False):
        if not force and self.told is not None and self.clock() < self.told + TELL:
            return
        self.told = self.clock()
        files, rate = self.status["files"], self.pace.per_minute()
        left = files["total"] - files["done"]
        eta = None if state == "listing" else 0 if not left else round(60 * left / rate) if rate else None
        self.progress.tell({**self.status, "state": state, "why": why, "per_minute": rate, "eta_seconds": eta})


def main(settings, folder):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        did = Worker(Settings(settings), Progress(folder)).run()
    except (OSError, ValueError, KeyError, ServerError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print("done" if did else "nothing is wanted")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
