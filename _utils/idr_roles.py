"""
Which roles the hosts of an environment have, by its hosts in the maps.

An all-in-one host has all roles that no other host has: one more line in the map, and a role has a host of its own.
"""

from idr_ids import ALLINONE, READER, parse
from idr_ids import roles as of

# The roles that one host can have at a time, in the order in which their states are applied. A read-only server is a
# second OMERO.server, and a management host keeps what other hosts give it.
POSSIBLE = ("database", "omeroreadwrite", "proxy")
WRITER = "omeroreadwrite"


def together(hosts):
    """
    Roles of an environment's all-in-one host.

    :param hosts: ids of the environment's hosts in the maps
    :returns: list in the order of :data:`POSSIBLE`; empty where there is no such host
    :raises ValueError: there are two of them, or nothing is left for the one
    """
    parsed = [parse(host) for host in hosts]
    whole = sorted(host["id"] for host in parsed if host["role"] == ALLINONE)
    if not whole:
        return []
    if len(whole) > 1:
        raise ValueError(f"expected one host of role {ALLINONE} in an environment, found {', '.join(whole)}")
    others = {host["role"] for host in parsed}
    left = [role for role in POSSIBLE if role not in others]
    if not left:
        raise ValueError(f"{whole[0]}: expected a role that no other host has, of {', '.join(POSSIBLE)}; found none")
    return left


def public(hosts):
    """
    The role whose servers visitors come to: the read-only servers, or without any the read-write server.

    :param hosts: ids of the environment's hosts in the maps; where no map has one it is as in those that have
        read-only servers
    """
    roles = {parse(host)["role"] for host in hosts}
    return READER if not roles or READER in roles else WRITER


def named(environment, role, allinone=()):
    """
    Id of the one host of an environment that has a role.

    :param allinone: roles of the environment's all-in-one host
    """
    return f"{environment}-{ALLINONE if role in allinone else role}"


def described(host, hosts):
    """
    What pillar says of a host and of its environment.

    :param host: minion id
    :param hosts: ids of the environment's hosts in the maps
    :returns: ``{"roles": [its roles], "allinone": [those of the all-in-one host], "public": role}``
    :raises ValueError: as :func:`together`
    """
    shared = together(dict.fromkeys([*hosts, host] if parse(host)["role"] == ALLINONE else hosts))
    return {"roles": of(host, shared), "allinone": shared, "public": public(hosts)}
