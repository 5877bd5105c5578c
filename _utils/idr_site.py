"""
An environment as the master sees it: what its pillar asks for, and what its hosts say.
"""

import concurrent.futures

import idr_ids
import idr_keys
import idr_maps
import idr_minions
import idr_pillar
import idr_releases
import idr_upgrade
from salt.exceptions import CommandExecutionError

# Whom a server is asked as: the read-write one has no public user before its accounts are made.
LOGINS = {"omeroreadwrite": "root", "omeroreadonly": "public"}
# Seconds that hosts have to say how they are.
PATIENCE = 90


def managed(opts, environment):
    """
    The hosts that an orchestration works with: of the read-only servers those that exist, which may be more or less
    than the map has, and of the other roles those of the map.

    :returns: list of minion ids, by role and number
    :raises ValueError: no map has the environment
    """
    mapped = idr_maps.hosts(idr_pillar.root(opts).parent, environment)
    fixed = [host for host in mapped if idr_ids.parse(host)["role"] != idr_keys.READER]
    return idr_keys.of_environment({*fixed, *idr_keys.readers(opts, environment)}, environment)


def only(opts, environment, role):
    """
    The one host of a role of which an environment has one.

    :raises ValueError: no map has the environment, or it has none of this role, or more
    """
    found = [host for host in managed(opts, environment) if idr_ids.parse(host)["role"] == role]
    if len(found) != 1:
        raise ValueError(f"{environment}: expected one host of role {role}, found {', '.join(found) or 'none'}")
    return found[0]


class Site:
    """
    :param opts: options of the master
    :param environment: name of the environment
    :raises ValueError: no map has it, or it has not the hosts that it needs
    """

    def __init__(self, opts, environment):
        self.opts, self.environment = opts, environment
        self.hosts = idr_upgrade.hosts(managed(opts, environment), idr_ids.parse)
        self.minions = idr_minions.Minions(opts)
        self.servers = [self.hosts["readwrite"], *self.hosts["readers"]]

    def wanted(self):
        """
        The release that pillar gives the OMERO hosts, and whether its schemas hold.

        :raises ValueError: a pillar is refused, or they ask for different releases
        """
        pillars = {host: idr_pillar.compiler(self.opts, host).compile_pillar() for host in self.servers}
        errors = [f"{host}: {line}" for host, data in pillars.items() for line in data.get("_errors", [])]
        if errors:
            raise ValueError("; ".join(errors))
        return idr_upgrade.wanted({host: idr_releases.of_pillar(data) for host, data in pillars.items()})

    def sights(self):
        """
        What the OMERO hosts say, all asked at once: ``{host: sight}`` as :mod:`idr_upgrade` has it.
        """
        with concurrent.futures.ThreadPoolExecutor(len(self.servers)) as pool:
            return dict(zip(self.servers, pool.map(self._sight, self.servers), strict=True))

    def _sight(self, host):
        try:
            releases = self.minions.call(host, "omero.releases", limit=PATIENCE)
        except CommandExecutionError as exc:
            return {"installed": None, "sha256": None, "running": None, "error": str(exc)}
        current = next((one for one in releases if one["current"]), {"version": None, "sha256": None})
        try:
            running = self.looked(host).get("version")
        except CommandExecutionError:
            running = None
        return {"installed": current["version"], "sha256": current["sha256"], "running": running, "error": None}

    def looked(self, host):
        """
        What the server of a host says of itself.

        :raises CommandExecutionError: it does not answer
        """
        login = LOGINS[idr_ids.parse(host)["role"]]
        return self.minions.call(host, "omero.look", login=login, limit=PATIENCE)

    def proxies(self):
        """
        What the proxies say.

        :returns: ``{"status": as idr_upgrade.served, "closed": bool}``, whether one of them closes the way to the
            read-write server
        :raises CommandExecutionError: one of them does not answer
        """
        seen = {one: self.minions.call(one, "frontend.servers") for one in self.hosts["proxies"]}
        closed = [self.minions.call(one, "frontend.maintenance", of="readwrite") for one in self.hosts["proxies"]]
        return {"status": idr_upgrade.served(seen), "closed": any(closed)}

    def close(self, on):
        """
        Close or open the way to the read-write server on all proxies.

        :raises CommandExecutionError: one of them does not answer
        """
        for proxy in self.hosts["proxies"]:
            self.minions.call(proxy, "frontend.maintenance", on=on, of="readwrite")
