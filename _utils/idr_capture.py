"""
One set of snapshots of an environment, step by step; what to do in which case is in :mod:`idr_snapshots`.

Between :meth:`Capture.freeze` and :meth:`Capture.thaw` the environment's writers wait: nothing is loaded, compiled or
waited for there but the cloud itself.
"""

import concurrent.futures
import datetime
import subprocess
import time

import idr_cloud
import idr_events
import idr_pillar
import idr_site
import idr_snapshots
import idr_together
from salt.exceptions import CommandExecutionError

# Seconds for hosts to write what they have, to start a timer, to get their pillar, and to answer at all.
PREPARE, ARM, REFRESH, ANSWER = 1800, 60, 45, 30
# Seconds beyond their limit in which hosts that thaw by themselves may say so, busy as they are with what waited.
GRACE = 15
# Seconds for a cloud to end what it was late with.
LATE = 3600


class Capture:
    """
    For a ``with``.

    :param opts: options of the master
    :param environment: name of the environment
    :param set_id: of the set
    :param limit: seconds after which hosts thaw by themselves
    :raises ValueError: pillar, cloud and hosts do not fit to one another
    """

    def __init__(self, opts, environment, set_id, limit):
        self.opts, self.environment, self.id, self.limit = opts, environment, set_id, limit
        cloud = idr_cloud.Cloud(opts)
        hosts = idr_site.managed(opts, environment)
        pillars = {host: idr_pillar.compiler(opts, host).compile_pillar() for host in hosts}
        self.volumes = idr_snapshots.volumes(pillars)
        self.hosts = sorted({one["host"] for one in self.volumes.values()})
        self.driver = cloud.driver(_provider(cloud, self.hosts))
        wrong = idr_snapshots.missing(self.volumes, self.driver.call("list_volumes"))
        if wrong:
            raise ValueError("; ".join(wrong))
        self._together = idr_together.Together(opts, self.hosts)
        # Each its own: an event that nobody takes must not keep the cloud waiting.
        self._work, self._events = (concurrent.futures.ThreadPoolExecutor(1) for _ in range(2))
        self._taking = None
        self._end = 0.0

    def __enter__(self):
        self._together.__enter__()
        return self

    def __exit__(self, *exc):
        self._together.__exit__(*exc)
        self._work.shutdown()
        self._events.shutdown()

    def tell(self, step, **data):
        """Send an event, without waiting for it."""
        found = {"id": self.id, "environment": self.environment, "at": now(), **data}
        self._events.submit(idr_events.fire, self.opts, f"idr/snapshot/{self.id}/{step}", found)

    def _all(self, function, *args, limit, hosts=None):
        answers, errors = self._together.call(function, *args, limit=limit, hosts=hosts)
        if errors:
            raise CommandExecutionError("; ".join(errors.values()))
        return answers

    def prepare(self):
        """
        Have hosts write what they have, and say what they are. Those whose pillar is from before a change of volumes
        get it anew: who freezes other volumes than the cloud takes makes a set that is not of one instant.

        :returns: ``{host: answer of snapshot.facts}``
        :raises CommandExecutionError: a host cannot, or does not get the pillar that the master compiles
        """
        answers = self._all("snapshot.prepare", limit=PREPARE)
        late = list(idr_snapshots.unlike(self.volumes, answers))
        if late:
            self._all("saltutil.refresh_pillar", True, REFRESH, limit=ARM, hosts=late)
            answers |= self._all("snapshot.prepare", limit=PREPARE, hosts=late)
        wrong = idr_snapshots.unlike(self.volumes, answers)
        if wrong:
            raise CommandExecutionError("; ".join(wrong.values()))
        self.tell("prepared")
        return answers

    def arm(self):
        """
        Start the timers of all hosts.

        :raises CommandExecutionError: a host cannot
        """
        self._all("snapshot.arm", self.id, self.limit, limit=ARM)
        self._end = time.monotonic() + self.limit

    def freeze(self):
        """
        Freeze all hosts.

        :returns: the instant from which on all are frozen, ISO 8601
        :raises CommandExecutionError: a host is not frozen
        """
        self._all("snapshot.freeze", self.id, limit=self._left())
        instant = now()
        self.tell("frozen")
        return instant

    def _left(self):
        return max(self._end - time.monotonic(), 0.1)

    def take(self, metadata):
        """
        Have the cloud take all snapshots at the same time.

        :raises CommandExecutionError: it was not done within the hosts' limit
        """
        arguments = {"set": self.id, "volumes": list(self.volumes), "metadata": metadata, "keep": True}
        self._taking = self._work.submit(self.driver.call, "create_snapshots", **arguments)
        try:
            self._taking.result(self._left())
        except concurrent.futures.TimeoutError:
            raise CommandExecutionError(f"the cloud has not taken all snapshots within {self.limit} s") from None
        except ValueError:
            # Told by taken().
            return
        self.tell("taken")

    def thaw(self):
        """
        Thaw all hosts, until they have thawed by themselves.

        :returns: ``({host: answer of snapshot.thaw}, {host: what went wrong})``
        """
        answers, errors = self._together.call("snapshot.thaw", self.id, limit=self._left() + GRACE)
        while errors and time.monotonic() < self._end + 1:
            time.sleep(0.5)
            limit = self._left() + GRACE
            more, errors = self._together.call("snapshot.thaw", self.id, limit=limit, hosts=list(errors))
            answers |= more
        self.tell("thawed")
        return answers, errors

    def taken(self):
        """
        What the cloud has taken in the end, be it late.

        :returns: ``({volume: snapshot as the driver shows it}, [what went wrong])``
        """
        if self._taking is None:
            return {}, []
        try:
            told = self._taking.result(LATE)
        except (ValueError, concurrent.futures.TimeoutError) as exc:
            return {}, [str(exc) or f"the cloud has not answered within {LATE} s"]
        wrong = [f"{name}: {one['error']}" for name, one in told.items() if "error" in one]
        return {one["volume"]: {**one, "name": name} for name, one in told.items() if "error" not in one}, wrong

    def tables(self, host):
        """How many tables each database of a host has: ``{database: how many}``, empty if it does not say."""
        return self._together.call("snapshot.tables", limit=ANSWER, hosts=[host])[0].get(host) or {}

    def remove(self, names):
        """
        Delete snapshots.

        :returns: list of what went wrong
        """
        wrong = []
        for name in names:
            try:
                self.driver.call("delete_snapshot", name=name, protected=self.environment)
            except ValueError as exc:
                wrong.append(str(exc))
        return wrong


def _provider(cloud, hosts):
    servers, wrong = cloud.servers()
    found = {servers[host]["provider"] for host in hosts if host in servers}
    unknown = [host for host in hosts if host not in servers]
    if unknown or len(found) != 1:
        why = "; ".join(filter(None, wrong.values()))
        raise ValueError(
            f"expected one cloud that has {', '.join(unknown or hosts)}, found {', '.join(sorted(found)) or 'none'}"
            f"{': ' if why else ''}{why}"
        )
    return found.pop()


def now():
    """The time of the wall clock, as events and manifests have it: ISO 8601, UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def revision(folder):
    """
    The git revision of a checkout, with ``+`` where it was changed since; None where git does not say.
    """
    git = ["git", "-c", "safe.directory=*", "-C", str(folder)]
    try:
        found = [
            subprocess.run([*git, *what], capture_output=True, text=True, timeout=30, check=True).stdout.strip()
            for what in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
        ]
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{found[0]}{'+' if found[1] else ''}"
