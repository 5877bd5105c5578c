"""
systemd units.
"""

__virtualname__ = "unit"

# activating: systemd is about to start it again.
KEPT = ("active", "activating", "reloading")


def __virtual__():
    return __virtualname__


def kept_running(name):
    """
    A unit is enabled, and systemd runs it or is about to start it again.

    For units that restart for ever until what they need is there, such as a server elsewhere. ``service.running``
    would fail while that server is down.

    :param name: name of the unit

    .. code-block:: yaml

        journal-upload:
          unit.kept_running:
            - name: systemd-journal-upload.service
    """
    ret = {"name": name, "result": True, "comment": f"{name} is kept running", "changes": {}}
    active, enabled = _look(name)
    if active not in KEPT:
        ret["changes"]["state"] = {"old": active, "new": "started"}
    if enabled not in ("enabled", "static"):
        ret["changes"]["at boot"] = {"old": enabled, "new": "enabled"}
    if not ret["changes"]:
        return ret
    if __opts__["test"]:
        return {**ret, "result": None, "comment": f"{name} would be enabled and started"}
    if "at boot" in ret["changes"] and not __salt__["service.enable"](name):
        return {**ret, "result": False, "comment": f"{name} could not be enabled", "changes": {}}
    return _started(ret, "start") if "state" in ret["changes"] else ret


def mod_watch(name, **_):
    """
    Restart the unit, without waiting for it.
    """
    ret = {"name": name, "result": True, "comment": "", "changes": {name: "restarted"}}
    if __opts__["test"]:
        return {**ret, "result": None, "comment": f"{name} would be restarted"}
    return _started(ret, "restart")


def _started(ret, act):
    name = ret["name"]
    if not __salt__[f"service.{act}"](name, no_block=True):
        return {**ret, "result": False, "comment": f"systemd did not accept to {act} {name}", "changes": {}}
    return {**ret, "comment": f"{name} was told to {act}"}


def _look(name):
    command = ["systemctl", "show", "--property=ActiveState", "--property=UnitFileState", name]
    shown = __salt__["cmd.run_stdout"](command, python_shell=False)
    found = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return found.get("ActiveState"), found.get("UnitFileState")
