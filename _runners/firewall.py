"""
Who may reach whom in an environment.
"""

import pathlib

import idr_firewall
import idr_ids
import idr_maps
import salt.cache
import salt.pillar
import salt.utils.data
import salt.utils.mine
import salt.utils.minions

__virtualname__ = "firewall"

MINE_ALIAS = "address"


def __virtual__():
    return __virtualname__


def show(environment):
    """
    Table of all connections that the hosts of an environment accept. Whatever is not in it is dropped.

    :param environment: name of the environment
    :returns: text; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run firewall.show idr-local
    """
    found = rows(environment)
    return found if isinstance(found, dict) else idr_firewall.text(found)


def rows(environment):
    """
    The same table for programs, from the pillars and the mine. A host that the mine does not know reaches nobody.

    :param environment: name of the environment
    :returns: list of ``{"to", "service", "protocol", "ports", "from", "who": str}``; or
        ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run firewall.rows idr-local --out=json
    """
    try:
        hosts = idr_maps.hosts(_checkout(), environment)
        return idr_firewall.reach([_host(name) for name in hosts], _peers(environment, hosts))
    except ValueError as exc:
        # Orchestrations look at the context, the command salt-run at the answer.
        __context__["retcode"] = 1
        return {"errors": [str(exc)], "retcode": 1}


def _checkout():
    """Where the maps are: beside the pillar that has our schemas, among the pillar roots that the master may have."""
    roots = [pathlib.Path(root) for root in __opts__["pillar_roots"]["base"]]
    for root in roots:
        if (root / "schemas").is_dir():
            return root.parent
    raise ValueError(f"pillar_roots: expected one with a folder schemas, found {', '.join(map(str, roots))}")


def _host(name):
    _, grains, _ = salt.utils.minions.get_minion_data(name, __opts__)
    pillar = salt.pillar.get_pillar(__opts__, grains or {"id": name}, name, "base").compile_pillar()
    if "_errors" in pillar:
        raise ValueError(f"{name}: {'; '.join(map(str, pillar['_errors']))}")

    def get(key):
        return salt.utils.data.traverse_dict_and_list(pillar, key)

    try:
        services = idr_firewall.services(pillar["firewall"]["services"], get)
    except ValueError as exc:
        raise ValueError(f"{name}: {exc}") from exc
    return {"id": name, "services": services, "operators": pillar["firewall"]["operators"]}


def _peers(environment, hosts):
    """The mine as the master keeps it."""
    cache = salt.cache.factory(__opts__)
    mine = {}
    for name in hosts:
        entry = (cache.fetch("mine", name) or {}).get(MINE_ALIAS) or []
        if isinstance(entry, dict):
            entry = entry.get(salt.utils.mine.MINE_ITEM_ACL_DATA, [])
        mine[name] = entry
    return idr_ids.addressed(mine, environment)
