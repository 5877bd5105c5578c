"""
Who may reach whom in an environment.
"""

import idr_firewall
import idr_ids
import idr_maps
import idr_mine
import idr_pillar
import idr_roles

__virtualname__ = "firewall"


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
        place = idr_pillar.root(__opts__)
        hosts = idr_pillar.hosts(__opts__, place, environment)
        together = idr_roles.together(idr_maps.hosts(place.parent, environment))
        services = [idr_pillar.firewall(__opts__, name) for name in hosts]
        return idr_firewall.reach(services, _peers(environment, hosts), together)
    except ValueError as exc:
        # Orchestrations look at the context, the command salt-run at the answer.
        __context__["retcode"] = 1
        return {"errors": [str(exc)], "retcode": 1}


def _peers(environment, hosts):
    """The mine as the master keeps it."""
    network = idr_pillar.network(idr_pillar.root(__opts__), environment)
    said = {name: idr_mine.said(__opts__, name, "address") for name in hosts}
    return idr_ids.addressed(said, environment, network=network)
