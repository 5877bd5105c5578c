"""
The proxies of an environment, told who serves.
"""

import idr_keys
import idr_lock
import idr_minions
import idr_releases

# What makes the list of servers. Those who are not there yet are not waited for.
SLS = "proxy.haproxy"
NOW = {"peers": {"settle": 0, "serving_timeout": 0}}
# What hosts do when others come or go.
PEERS = "peers"
# Seconds for a proxy's states, for a server to be seen, and for a host to say that it is there.
CHANGE, SEEN, PING = 300, 60, 20


class Frontends:
    """
    :param opts: options of the master
    :param environment: name of the environment
    """

    def __init__(self, opts, environment):
        self.opts, self.environment = opts, environment
        self.minions = idr_minions.Minions(opts)
        self.hosts = idr_keys.accepted(opts, environment)
        self.proxies = idr_keys.having(opts, environment, "proxy")

    def changing(self, limit=2 * CHANGE):
        """
        Keep others from changing the proxies; for a ``with``.

        :raises ValueError: another does for longer than ``limit`` seconds
        """
        return idr_lock.holding(idr_releases.folder(self.opts), f"{self.environment}.frontends", limit)

    def change(self):
        """
        Have every proxy make its list of servers anew from the mine, check it and reload without dropping anybody.

        :returns: ``{proxy: what went wrong, empty when all is well}``
        """
        return self.each(self.proxies, "state.sls", SLS, queue=True, pillar=NOW, limit=CHANGE)[1]

    def each(self, hosts, function, *args, **kwargs):
        """
        Call a function on some hosts at the same time.

        :returns: ``({host: answer}, {host: what went wrong, empty when all is well})``
        """
        answers, wrong = self.minions.each(hosts, function, *args, **kwargs)
        return answers, {host: wrong.get(host, "") for host in sorted(hosts)}

    def await_servers(self, up=(), gone=()):
        """
        Wait until the proxies see servers up, and others not any more.

        :returns: ``({proxy: {server: status}}, {proxy: what went wrong, empty when all is well})``; a status also where
            it is not the one that was waited for
        """
        wanted = {"up": sorted(up), "gone": sorted(gone), "timeout": SEEN}
        statuses, errors = self.each(self.proxies, "frontend.await_servers", **wanted, limit=SEEN + 30)
        missed = [proxy for proxy, error in errors.items() if error]
        for proxy, servers in self.each(missed, "frontend.servers")[0].items():
            statuses[proxy] = {server: said["status"] for server, said in servers.items()}
        return statuses, errors

    def show(self, hosts, new=True):
        """
        Have the proxies show servers to visitors. Nothing is changed where they know them already and see them up, as
        after a reboot.

        :param new: whether one of them is new, and the proxies need not be asked whether they know it
        :returns: as :meth:`await_servers`
        """
        if not new and self._known(hosts):
            statuses, unseen = self.await_servers(up=hosts)
            if not wrong(unseen):
                return statuses, unseen
        errors = self.change()
        statuses, unseen = self.await_servers(up=hosts)
        return statuses, {proxy: errors[proxy] or unseen[proxy] for proxy in errors}

    def _known(self, hosts):
        servers, errors = self.each(self.proxies, "frontend.servers")
        return not wrong(errors) and all(host in known for host in hosts for known in servers.values())

    def introduce(self, but=()):
        """
        Have the environment's hosts know one another: hosts files, firewalls, database, repository.

        :param but: hosts that are left alone
        :returns: ``{host: what went wrong, empty when all is well}``
        """
        # The dead would cost a minute more.
        others, silent = self.each([host for host in self.hosts if host not in but], "test.ping", limit=PING)
        told = self.each(sorted(others), "state.sls", PEERS, queue=True, pillar=NOW, limit=CHANGE)[1]
        return {**silent, **told}


def wrong(errors):
    """
    What went wrong at some hosts, in one line; empty when all is well.
    """
    return "; ".join(error for error in errors.values() if error)
