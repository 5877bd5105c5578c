"""
Which releases a host has, which of them was current when, and which may go: without touching any.

What is known is kept as ``{"releases": {version: {"url": str, "sha256": str}}, "history": [{"version": str, "since":
str}, ...]}``, with times in UTC as ISO 8601 has them.
"""

import json


class RecordError(ValueError):
    """A file of releases that cannot be read."""


def read(text):
    """
    Return what a file of releases says; nothing is known where there is none (None).

    :raises RecordError: it says something else
    """
    if text is None:
        return {"releases": {}, "history": []}
    try:
        found = json.loads(text)
        return {
            "releases": {name: {"url": one["url"], "sha256": one["sha256"]} for name, one in found["releases"].items()},
            "history": [{"version": one["version"], "since": one["since"]} for one in found["history"]],
        }
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise RecordError(f"a record of releases was expected ({type(error).__name__}: {error})") from None


def text(known):
    """
    Return what is known as the content of its file.
    """
    return json.dumps(known, indent=2, sort_keys=True) + "\n"


def noted(known, version, url, sha256, now):
    """
    Return what is known once a release is current.

    :param now: the time
    """
    history = known["history"]
    if not history or history[-1]["version"] != version:
        history = [*history, {"version": version, "since": now}]
    return {"releases": {**known["releases"], version: {"url": url, "sha256": sha256}}, "history": history}


def latest(known, present):
    """
    Return the releases that are there, the one that was current last first; those that never were come at the end.

    :param present: their versions
    """
    since = {one["version"]: place for place, one in enumerate(known["history"])}
    return sorted(present, key=lambda version: (-since.get(version, -1), version))


def previous(known, current, present):
    """
    Return the version that was current before the one that is, and is still there; None without such.
    """
    return next((one["version"] for one in reversed(known["history"]) if one["version"] in present - {current}), None)


def expired(known, current, present, keep):
    """
    Return the versions that may be removed, sorted: all but the last ``keep``, the current one and the one before it.

    :param current: version that is current, or is about to be
    """
    known = noted(known, current, None, None, None)
    order = latest(known, present)
    return sorted(set(order[keep:]) - {current, previous(known, current, present)})


def listing(known, present, current):
    """
    Return the releases that are there, the one that was current last first.

    :param present: map from version to the digest in its folder
    :returns: list of ``{"version": str, "url": str or None, "sha256": str, "since": str or None, "current": bool,
        "previous": bool}``; ``since`` is when it became current last
    """
    since = {one["version"]: one["since"] for one in known["history"]}
    before = previous(known, current, set(present))
    found = []
    for version in latest(known, present):
        noted_here = known["releases"].get(version, {})
        same = noted_here.get("sha256") == present[version]
        found.append(
            {
                "version": version,
                "url": noted_here["url"] if same else None,
                "sha256": present[version],
                "since": since.get(version),
                "current": version == current,
                "previous": version == before,
            }
        )
    return found
