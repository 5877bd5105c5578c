"""
Execution module for OMERO.server and OMERO.web through their own command ``omero``.

The functions ``omero.*`` are in several files, each with one subject. They work on the server of the host unless
``omerodir``, ``venv`` and ``user`` name another installation, such as that of OMERO.web. Passwords are given by the
pillar key that holds them: see :mod:`omero_host`.
"""

import collections
import pathlib

import omero_errors
import omero_output
from command_errors import failure as _failure
from omero_host import OMERODIR, USER, VENV, Installation

__virtualname__ = "omero"


def __virtual__():
    return __virtualname__


def _at(omerodir=OMERODIR, venv=VENV, user=USER):
    return Installation(__salt__, omerodir, venv, user)


def version(omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Versions of the installed parts.

    :returns: ``{"omero-py": str, "omero-server": str or None}``, the second None where there is no server

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.version
    """
    result = _at(omerodir, venv, user).omero("version")
    if result["retcode"]:
        raise _failure("omero version", result)
    lines = [line for line in result["stderr"].splitlines() if line.strip()]
    server = lines[-1] if len(lines) > 1 and "OMERO.server version" in lines[-2] else None
    return {"omero-py": result["stdout"].strip(), "omero-server": server}


def status(unit="omero-server", omerodir=OMERODIR, venv=VENV, user=USER):
    """
    How the server and its components are, without a login.

    :param unit: its service
    :returns: ``{"up": bool, "service": "active", "components": {"Blitz-0": {"state": "active", "pid": int, "enabled":
        bool}}}``: up means that the session manager answers within 30 s; service is systemd's word; no components where
        the grid does not answer

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.status
    """
    where = _at(omerodir, venv, user)
    show = ["systemctl", "show", "--property=ActiveState", "--value", unit]
    service = __salt__["cmd.run_stdout"](show, python_shell=False, timeout=30).strip()
    up = where.omero("admin", "status", timeout=30)["retcode"] == 0
    return {"up": up, "service": service or "unknown", "components": _components(where)}


def _components(where):
    """
    IceGrid's word on each server of the grid; its own tool is several times as quick as `omero admin ice`.
    """
    internal = pathlib.Path(where.omerodir, "etc", "internal.cfg")
    if not internal.exists():
        return {}
    tool = ["icegridadmin", f"--Ice.Config={internal}", "-e"]
    listed = where.run([*tool, "server list"], timeout=30)
    names = sorted(listed["stdout"].split()) if not listed["retcode"] else []
    if not names:
        return {}
    said = where.run([*tool, "; ".join(f"server state {name}" for name in names)], timeout=30)["stdout"].splitlines()
    # one line for each: a server that has just gone leaves none, and then no line can be trusted
    lines = said if len(said) == len(names) else [""] * len(names)
    return {name: omero_output.component(line) for name, line in zip(names, lines, strict=True)}


def look(login="public", password=None, port=4064, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    What the running server says of itself, by one quick process.

    :param login: OMERO user to ask as
    :param password: pillar key of its password, by default ``secrets:omero:<login>``
    :returns: ``{"up": True, "db": bool, "repo": bool, "version": "5.6.18"}``: whether it treats database and repository
        as read-only, and the release that runs; only ``{"up": True}`` where it refuses the user
    :raises CommandExecutionError: it does not answer within 60 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.look
    """
    return _at(omerodir, venv, user).client("look", login, password, port)


def read_only(login="public", password=None, port=4064, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Whether the running server treats its database and its repository as read-only: its own word, not its configuration.

    :param login: OMERO user to ask as
    :param password: pillar key of its password, by default ``secrets:omero:<login>``
    :returns: ``{"db": bool, "repo": bool}``
    :raises LoginRefused: the server is up and refuses the user
    :raises CommandExecutionError: it does not answer within 60 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.read_only
    """
    said = look(login, password, port, omerodir, venv, user)
    if "db" not in said:
        raise omero_errors.LoginRefused.because(login)
    return {key: said[key] for key in ("db", "repo")}


def sessions(login=None, password=None, port=4064, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Who is logged in, and since when.

    :param login: OMERO user to ask as, by default root where this host has its password, otherwise public, who sees of
        other users' sessions only that they are
    :param password: pillar key of its password, by default ``secrets:omero:<login>``
    :returns: ``{"count": int, "users": {name: int}, "sessions": [{"user", "group", "since": "2026-01-31T12:00:00Z",
        "agent", "idle_limit": seconds, "own": whether it is the one that asks}]}``, the oldest first
    :raises CommandExecutionError: the server does not answer within 60 s, or refuses the user

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.sessions
    """
    where = _at(omerodir, venv, user)
    found = where.client("who", login or where.login(), password, port)
    found.sort(key=lambda one: (one.get("since", ""), one["user"] or ""))
    users = collections.Counter(one["user"] or "unknown" for one in found)
    return {"count": len(found), "users": dict(sorted(users.items())), "sessions": found}
