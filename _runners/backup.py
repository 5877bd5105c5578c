"""
Backups of the databases of environments, which each environment's management host has.
"""

import datetime

import idr_backups
import idr_lock
import idr_minions
import idr_releases
import idr_site
from runner_errors import failed
from salt.exceptions import CommandExecutionError

__virtualname__ = "backup"
__func_alias__ = {"list_": "list"}

# Seconds for what only looks, for a whole backup, and to wait for an upgrade or the like to be done.
LOOK, BACKUP, PATIENCE = 180, 24 * 3600, 30


def __virtual__():
    return __virtualname__


def create(environment, kind="full"):
    """
    Make a backup, and remove those that the retention lets go.

    :param environment: name of the environment
    :param kind: ``full``, ``diff`` or ``incr``
    :returns: ``{"label", "type", "start", "stop", "size", "repository"}``, sizes in bytes; or ``{"errors": [...],
        "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run backup.create idr-local kind=diff
    """
    folder = idr_releases.folder(__opts__)
    try:
        if kind not in idr_backups.TYPES:
            raise ValueError(f"kind: expected one of {', '.join(idr_backups.TYPES)}, found {kind!r}")
        host = _management(environment)
        with idr_lock.holding(folder, environment, PATIENCE, shared=True, what="backup.create"):
            return _made(host, kind)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, str(exc))


def list_(environment):
    """
    The backups there are, and the times that can be restored.

    :returns: ``{"stanza": str, "from": the first time that can be restored or None, "backups": {label: {"type",
        "start", "stop", "size", "repository": bytes, "usable", "present": bool}}}``, times in UTC; until when there is
        WAL only ``backup.check`` can tell; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run backup.list idr-local
    """
    try:
        found = _call(_management(environment), "pgbackrest.info")
    except (CommandExecutionError, ValueError) as exc:
        return failed(__context__, str(exc))
    rows = idr_backups.rows(found["backups"])
    usable = [one["stop"] for one in rows.values() if one["usable"]]
    told = {"stanza": found["stanza"], "from": min(usable, default=None), "backups": rows}
    return {**told, **failed(__context__, found["problem"])} if found["problem"] else told


def check(environment):
    """
    Prove that what is written now arrives in the repository, and that there is a backup to begin with.

    :returns: ``{"stanza": str, "last": time of the last backup}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run backup.check idr-local
    """
    try:
        host = _management(environment)
        _call(host, "pgbackrest.check")
        found = _call(host, "pgbackrest.info")
        last = idr_backups.chosen(found["backups"], _now())
    except (CommandExecutionError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {"stanza": found["stanza"], "last": idr_backups.rows([last])[last["label"]]["stop"]}


def discard(environment):
    """
    Remove the files that restores have kept of the clusters of before.

    :returns: ``{"removed": [folder, ...]}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run backup.discard idr-local
    """
    folder = idr_releases.folder(__opts__)
    try:
        host = idr_site.only(__opts__, environment, "database")
        # Neither while they may be needed again.
        with idr_lock.holding(folder, environment, PATIENCE, shared=True, what="backup.discard"):
            return {"removed": _call(host, "pgbackrest.discard", limit=BACKUP)}
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, str(exc))


def _made(host, kind):
    one = _call(host, "pgbackrest.backup", kind, limit=BACKUP)
    return {"label": one["label"], **idr_backups.rows([one])[one["label"]]}


def _management(environment):
    return idr_site.only(__opts__, environment, "management")


def _call(host, function, *arguments, limit=LOOK):
    return idr_minions.Minions(__opts__).call(host, function, *arguments, limit=limit)


def _now():
    return datetime.datetime.now(datetime.UTC)
