"""
Which read-only servers come and which go, when there shall be another number of them.
"""

import idr_ids


def plan(environment, role, existing, mapped, wanted):
    """
    :param existing: ids of the hosts of that role that exist
    :param mapped: ids that the maps have
    :param wanted: how many there shall be, 1 or more
    :returns: ``{"join": [ids to be made], "leave": [ids to go]}``: those of the map come first, then the lowest free
        numbers; those that no map has go first, then the highest numbers
    :raises ValueError: the number is none
    """
    if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
        raise ValueError(f"{role}: expected a whole number, 1 or more, found {wanted!r}")
    if wanted < len(existing):
        order = sorted(existing, key=lambda host: (host in mapped, -_number(host)))
        return {"join": [], "leave": order[: len(existing) - wanted]}
    free = [host for host in sorted(mapped, key=_number) if host not in existing]
    number = 1
    while len(free) < wanted - len(existing):
        host = f"{environment}-{role}-{number}"
        if host not in existing and host not in free:
            free.append(idr_ids.parse(host)["id"])
        number += 1
    return {"join": free[: wanted - len(existing)], "leave": []}


def unmapped(mapped, existing, joining, leaving):
    """
    What the maps do not say of the hosts that will be there: lines for the operator.
    """
    after = (set(existing) | set(joining)) - set(leaving)
    lines = [f"no map has {host}: add it if it shall stay" for host in sorted(after - set(mapped))]
    return lines + [f"a map still has {host}: salt-cloud -m makes it again" for host in sorted(set(mapped) - after)]


def _number(host):
    return idr_ids.parse(host)["number"] or 0
