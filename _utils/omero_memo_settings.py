"""
Pillar ``omero:memo``: how memo files are made.
"""

import omero_memo

LIMITS = {
    "files_per_minute": 60,
    "max_load_per_processor": 0.8,
    "max_database_sessions": 4,
    # seconds
    "check_seconds": 10,
    "image_timeout": 3600,
    "server_timeout": 600,
}
LOGIN = {"login": "public", "password": None, "port": 4064}
OTHERS = ("shared", "newest")
MASK = "********"


def checked(configured):
    """
    Return pillar ``omero:memo`` with what it leaves out.

    :param configured: the map of pillar, or None
    :raises ValueError: an unknown key, or a limit that is no number above 0
    """
    found = {**LIMITS, **LOGIN, **(configured or {})}
    unknown = sorted(set(found) - set(LIMITS) - set(LOGIN) - set(OTHERS))
    if unknown:
        known = ", ".join(sorted([*LIMITS, *LOGIN, *OTHERS]))
        raise ValueError(f"omero:memo: unknown {', '.join(unknown)}; expected {known}")
    for key in LIMITS:
        if isinstance(found[key], bool) or not isinstance(found[key], (int, float)) or not found[key] > 0:
            raise ValueError(f"omero:memo:{key}: a number above 0 was expected, not {found[key]!r}")
    found["password"] = found["password"] or f"secrets:omero:{found['login']}"
    return found


def worker(memo, config, omerodir, database):
    """
    Return the settings of :mod:`omero_memo_worker` without its passwords.

    :param memo: what :func:`checked` returned
    :param config: properties of the server
    :param omerodir: folder of the server
    :param database: what ``omero_database.settings`` returned
    """
    return {
        "login": {"host": "127.0.0.1", "port": memo["port"], "user": memo["login"]},
        "database": database,
        "omerodir": omerodir,
        "folders": omero_memo.folders(config),
        "limits": {key: memo[key] for key in LIMITS},
    }


def shared(memo, config):
    """Return whether other servers write to the same folder of memo files: as pillar says, or when it is not local."""
    return bool(memo.get("shared", not omero_memo.folders(config)["private"]))


def changes(old, new, secrets=("login:password", "pgpass")):
    """
    Return the settings that differ, ``{"login:user": {"old": value, "new": value}}``.

    :param secrets: names that are shown masked
    """
    before, after = _flat(old), _flat(new)

    def shown(name, values):
        return MASK if name in secrets and name in values else values.get(name)

    differ = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return {name: {"old": shown(name, before), "new": shown(name, after)} for name in differ}


def _flat(settings):
    found: dict = {}
    for key, value in settings.items() if isinstance(settings, dict) else ():
        found |= {f"{key}:{name}": one for name, one in value.items()} if isinstance(value, dict) else {key: value}
    return found


def told(request, is_wanted, status):
    """
    Return how far the worker is, from what is asked and what it last said.

    :param request: what is asked, or None
    :param is_wanted: whether it still is
    :param status: what the worker last said, or None
    """
    if not request:
        return {"state": "never", "why": None}
    if not status or status.get("id") != request.get("id"):
        return {"state": "asked" if is_wanted else "stopped", "why": None}
    found = {key: value for key, value in status.items() if key != "id"}
    if not is_wanted and found["state"] != "done":
        found |= {"state": "stopped", "per_minute": None, "eta_seconds": None}
    return found
