"""
Minion ids: ``<environment>-<role>[-<number>]``.

The key proves the id, the id gives environment and role: nothing else does.
"""

import ipaddress
import re

ROLES = ("database", "omeroreadwrite", "omeroreadonly", "proxy", "management")
# The role of which there are many, and which come and go.
READER = "omeroreadonly"
# A host with the roles that no other host of its environment has (idr_roles); none of its own.
ALLINONE = "allinone"

# An id is also the host's name: one DNS label.
MAX_LENGTH = 63

_WORD = r"[a-z0-9]+"
_ENVIRONMENT = re.compile(rf"[a-z][a-z0-9]*(?:-{_WORD})*")
_NAMES = (*ROLES, ALLINONE)
_ROLE = "|".join(_NAMES)
_NUMBER = r"[1-9][0-9]{0,3}"
_ID = re.compile(rf"(?P<environment>{_ENVIRONMENT.pattern})-(?P<role>{_ROLE})(?:-(?P<number>{_NUMBER}))?")


def check_environment(name):
    """
    Return ``name`` if it can be the name of an environment.

    :raises ValueError: it is not lower-case words joined by dashes, or one of the words is a role.
    """
    if not isinstance(name, str) or not _ENVIRONMENT.fullmatch(name):
        raise ValueError(f"environment {name!r}: expected lower-case words joined by dashes, such as idr-prod")
    roles = sorted(set(name.split("-")) & set(_NAMES))
    if roles:
        raise ValueError(f"environment {name!r}: must not contain the name of a role ({', '.join(roles)})")
    return name


def parse(minion_id):
    """
    Split a minion id.

    :param minion_id: for example ``idr-local-omeroreadonly-2``
    :returns: ``{"id": str, "environment": str, "role": str, "number": int or None}``
    :raises ValueError: the id has another form.
    """
    match = _ID.fullmatch(minion_id) if isinstance(minion_id, str) and len(minion_id) <= MAX_LENGTH else None
    if not match:
        raise ValueError(
            f"minion id {minion_id!r}: expected <environment>-<role>[-<number>] of at most {MAX_LENGTH} characters, "
            f"with a role of {', '.join(_NAMES)}"
        )
    number = match["number"]
    return {
        "id": minion_id,
        "environment": check_environment(match["environment"]),
        "role": match["role"],
        "number": int(number) if number else None,
    }


def reader(minion_id):
    """
    Split the id of a read-only server.

    :returns: as :func:`parse`
    :raises ValueError: the id has another form or role.
    """
    parsed = parse(minion_id)
    if parsed["role"] != READER:
        raise ValueError(f"{minion_id}: expected a read-only server, found the role {parsed['role']}")
    return parsed


def pattern(environment):
    """
    Return the regular expression of an environment's minion ids, for Salt's ``pcre`` targets.

    A glob will not do: ``idr-*`` matches the hosts of ``idr-test`` as well.
    """
    return f"^{check_environment(environment)}-(?:{_ROLE})(?:-{_NUMBER})?$"


def _parsed(ids):
    for minion_id in ids:
        try:
            yield parse(minion_id)
        except ValueError:
            continue


def roles(minion_id, together=()):
    """
    Roles of a host.

    :param together: those of its environment's all-in-one host (:func:`idr_roles.together`)
    :returns: list of role names
    :raises ValueError: the id has another form.
    """
    role = parse(minion_id)["role"]
    return list(together) if role == ALLINONE else [role]


def peers(mine, environment, role=None, together=()):
    """
    Ids of an environment that have an address in the mine.

    :param mine: ``{minion id: [address, ...]}`` as ``mine.get`` returns it; ids of other forms are passed over
    :param environment: only hosts of this environment
    :param role: only hosts of this role; all without
    :param together: roles of the environment's all-in-one host
    :returns: list of ids, sorted by role and number (2 before 10), so that files made of it are stable
    """
    found = [
        host
        for host in _parsed(minion_id for minion_id, addresses in mine.items() if addresses)
        if host["environment"] == environment and (role is None or role in roles(host["id"], together))
    ]
    found.sort(key=lambda host: (host["role"], host["number"] or 0))
    return [host["id"] for host in found]


def addressed(mine, environment, role=None, together=(), network=None):
    """
    Like :func:`peers`, with the first address of each that is one. What a host says of itself goes into files of all
    others: one that says anything else than an address of the environment is passed over, and nobody else by it.

    :param together: as for :func:`peers`
    :param network: CIDR that the address must be in; any without
    :returns: list of ``{"id": str, "address": str}``, sorted
    """
    inside = ipaddress.ip_network(network, strict=False) if network else None
    found = [(host, _address(mine[host], inside)) for host in peers(mine, environment, role, together)]
    return [{"id": host, "address": address} for host, address in found if address]


def _address(said, network):
    for text in said if isinstance(said, list) else ():
        try:
            # an integer would be an address as well, and an IPv6 one may have a zone of any characters
            address = ipaddress.ip_address(text) if isinstance(text, str) and "%" not in text else None
        except ValueError:
            continue
        if address and (network is None or address in network):
            return str(address)
    return None
