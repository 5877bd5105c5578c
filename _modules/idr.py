"""
Who this host is and who its peers are, by the minion id and the mine.
"""

import os
import time

import idr_firewall
import idr_ids
import idr_keys
import idr_maps
import idr_roles
from salt.exceptions import CommandExecutionError

__virtualname__ = "idr"

MINE_ALIAS = "address"
SERVING_ALIAS = "serving"
PROC_SYS = "/proc/sys"
REMEMBERED = "idr.mine"
REMEMBER = 60


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


def peers(role=None, fresh=False, serving=False):
    """
    Hosts of the own environment that the mine knows.

    :param role: only hosts of this role; all without
    :param serving: only those that say of themselves that they may have visitors
    :param fresh: ask the master again, when the same run has asked within the last minute
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
    known = _mine(this["pattern"], MINE_ALIAS, fresh)
    if not known.get(this["id"]):
        raise CommandExecutionError(
            f"the mine has no {MINE_ALIAS!r} of {this['id']} itself: run mine.update (is an address in the pillar's "
            "environment:network?)"
        )
    if serving:
        said = _mine(this["pattern"], SERVING_ALIAS, fresh)
        known = {host: addresses for host, addresses in known.items() if said.get(host)}
    network = __salt__["pillar.get"]("environment:network", unmask=True)
    return idr_ids.addressed(known, this["environment"], role, _together(), network)


def _together():
    return __salt__["pillar.get"]("environment:allinone", [], unmask=True)


def _mine(pattern, alias, fresh):
    """The mine; remembered for the rest of a state run, in which several files are made of it."""
    kept = f"{REMEMBERED}.{alias}"
    asked, known = __context__.get(kept, (None, None))
    if fresh or asked is None or time.monotonic() - asked > REMEMBER:
        known = __salt__["mine.get"](pattern, alias, tgt_type="pcre")
        __context__[kept] = (time.monotonic(), known)
    return known


def accepted(environment):
    """
    Hosts of an environment whose keys are accepted. For pillar, which is rendered on the master.

    :param environment: name of the environment
    :returns: sorted list of minion ids; empty where there is no master, as with ``salt-call --local``

    CLI Example:

    .. code-block:: bash

        salt-run salt.cmd idr.accepted idr-local
    """
    if __opts__.get("__role") != "master":
        return []
    return sorted(idr_keys.accepted(__opts__, environment))


def exists(minion_id):
    """
    Whether there is a host, or is going to be: its key is accepted, or a map has it. For pillar, which is rendered on
    the master.

    :param minion_id: its id
    :returns: bool

    CLI Example:

    .. code-block:: bash

        salt-run salt.cmd idr.exists idr-local-management
    """
    return minion_id in idr_maps.known(__opts__) or minion_id in accepted(idr_ids.parse(minion_id)["environment"])


def described(minion_id):
    """
    Which roles a host has, and what is to be known of its environment, by the maps. For pillar, which is rendered on
    the master.

    :param minion_id: its id
    :returns: ``{"roles": [its roles], "allinone": [those of the environment's all-in-one host], "public": the role
        whose servers visitors come to}``
    :raises CommandExecutionError: the id has another form, a map is not readable, or two hosts are all in one

    CLI Example:

    .. code-block:: bash

        salt-run salt.cmd idr.described omero-demo-allinone
    """
    try:
        return idr_roles.described(minion_id, idr_maps.known(__opts__, idr_ids.parse(minion_id)["environment"]))
    except ValueError as exc:
        raise CommandExecutionError(str(exc)) from exc


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


def firewall_rules():
    """
    nftables rules of this host, from pillar ``firewall`` and the mine.

    :returns: text of a file for ``nft -f``
    :raises CommandExecutionError: the mine does not know this host, or the pillar is wrong. Rules made of half an
        environment would cut off the other half.

    CLI Example:

    .. code-block:: bash

        salt '*' idr.firewall_rules
    """

    def get(key):
        return __salt__["pillar.get"](key, unmask=True)

    try:
        wanted = idr_firewall.services(get("firewall:services"), get)
        return idr_firewall.rules(wanted, idr_firewall.sources(peers(), get("firewall:operators"), _together()))
    except ValueError as exc:
        raise CommandExecutionError(f"pillar of {__opts__['id']}: {exc}") from exc


def sysctls(parameters, own=False):
    """
    Kernel parameters that belong on this host.

    :param parameters: dict by name
    :param own: only those that this host may write, for containers: the others are the machine's
    :returns: dict by name

    CLI Example:

    .. code-block:: bash

        salt '*' idr.sysctls '{net.core.somaxconn: 4096, vm.swappiness: 10}' own=True
    """
    return {
        name: value
        for name, value in parameters.items()
        if not own or os.access(os.path.join(PROC_SYS, *name.split(".")), os.W_OK)
    }
