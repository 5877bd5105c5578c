"""
All that the master can see of an environment: keys, mine, front end, cloud and ledger, host by host.
"""

import pathlib
import time

import idr_cloud
import idr_files
import idr_frontends
import idr_ids
import idr_joins
import idr_keys
import idr_maps
import idr_mine
import idr_pillar
import idr_releases


class Sight:
    """
    :param opts: options of the master
    :param environment: name of the environment
    """

    def __init__(self, opts, environment):
        self.opts, self.environment = opts, environment
        self.root = idr_pillar.root(opts).parent
        self.config = pathlib.Path(opts["conf_file"]).parent
        self.mapped = idr_maps.hosts(self.root, environment)
        self.cloud, self.cloud_errors = idr_cloud.Cloud(opts).servers()

    def facts(self):
        """
        What there is to know of each host now, as :mod:`idr_reconcile` has it.

        :returns: ``([facts], [what could not be seen])``
        """
        keys = {host: kind for kind, hosts in idr_keys.listed(self.opts).items() for host in hosts}
        frontends = idr_frontends.Frontends(self.opts, self.environment)
        seen, blind = frontends.each(frontends.proxies, "frontend.servers")
        pings, _ = frontends.each(frontends.hosts, "test.ping", limit=idr_frontends.PING)
        silent = self._silent([host for host in frontends.hosts if not pings.get(host)])
        in_proxies = {host for servers in seen.values() for host in servers}
        with idr_joins.Ledger(idr_releases.folder(self.opts), self.environment) as ledger:
            records = {
                host: {"record": one["state"], "active": one["state"] in idr_joins.AT_WORK and ledger.alive(one)}
                for host, one in ledger.records.items()
            }
        names = {*self.mapped, *keys, *self.cloud, *in_proxies}
        found = [
            {
                "id": host,
                "role": idr_ids.parse(host)["role"],
                "key": keys.get(host),
                "age": idr_keys.age(self.opts, host),
                "map": host in self.mapped,
                "cloud": self._in_cloud(host),
                "answers": bool(pings.get(host)),
                "silent": silent.get(host, 0),
                "address": bool(idr_mine.address(self.opts, host)),
                "serving": idr_mine.serving(self.opts, host),
                "proxies": self._proxies(host, seen),
                **records.get(host, {"record": None, "active": False}),
            }
            for host in idr_keys.of_environment(names, self.environment)
        ]
        return found, [error for error in (*blind.values(), *self.cloud_errors.values()) if error]

    def _silent(self, hosts):
        """Since when hosts do not answer: kept from one look to the next."""
        path = idr_releases.folder(self.opts) / "silent" / f"{self.environment}.json"
        before, now = idr_files.read_json(path) or {}, time.time()
        since = {host: before.get(host, now) for host in hosts}
        if since != before:
            idr_files.replace_json(path, since)
        return {host: now - began for host, began in since.items()}

    @staticmethod
    def _proxies(host, seen):
        if idr_ids.parse(host)["role"] != idr_keys.READER:
            return {}
        return {proxy: servers[host]["status"] if host in servers else None for proxy, servers in seen.items()}

    def _in_cloud(self, host):
        """Only a cloud that answers, and that the maps' profile names, can say that it has no such server."""
        if host in self.cloud:
            return self.cloud[host]["state"]
        try:
            profile = idr_maps.profile(self.root, self.environment, idr_ids.parse(host)["role"])
        except ValueError:
            return None
        return "absent" if self.cloud_errors.get(idr_maps.provider(self.root, profile, self.config)) == "" else None
