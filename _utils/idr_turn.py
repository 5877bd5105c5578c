"""
The turn of one read-only server: out of the front end, something done to it, proved healthy, and back.
"""

import idr_departure
import idr_ids
import idr_lock
import idr_minions
import idr_releases
import idr_site
import idr_upgrade
import omero_wait
from salt.exceptions import CommandExecutionError

# A server and its OMERO.web have this many seconds to be healthy, and HAProxy as many to see it.
HEALTHY, SEEN = 300, 120
# Seconds for a reconcile, which shares the environment with joins alone, to be done.
PATIENCE = 30


class Turn:
    """
    Nobody else has a turn in the environment while this process has one.

    :param opts: options of the master
    :param server: minion id of a read-only server that exists
    :param what: what it is for, for whom it keeps out
    :raises ValueError: there is no such server, or another orchestration works on the environment
    """

    def __init__(self, opts, server, what):
        environment = idr_ids.reader(server)["environment"]
        where = idr_upgrade.hosts(idr_site.managed(opts, environment), idr_ids.parse)
        if server not in where["readers"]:
            raise ValueError(
                f"{server}: expected one of {', '.join(where['readers']) or 'none, there is no such host'}"
            )
        idr_lock.take(idr_releases.folder(opts), environment, f"{what} {server}", limit=PATIENCE)
        self.opts, self.server, self.proxies = opts, server, where["proxies"]
        self.minions = idr_minions.Minions(opts)

    def take(self, act, version=None, alone=False):
        """
        :param act: called without arguments when the server has no visitors
        :param version: of OMERO.server that it must run afterwards; None for any
        :param alone: also when no other server is up
        :returns: ``{"server": str, "cut": {proxy: {backend: visitors that had to go}}, "seen": seconds}``
        :raises CommandExecutionError: something failed; says whether the server is out
        """
        cut = self._drain(alone)
        try:
            act()
            self._prove(version)
            seconds = [
                self.minions.call(one, "frontend.ready", self.server, timeout=SEEN, limit=3 * SEEN)["seconds"]
                for one in self.proxies
            ]
        except CommandExecutionError as exc:
            raise CommandExecutionError(
                f"{exc}. {self.server} stays out of the front end, the others go on serving. Mend it and run this "
                f"again; or let it serve as it is: salt {self.proxies[0]} frontend.ready {self.server}"
            ) from None
        return {"server": self.server, "cut": cut, "seen": max(seconds)}

    def _drain(self, alone):
        cut = {}
        try:
            for proxy in self.proxies:
                timeout = idr_departure.drain_timeout(self.opts, proxy)
                told = self.minions.call(
                    proxy, "frontend.drain", self.server, timeout=timeout, alone=alone, limit=timeout + 60
                )
                cut[proxy] = told["sessions"]
        except CommandExecutionError as exc:
            raise CommandExecutionError(f"{exc}. Nothing was done to {self.server}.") from None
        return cut

    def _prove(self, version):
        def healthy():
            wrong = self.minions.unwell(self.server, version)
            return not wrong, wrong

        done, wrong = omero_wait.until(healthy, HEALTHY, interval=3)
        if not done:
            raise CommandExecutionError(f"{self.server}: not healthy within {HEALTHY} s: {wrong}")


def in_turn(servers, one):
    """
    Do something to servers one after the other, until it fails.

    :param one: called as ``one(server)``; its answer has ``errors`` when it failed
    :returns: ``({server: answer}, None)``; or ``({server: answer}, {"errors", "done": [...], "left": [...]})``
    """
    answers: dict = {}
    for server in servers:
        answers[server] = one(server)
        if "errors" in answers[server]:
            left = [name for name in servers if name not in answers]
            return answers, {"errors": answers[server]["errors"], "done": list(answers)[:-1], "left": left}
    return answers, None
