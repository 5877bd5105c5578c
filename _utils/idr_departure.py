"""
A read-only server that leaves: the mirror of its arrival.
"""

import contextlib

import idr_cloud
import idr_frontends
import idr_keys
import idr_mine
import idr_pillar
import salt.key
from salt.exceptions import CommandExecutionError

# In the order in which they are stopped.
UNITS = ("omero-memo", "omero-web", "omero-server")
# Seconds for a unit to stop, and for one that does not leave after all to be back.
STOP, READY = 300, 300


class Departure:
    """
    :param opts: options of the master
    :param server: minion id of a read-only server
    :param environment: name of its environment
    """

    def __init__(self, opts, server, environment):
        self.opts, self.server = opts, server
        self.frontends = idr_frontends.Frontends(opts, environment)
        self.minions = self.frontends.minions
        self.answers = server in self.frontends.hosts and self._pings()

    def _pings(self):
        try:
            return bool(self.minions.call(self.server, "test.ping", limit=idr_frontends.PING))
        except CommandExecutionError:
            return False

    def drain(self, timeout):
        """
        No new visitors; those that it has may finish.

        :param timeout: seconds; None for what the proxy's pillar says. A server that is down has nobody to wait for
        :returns: ``{proxy: {backend: visitors that are left}}``
        :raises CommandExecutionError: a proxy does not answer, or no other server is up; then it serves as before
        """
        cut: dict = {}
        served = []
        try:
            for proxy in self.frontends.proxies:
                known = self.minions.call(proxy, "frontend.servers").get(self.server)
                if known:
                    served += [proxy] if known["status"] == "up" else []
                    cut[proxy] = self._drained(proxy, known["status"], timeout)
        except CommandExecutionError:
            for proxy in served:
                with contextlib.suppress(CommandExecutionError):
                    self.minions.call(proxy, "frontend.ready", self.server, limit=READY)
            raise
        return cut

    def _drained(self, proxy, status, timeout):
        wait = drain_timeout(self.opts, proxy) if timeout is None else timeout
        wait = 0 if status == "down" else wait
        drain = {"timeout": wait, "alone": status != "up"}
        return self.minions.call(proxy, "frontend.drain", self.server, limit=wait + 60, **drain)["sessions"]

    def take_out(self):
        """
        Out of the front end's configuration.

        :raises CommandExecutionError: a proxy still has it
        """
        if self.answers:
            self.minions.call(self.server, "idr.serving", False)
        idr_mine.withdraw(self.opts, self.server)
        with self.frontends.changing():
            errors = self.frontends.change()
            wrong = idr_frontends.wrong(errors) or idr_frontends.wrong(
                self.frontends.await_servers(gone=[self.server])[1]
            )
        if wrong:
            raise CommandExecutionError(wrong)

    def stop(self):
        """
        Stop what the server does, so that nothing of it is in the middle of anything.

        :raises CommandExecutionError: a unit does not stop
        """
        for unit in UNITS if self.answers else ():
            self.minions.call(self.server, "service.stop", unit, limit=STOP)

    def switch_off(self, destroy):
        """
        Stop or destroy the server in its cloud, where one has it.

        :returns: what was done: ``destroyed``, ``stopped``, or ``left running: no cloud has it``
        :raises ValueError: the cloud does not answer, or refuses
        """
        cloud = idr_cloud.Cloud(self.opts)
        servers, wrong = cloud.servers()
        if self.server not in servers:
            if any(wrong.values()):
                raise ValueError("; ".join(filter(None, wrong.values())))
            return "left running: no cloud has it" if self.answers else "gone: no cloud has it"
        if destroy:
            cloud.destroy(self.server)
            return "destroyed"
        if servers[self.server]["state"] == "running":
            cloud.stop(self.server)
        return "stopped"

    def forget(self):
        """
        Delete its key and all that the master keeps of it, and have the other hosts forget it as well.

        :returns: ``{host: what went wrong}`` of those that did not
        """
        forget(self.opts, self.server)
        others = [host for host in self.frontends.hosts if host != self.server]
        self.frontends.hosts = others
        return {host: error for host, error in self.frontends.introduce().items() if error}


def forget(opts, host):
    """
    Delete the key of a host, its mine, grains and pillar on the master.
    """
    with salt.key.get_key(opts) as keys:
        keys.delete_key(host)
    idr_mine.forget(opts, host)


def drain_timeout(opts, proxy):
    """
    Seconds that a proxy's pillar gives the visitors of a server.
    """
    return idr_pillar.compiler(opts, proxy).compile_pillar()["haproxy"]["drain"]["timeout"]


def readers_that_serve(opts, environment):
    """
    Read-only servers that say that they serve.
    """
    return [host for host in idr_keys.readers(opts, environment) if idr_mine.serving(opts, host)]
