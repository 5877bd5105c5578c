"""
What hosts need of a project's quotas, and whether there is that much left: looked at before anything is made.

Quotas go by the names that Nova, Cinder and Neutron have for them.
"""

import logging
from collections import Counter
from dataclasses import dataclass

from cloud_errors import CloudError

log = logging.getLogger(__name__)

UNITS = {"gigabytes": " (GB)", "ram": " (MB)"}


@dataclass(frozen=True)
class Quota:
    """How much of something a project has, with what is being made for it, and may have; -1 is as much as it likes."""

    used: int
    allowed: int


def ask(cloud):
    """
    Return a project's quotas as ``{name: Quota}``, without those of services that do not tell them.

    cloud
        The openstacksdk connection.
    """
    project = cloud.current_project_id
    found: dict = {}
    for api, path in (
        (cloud.compute, f"/os-quota-sets/{project}/detail"),
        (cloud.block_storage, f"/os-quota-sets/{project}?usage=true"),
        (cloud.network, f"/quotas/{project}/details"),
    ):
        answer = api.get(path)
        if answer.ok:
            (data,) = answer.json().values()
            found |= {name: _quota(entry) for name, entry in data.items() if isinstance(entry, dict)}
        else:
            # then the service itself refuses what is too much
            log.info("Quotas are not to be had at %s: HTTP %s", path, answer.status_code)
    return found


def _quota(entry):
    used = entry.get("in_use", entry.get("used", 0))
    return Quota(used + entry.get("reserved", 0), entry["limit"])


def of_server(flavor, networks):
    """
    Return what a server adds, ``{name of the quota: number}``.

    flavor
        The cloud's flavour.
    networks
        Nova's entries for its interfaces; those with a ``port`` need no new one.
    """
    ports = sum("port" not in nic for nic in networks)
    return Counter(instances=1, cores=flavor.vcpus, ram=flavor.ram, port=ports)


def of_volume(size, kind=None, new=True):
    """Return what a volume of ``size`` GB, perhaps of a type, adds; without ``new``, what so many more GB of it add."""
    added = {"volumes": int(new), "gigabytes": size}
    of_type = {f"{name}_{kind}": number for name, number in added.items()} if kind else {}
    return Counter(added | of_type)


def check(needed, quotas, where):
    """
    Refuse what a project has no room for, with all the quotas that are too small.

    needed
        ``{name of the quota: number}``.
    quotas
        What :func:`ask` returned.
    where
        Begins the error.
    """
    lacking = [
        f"{name}{UNITS.get(name.partition('_')[0], '')}: needed {number}, used {quota.used}, allowed {quota.allowed}"
        for name, number in sorted(needed.items())
        if (quota := quotas.get(name)) and number > 0 and 0 <= quota.allowed < quota.used + number
    ]
    if lacking:
        raise CloudError(f"{where}: not enough quota: {'; '.join(lacking)}")
