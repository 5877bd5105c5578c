"""
What stands for floating IPs in the nspawn driver: names of the LAN, each of which leads to one host at a time.

A name is a line of the hosts file beside those of the hosts, so whoever connects by it comes to the new host from one
moment to the next, and who is connected stays where he is.
"""

import nspawn_records
from cloud_errors import CloudError


class Addresses:
    """
    state_dir
        Of the provider.
    first
        ``{name: host}``: the provider's setting ``floating_ips``, where each leads before it is moved.
    """

    def __init__(self, state_dir, first):
        self.path, self.first = state_dir / "floating_ips.json", first

    def all(self):
        """Return ``{name: host}``; the host may not be there now."""
        moved = nspawn_records.read(self.path, {})
        return {name: moved.get(name, host) for name, host in sorted(self.first.items())}

    def swap(self, one, other):
        """Exchange the names of two hosts, of which one may have none; return ``{name: host}`` of those that moved."""
        known = self.all()
        other_way = {one: other, other: one}
        moved = {name: other_way[host] for name, host in known.items() if host in other_way}
        if not moved:
            raise CloudError(f"{one} and {other}: neither has a floating IP, expected one to swap")
        nspawn_records.write(self.path, known | moved)
        return moved
