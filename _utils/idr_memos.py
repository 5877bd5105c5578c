"""
Memo files made on several servers at once: who begins where, and how far all of them are.
"""


def orders(hosts, all_hosts, shared):
    """
    What each server has to do, as arguments of ``omero.memo_start``.

    :param hosts: those that answer
    :param all_hosts: all of the environment, by which the turns go: they stay the same when one does not answer
    :param shared: whether they write to the same folder, so that each image is the business of one of them
    :returns: map by host
    """
    if shared:
        return {host: {"part": number, "parts": len(hosts)} for number, host in enumerate(sorted(hosts))}
    places = sorted(all_hosts)
    return {host: {"turn": places.index(host), "turns": len(places)} for host in sorted(hosts)}


def summary(found, errors):
    """
    How far all servers are.

    :param found: map from host to what ``omero.memo_progress`` says
    :param errors: map from host to text
    """
    counted = [one["images"] for one in found.values() if "images" in one]
    running = [one for one in found.values() if one["state"] not in ("done", "never", "stopped")]
    left = [one.get("eta_seconds") for one in running]
    told = {
        "hosts": {host: dict(one) for host, one in found.items()},
        "images": {key: sum(one[key] for one in counted) for key in ("total", "done", "failed")},
        "per_minute": round(sum(one.get("per_minute") or 0 for one in running), 1),
        "eta_seconds": None if None in left else max(left, default=0),
        "done": bool(found) and not errors and all(one["state"] == "done" for one in found.values()),
    }
    if errors:
        told["errors"] = [f"{host}: {text}" for host, text in sorted(errors.items())]
    return told


def line(told):
    """Return one line for people who wait."""
    images = told["images"]
    states = ", ".join(f"{host} {one['state']}" for host, one in sorted(told["hosts"].items()))
    rate = f"{told['per_minute']} files a minute"
    return f"{images['done']} of {images['total']} images done, {images['failed']} failed, {rate}: {states}"
