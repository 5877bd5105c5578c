"""
A read-only server that arrives, until it may have visitors.
"""

import concurrent.futures
import contextlib
import logging
import time

import idr_frontends
import idr_keys
import idr_mine
import idr_minions
import omero_wait
from salt.exceptions import CommandExecutionError

log = logging.getLogger(__name__)

# Seconds: for all states of a new host; for a server that has been up before; for a host's small answers.
APPLY, HEALTHY, ANSWER = 2400, 300, 60
# Seconds for a new host to say its address.
ADDRESS = 90
ANOTHER = "another host has its name"


class Arrival:
    """
    :param opts: options of the master
    :param environment: name of the environment
    :param mark: called as ``mark(host, state, error=None, states=None)`` with each state that a host comes to
    """

    def __init__(self, opts, environment, mark):
        self.opts, self.environment, self.mark = opts, environment, mark
        self.minions = idr_minions.Minions(opts)

    def make(self, hosts, serve):
        """
        Make hosts ready to serve, all at the same time.

        :param serve: called without arguments each second in which some are ready and others are not: who is quick does
            not wait for who hangs
        :returns: ``{host: why}`` of those that are not ready
        """
        if not hosts:
            return {}
        with concurrent.futures.ThreadPoolExecutor(len(hosts) + 1) as pool:
            new = [host for host, is_new in zip(hosts, pool.map(self._is_new, hosts), strict=True) if is_new]
            introduced = pool.submit(self._introduce, new)
            at_work = {pool.submit(self._make, host, host in new): host for host in hosts}
            failures = _gathered(at_work, serve)
            introduced.result()
        return {host: failures[host] for host in hosts if failures[host]}

    def _is_new(self, host):
        """Whether the host has not served yet, by its own word as well: then all its states are applied."""
        if not idr_mine.serving(self.opts, host):
            return True
        if not self._is_another(host):
            return False
        self._forget(host)
        return True

    def _is_another(self, host):
        """Whether it is not the host that served under this name: it answers, and does not say so."""
        try:
            return not self.minions.call(host, "idr.serving", limit=idr_frontends.PING)
        except CommandExecutionError as exc:
            # It has none of our modules. One that does not answer fails at the next call.
            return "is not available" in str(exc)

    def _forget(self, host):
        idr_mine.forget(self.opts, host)
        with contextlib.suppress(CommandExecutionError):
            self.minions.call(host, "mine.update", limit=ANSWER)

    def _make(self, host, new):
        try:
            if not new and not self._proved(host):
                self._forget(host)
                self._introduce([host])
                new = True
            if new:
                self._apply(host)
            self.mark(host, "ready")
        except (CommandExecutionError, OSError) as exc:
            why = str(exc).removeprefix(f"{host}: ")
            self.mark(host, "failed", why)
            return why
        return ""

    def _apply(self, host):
        began = time.monotonic()
        self.minions.call(host, "state.apply", queue=True, limit=APPLY)
        self.mark(host, "applied", states=time.monotonic() - began)
        if not idr_mine.serving(self.opts, host):
            raise CommandExecutionError("its states are applied, but the mine does not say that it serves")

    def _proved(self, host):
        """One that has served before is only proved. False when it turns out to be another one, made anew meanwhile."""
        self.minions.call(host, "saltutil.sync_all", refresh=True, limit=ANSWER)
        self.minions.call(host, "saltutil.refresh_pillar", wait=True, timeout=30, limit=ANSWER)

        def settled():
            wrong = self.minions.unwell(host)
            if wrong and self._is_another(host):
                return True, ANOTHER
            return not wrong, wrong

        done, wrong = omero_wait.until(settled, HEALTHY)
        if not done:
            raise CommandExecutionError(f"it served before, but is not healthy within {HEALTHY} s: {wrong}")
        return wrong != ANOTHER

    def _introduce(self, hosts):
        """The others learn of the new ones as soon as these have an address: without them no server comes up."""
        known: set = set()

        def addressed():
            found = {host for host in hosts if idr_mine.address(self.opts, host)}
            if found - known:
                # What goes wrong here shows in the states of the new ones, with a better word for it.
                idr_frontends.Frontends(self.opts, self.environment).introduce(but={*hosts, *self._unready()})
                known.update(found)
            return known == set(hosts), None

        omero_wait.until(addressed, ADDRESS, interval=0.5)

    def _unready(self):
        return [host for host in idr_keys.readers(self.opts, self.environment) if not idr_mine.serving(self.opts, host)]


def _gathered(at_work, serve):
    failures: dict = {}
    early = True
    while at_work:
        done, _ = concurrent.futures.wait(at_work, timeout=1, return_when=concurrent.futures.FIRST_COMPLETED)
        failures |= {at_work.pop(one): one.result() for one in done}
        # those who become ready within a second of each other are one change of the proxies
        if early and at_work and not done and not all(failures.values()):
            try:
                serve()
            except (OSError, ValueError) as exc:
                early = False
                log.error("join: those who are ready wait for the others: %s", exc)
    return failures
