"""
The file systems of this host's volumes, frozen together for the moment in which a cloud takes their snapshots.

The master decides and orders: ``salt-run snapshot.create``. What is frozen thaws by a timer of this host's own systemd,
which is running before anything is frozen and needs neither master nor minion nor network.
"""

import contextlib
import os
import posixpath
import sys

import idr_freeze
import omero_database
import snapshot_proof
from command_errors import failure
from salt.exceptions import CommandExecutionError

__virtualname__ = "snapshot"


def __virtual__():
    return __virtualname__


def volumes():
    """
    Volumes of this host that belong into a set of snapshots: all of pillar ``volumes`` that do not say ``snapshot:
    false``.

    :returns: ``{name: path}``

    CLI Example:

    .. code-block:: bash

        salt '*' snapshot.volumes
    """
    listed = __salt__["pillar.get"]("volumes", {}, unmask=True)
    return {name: volume["path"] for name, volume in sorted(listed.items()) if volume.get("snapshot", True)}


def facts():
    """
    What a manifest says of this host.

    :returns: ``{"used": {volume: bytes}, "postgresql": {"version", "volume", "data": path in the volume, "tables":
        {database: how many}}, "omero": {"version", "schema", "volume", "data", "database"}}``, the latter two where
        they are
    :raises CommandExecutionError: PostgreSQL does not answer

    CLI Example:

    .. code-block:: bash

        salt '*' snapshot.facts
    """
    found = {"used": {name: _used(path) for name, path in volumes().items()}}
    if __salt__["pillar.get"]("postgresql", unmask=True):
        found["postgresql"] = _postgresql()
    if _repository():
        found["omero"] = _omero()
    return found


def _used(path):
    found = os.statvfs(path)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def _postgresql():
    query = __salt__["postgresql.query"]
    rows = query("SELECT split_part(current_setting('server_version'), ' ', 1), current_setting('data_directory')")
    ((version, data),) = rows
    return {"version": version, **_within(data), "tables": tables()}


def tables():
    """
    How many tables each database of this host's PostgreSQL has, without its own.

    :returns: ``{database: how many}``; empty where there is no PostgreSQL

    CLI Example:

    .. code-block:: bash

        salt idr-local-database snapshot.tables
    """
    if not __salt__["pillar.get"]("postgresql", unmask=True):
        return {}
    query = __salt__["postgresql.query"]
    return {
        name: int(query(snapshot_proof.TABLES_QUERY, database=name)[0][0])
        for (name,) in query(snapshot_proof.DATABASES_QUERY)
    }


def _repository():
    """Where OMERO's repository is, when it is on a volume of this host."""
    data = (__salt__["pillar.get"]("omero:server:config", {}, unmask=True)).get("omero.data.dir")
    return _within(data) if data and any(_below(data, path) for path in volumes().values()) else None


def _omero():
    current = [one["version"] for one in __salt__["omero.releases"]() if one["current"]]
    return {
        "version": current[0] if current else None,
        "schema": omero_database.label(__salt__["omero.db_version"]()),
        "database": __salt__["omero.db_settings"]()["name"],
        **_repository(),
    }


def _below(path, folder):
    return path == folder or path.startswith(f"{folder}/")


def _within(path):
    for name, folder in volumes().items():
        if _below(path, folder):
            return {"volume": name, "data": posixpath.relpath(path, folder)}
    raise CommandExecutionError(f"{path}: expected on a volume of a set ({', '.join(volumes().values()) or 'none'})")


def prepare():
    """
    Have little left to be written when this host is frozen: a checkpoint of PostgreSQL, and all file systems synced.

    :returns: as :func:`facts`
    :raises CommandExecutionError: PostgreSQL does not answer, or a file system cannot be synced

    CLI Example:

    .. code-block:: bash

        salt idr-local-database snapshot.prepare
    """
    found = facts()
    if "postgresql" in found:
        __salt__["postgresql.query"]("CHECKPOINT", transaction=False)
    _run(["sync", "--file-system", *volumes().values()], "sync")
    return found


def arm(name, limit):
    """
    Note what is going to be frozen, and start the timer that thaws it whatever happens.

    :param name: of the set
    :param limit: seconds from now
    :returns: as :func:`seen`
    :raises CommandExecutionError: a volume is not mounted, or the timer cannot be started

    CLI Example:

    .. code-block:: bash

        salt idr-local-database snapshot.arm trial 10
    """
    paths = list(volumes().values())
    with _plainly():
        idr_freeze.arm(name, paths, limit)
    _run(_timer(name, limit, paths), "systemd-run")
    return seen(name)


def _timer(name, limit, paths):
    # Should Python itself fail, systemd thaws with what util-linux has.
    last = [f"--property=ExecStopPost=-/usr/bin/env fsfreeze --unfreeze {path}" for path in paths]
    return [
        "systemd-run", "--quiet", "--collect", f"--unit={_unit(name)}", f"--on-active={limit}s",
        "--timer-property=AccuracySec=20ms", *last, sys.executable, "-I", idr_freeze.__file__, "expire", name,
    ]  # fmt: skip


def _unit(name):
    return f"idr-thaw-{name}"


def freeze(name):
    """
    Freeze the file systems of this host's volumes: who writes waits, who reads goes on.

    :param name: of the set
    :returns: ``{"paths", "limit", "armed_at", "frozen_at", "thawed_at": None, "by": None, "seconds": None, "whole":
        False}``, times in seconds of the monotonic clock
    :raises CommandExecutionError: it was not armed, or its time is up; nothing is frozen then

    CLI Example:

    .. code-block:: bash

        salt idr-local-database snapshot.freeze trial
    """
    with _plainly():
        return idr_freeze.freeze(name)


def thaw(name):
    """
    Thaw what was frozen, and stop the timer.

    :param name: of the set
    :returns: as :func:`freeze`, with ``thawed_at``, ``seconds``, ``by`` (``master``, ``timer`` or ``somebody else``)
        and ``whole``: whether all of it was frozen until now
    :raises CommandExecutionError: nothing was frozen under this name since this host has booted

    CLI Example:

    .. code-block:: bash

        salt idr-local-database snapshot.thaw trial
    """
    with _plainly():
        found = idr_freeze.thaw(name)
    # It may have run out and gone.
    __salt__["cmd.retcode"](["systemctl", "stop", f"{_unit(name)}.timer"], python_shell=False, ignore_retcode=True)
    return found


def seen(name):
    """
    What is known of a freeze.

    :param name: of the set
    :returns: as :func:`thaw`
    :raises CommandExecutionError: nothing was frozen under this name since this host has booted

    CLI Example:

    .. code-block:: bash

        salt idr-local-database snapshot.seen trial
    """
    with _plainly():
        return idr_freeze.seen(name)


@contextlib.contextmanager
def _plainly():
    try:
        yield
    except (idr_freeze.FreezeError, OSError) as exc:
        raise CommandExecutionError(str(exc)) from exc


def _run(command, what):
    result = __salt__["cmd.run_all"](command, python_shell=False, ignore_retcode=True, timeout=1200)
    if result["retcode"]:
        raise failure(what, result)
