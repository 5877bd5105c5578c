"""
systemd units that read their files again without a pause.
"""

import hashlib
import pathlib

from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

__virtualname__ = "graceful"

RUNS = ("active", "reloading")


def __virtual__():
    return __virtualname__


def running(name, record, restart=()):
    """
    A unit is enabled, runs, and has read its files as they are now.

    The unit itself keeps the record: its ``ExecStartPost`` and ``ExecReload`` write what ``sha256sum`` says of the
    files that it reads. So a change that a run could not finish is finished by the next one.

    :param name: name of the unit
    :param record: path of the record; without one the unit is restarted
    :param restart: paths among those files for whose changes the unit is restarted; for all others it is reloaded

    .. code-block:: yaml

        omero-web:
          graceful.running:
            - record: /run/omero-web/loaded
            - restart: [/etc/systemd/system/omero-web.service]
    """
    active, enabled = _look(name)
    act = _needed(active, record, restart)
    changes = {}
    if act == "start":
        changes["state"] = {"old": active, "new": "started"}
    elif act:
        changes["files"] = "read again"
    if enabled not in ("enabled", "static"):
        changes["at boot"] = {"old": enabled, "new": "enabled"}
    if not changes:
        return _ret(name, True, f"{name} runs with its files as they are")
    if __opts__["test"]:
        return _ret(name, None, f"{name} would be told to {act or 'start at boot'}", changes)
    problem = _do(name, act, "at boot" in changes, record, restart)
    return _ret(name, False, problem) if problem else _ret(name, True, f"{name}: {act or 'enabled'}", changes)


def mod_watch(name, record=None, restart=(), **_):
    """
    Predicts in test mode. In a real run the state itself has seen what changed: here only whether it succeeded.
    """
    if __opts__["test"]:
        return _ret(name, None, f"{name} would be told to read its files again", {"files": "read again"})
    act = _needed(_look(name)[0], record, restart)
    return _ret(name, False, _problem(name, act)) if act else _ret(name, True, f"{name} has read its files")


def _look(name):
    command = ["systemctl", "show", "--property=ActiveState", "--property=UnitFileState", name]
    shown = __salt__["cmd.run_stdout"](command, python_shell=False)
    found = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return found.get("ActiveState"), found.get("UnitFileState")


def _needed(active, record, restart):
    """What has to be done: start, restart, reload or None."""
    if active not in RUNS:
        return "start"
    try:
        lines = pathlib.Path(record).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return "restart"
    known = {path: digest for digest, _, path in (line.partition("  ") for line in lines)}
    changed = {path for path, digest in known.items() if _digest(path) != digest}
    if not known or changed & set(restart) or set(restart) - set(known):
        return "restart"
    return "reload" if changed else None


def _digest(path):
    try:
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


def _do(name, act, enable, record, restart):
    """Do it, and return what went wrong, or None."""
    if enable and not __salt__["service.enable"](name):
        return f"{name} could not be enabled"
    try:
        done = __salt__[f"service.{act}"](name) if act else True
    except CommandExecutionError:
        done = False
    return None if done and not _needed(_look(name)[0], record, restart) else _problem(name, act)


def _problem(name, act):
    goes_on = "; it goes on with what it read before" if act == "reload" and _look(name)[0] in RUNS else ""
    return f"{name} did not {act} with its files as they are{goes_on}: journalctl -u {name}"
