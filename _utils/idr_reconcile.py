"""
What is to be mended in an environment, decided from what its keys, mine, front end and cloud say.

*Facts* of a host are ``{"id", "role", "key": "accepted", "pending", "rejected", "denied" or None, "age": seconds that
the key has been accepted, None where nobody knows, "map": bool, "cloud": state, "absent", or None where nobody knows,
"answers": bool, "silent": seconds that it has not answered, "address": bool, "serving": bool, "proxies": {proxy:
status, or None where it is not known there}, "record": state in the ledger or None, "active": whether a join is at
work}``.
"""

from idr_ids import READER

# One that its cloud says runs may be booting, for so many seconds.
BOOTING = 120
# Salt Cloud accepts the key of a server before the cloud has begun to make it: seconds that this may take.
MAKING = 3600
# What the front end says of one that may still have visitors, or may have them again.
_IN_SERVICE = ("up", "drained", "maintenance")


def plan(facts, published=False):
    """
    What to do about one host, and what an operator should know of it.

    :param facts: as above
    :param published: whether it has just been asked to say again what it says in the mine
    :returns: list of ``(action, why)``; an action is ``forget`` (key and caches), ``publish`` (what it says in the
        mine), ``withdraw`` (it no longer says that it serves), ``change`` (the front end), ``join``, or ``report``
    """
    if facts["key"] == "accepted":
        if facts["answers"] and not published and _lost(facts):
            return [("publish", "the mine has lost what it said")]
        found = _accepted(facts)
    else:
        found = _stranger(facts)
    known = [proxy for proxy, status in facts["proxies"].items() if status is not None]
    goes = any(action in ("forget", "withdraw") for action, _ in found)
    serves = facts["key"] == "accepted" and facts["serving"] and not goes
    # Its minion is silent and the mine has lost it, but visitors are served.
    unasked = facts["key"] == "accepted" and not facts["answers"] and "up" in facts["proxies"].values()
    if known and not serves and (goes or not unasked):
        found.append(("change", f"{', '.join(known)} still has it"))
    return found


def _lost(facts):
    in_service = any(status is not None for status in facts["proxies"].values())
    return not facts["address"] or (facts["role"] == READER and in_service and not facts["serving"])


def _accepted(facts):
    if facts["cloud"] == "absent" and not facts["answers"]:
        if facts["age"] is None or facts["age"] < MAKING:
            return [("report", "its cloud does not have it, or not yet")]
        return [("forget", "its server is gone")]
    found = []
    if not facts["answers"]:
        found.append(("report", f"its minion does not answer{_cloud(facts)}"))
    elif not facts["address"]:
        found.append(("report", "it has no address in the environment's network"))
    if facts["role"] == READER:
        found += _reader(facts)
    if not facts["map"]:
        found.append(("report", "it is in no map"))
    return found


def _reader(facts):
    if facts["record"] == "leaving":
        return [("report", "it leaves: idr.leave again goes on with it")]
    statuses = facts["proxies"]
    if not facts["answers"]:
        off = facts["cloud"] not in (None, "running") or facts["silent"] >= BOOTING
        out = statuses and not any(status in _IN_SERVICE for status in statuses.values())
        return (
            [("withdraw", "neither its minion nor its OMERO.web answers")] if facts["serving"] and off and out else []
        )
    if facts["active"]:
        return [("report", f"it joins: {facts['record']}")]
    if not facts["serving"]:
        return [("join", "it does not serve")]
    found = []
    missing = [proxy for proxy, status in statuses.items() if status is None]
    if missing:
        found.append(("join", f"{', '.join(missing)} does not have it"))
    unwell = [f"{proxy}: {status}" for proxy, status in statuses.items() if status not in ("up", None)]
    if unwell:
        found.append(("report", f"it has no visitors ({', '.join(unwell)})"))
    return found


def _stranger(facts):
    if facts["key"]:
        return [("report", f"its key is {facts['key']}: salt-key")]
    if facts["cloud"] not in (None, "absent"):
        return [("report", "the cloud has it, but the master has no key of it")]
    if facts["map"]:
        return [("report", "a map has it, but it is not made: salt-cloud -m")]
    return []


def _cloud(facts):
    return f", the cloud says {facts['cloud']}" if facts["cloud"] not in (None, "running") else ""


def row(facts, found, done):
    """
    One line of the table that an operator sees.

    :param found: as :func:`plan` returns it
    :param done: what was done, by action
    """
    return {
        "key": facts["key"] or "-",
        "cloud": facts["cloud"] or "?",
        "answers": "yes" if facts["answers"] else "no",
        "mine": "serves" if facts["serving"] else "yes" if facts["address"] else "no",
        "front end": ", ".join(sorted({status or "-" for status in facts["proxies"].values()})) or "?",
        "found": "; ".join(
            f"{why} ({done.get(action, 'to do')})" if action != "report" else why for action, why in found
        )
        or "all is well",
    }
