"""
Who this host is and who its peers are, by the minion id and the mine.
"""

import idr_ids
from salt.exceptions import CommandExecutionError

__virtualname__ = "idr"

MINE_ALIAS = "address"


def __virtual__():
    return __virtualname__


def host(minion_id=None):
    """
    Environment, role and number of a host, from its minion id.

    :param minion_id: this host's by default. Pillar has to pass ``opts.id``: while the master compiles, the default
        would be its own.
    :returns: ``{"id": str, "environment": str, "role": str, "number": int or None, "pattern": str}``, where
        ``pattern`` matches (``pcre``) all ids of the environment; ``None`` if the id has another form

    CLI Example:

    .. code-block:: bash

        salt '*' idr.host
    """
    try:
        parsed = idr_ids.parse(minion_id or __opts__["id"])
    except ValueError:
        return None
    return {**parsed, "pattern": idr_ids.pattern(parsed["environment"])}


def peers(role=None):
    """
    Hosts of the own environment that the mine knows.

    :param role: only hosts of this role; all without
    :returns: list of ``{"id": str, "address": str}``, sorted by role and number
    :raises CommandExecutionError: the own id has another form, or the mine does not even know this host. A
        mine that has lost its data must not look like an environment without hosts.

    CLI Example:

    .. code-block:: bash

        salt '*' idr.peers omeroreadonly
    """
    this = host()
    if this is None:
        raise CommandExecutionError(f"minion id {__opts__['id']!r} is not <environment>-<role>[-<number>]")
    known = __salt__["mine.get"](this["pattern"], MINE_ALIAS, tgt_type="pcre")
    if not known.get(this["id"]):
        raise CommandExecutionError(
            f"the mine has no {MINE_ALIAS!r} of {this['id']} itself: run mine.update (is an address in the pillar's "
            "environment:network?)"
        )
    return idr_ids.addressed(known, this["environment"], role)


def publish():
    """
    Send this host's address to the mine.

    :returns: True when the address is one of the environment's network
    :raises CommandExecutionError: the host has no address there

    CLI Example:

    .. code-block:: bash

        salt '*' idr.publish
    """
    network = __salt__["pillar.get"]("environment:network", unmask=True)
    if not network or not __salt__["network.ip_addrs"](cidr=network):
        raise CommandExecutionError(f"this host has no address in the pillar's environment:network ({network})")
    __salt__["mine.update"]()
    return True
