"""
The site's public address, as the cloud knows it: which environment's proxy it leads to, and the step that changes that.
"""

import pathlib

import idr_cloud
import idr_ids
import idr_maps
import idr_pillar
from salt.exceptions import CommandExecutionError

ROLE = "proxy"


class Mover:
    """
    :param opts: options of the master
    :param environment: whose provider is asked
    :raises ValueError: it has no proxy in the maps, or its cloud cannot be asked
    """

    def __init__(self, opts, environment):
        root = idr_pillar.root(opts).parent
        config = pathlib.Path(opts["conf_file"]).parent if opts.get("conf_file") else None
        alias = idr_maps.provider(root, idr_maps.profile(root, environment, ROLE), config)
        self.root, self.driver = root, idr_cloud.Cloud(opts).driver(alias)

    def addresses(self):
        """
        Which address leads to which environment: ``{address: {"environment", "host"}}``, of those that lead to a proxy.

        :raises ValueError: the cloud does not answer
        """
        found = {}
        for address, one in sorted(self.driver.call("list_floating_ips").items()):
            try:
                parsed = idr_ids.parse(one["attached_to"])
            except ValueError:
                continue
            if parsed["role"] == ROLE:
                found[address] = {"environment": parsed["environment"], "host": parsed["id"]}
        return found

    def address(self, environment):
        """
        The one address that leads to an environment.

        :raises ValueError: there is none, or more than one
        """
        found = [address for address, one in self.addresses().items() if one["environment"] == environment]
        if len(found) != 1:
            raise ValueError(
                f"{environment}: expected one address to lead to its proxy, found {', '.join(found) or 'none'}"
            )
        return found[0]

    def proxy(self, environment):
        """
        The proxy of an environment.

        :raises ValueError: the maps have none, or more than one
        """
        hosts = idr_maps.hosts(self.root, environment)
        found = [host for host in hosts if idr_ids.parse(host)["role"] == ROLE]
        if len(found) != 1:
            raise ValueError(
                f"{environment}: expected one host of role {ROLE} in its map, found {', '.join(found) or 'none'}"
            )
        return found[0]

    def move(self, address, old, new):
        """
        Let an address that leads to one environment lead to another, whose own, if it has one, the first gets instead.
        What a cloud says that failed may have been done: the address tells, and what was left half-way is put back.

        :raises CommandExecutionError: it leads to the old environment as before, or (which is said) nowhere
        """
        try:
            self.driver.act(self.proxy(old), "swap_floating_ip", **{"with": self.proxy(new)})
        except ValueError as exc:
            self._settled(address, old, new, exc)
        if self._leads(address) != new:
            raise CommandExecutionError(f"{address}: expected it to lead to {new} now, found {self._leads(address)}")

    def _settled(self, address, old, new, exc):
        now = self._leads(address)
        if now == new:
            return
        if now is None:
            try:
                self.driver.act(self.proxy(old), "attach_floating_ip", address=address)
            except ValueError as again:
                raise CommandExecutionError(f"{exc}; {address} leads nowhere: {again}") from exc
        raise CommandExecutionError(f"{exc}; {address} leads to {old} as before") from exc

    def _leads(self, address):
        try:
            return self.addresses().get(address, {}).get("environment")
        except ValueError as exc:
            raise CommandExecutionError(f"{address}: nobody says where it leads now: {exc}") from exc
