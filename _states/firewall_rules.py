"""
The rules that the kernel has.
"""

import idr_firewall

__virtualname__ = "firewall"


def __virtual__():
    return __virtualname__


def loaded(name, unit):
    """
    The kernel has exactly the rules of a file, now and after a boot.

    Looks at the kernel and not at the unit, so that rules that someone flushed come back.

    :param name: path of a file as ``idr.firewall_rules`` gives it
    :param unit: systemd unit that loads this file when it starts and when it is reloaded

    .. code-block:: yaml

        firewall:
          firewall.loaded:
            - name: /etc/idr-firewall.nft
            - unit: idr-firewall
    """
    ret = {"name": name, "result": True, "comment": f"The rules of {name} are loaded", "changes": {}}
    wanted, found, enabled = _wanted(name), _loaded(), __salt__["service.enabled"](unit)
    if wanted is None and not __opts__["test"]:
        return {**ret, "result": False, "comment": f"{name}: expected a file with rules of table {idr_firewall.TABLE}"}
    if wanted != found or wanted is None:
        ret["changes"]["rules"] = {"old": found, "new": wanted or "as the file will say"}
    if not enabled:
        ret["changes"]["at boot"] = {"old": False, "new": True}
    return _apply(ret, unit) if ret["changes"] else ret


def mod_watch(name, unit, **_):
    """
    Load the file again.
    """
    return _apply({"name": name, "result": True, "comment": "", "changes": {"rules": "loaded again"}}, unit)


def _apply(ret, unit):
    name = ret["name"]
    if __opts__["test"]:
        return {**ret, "result": None, "comment": f"The rules of {name} would be loaded"}
    if "at boot" in ret["changes"] and not __salt__["service.enable"](unit):
        return {**ret, "result": False, "comment": f"{unit} could not be enabled", "changes": {}}
    if "rules" in ret["changes"]:
        act = "reload" if __salt__["service.status"](unit) else "start"
        if not __salt__[f"service.{act}"](unit) or _loaded() != _wanted(name):
            return {**ret, "result": False, "comment": f"{unit} did not load {name}: see its journal", "changes": {}}
    return {**ret, "comment": f"The rules of {name} were loaded"}


def _wanted(path):
    try:
        with open(path, encoding="utf-8") as stream:
            return idr_firewall.digest(stream.read())
    except FileNotFoundError:
        return None


def _loaded():
    """Digest of the rules that the kernel has; None as well where nft is not installed yet."""
    if not __salt__["cmd.which"]("nft"):
        return None
    command = ["nft", "--terse", "list", "table", *idr_firewall.TABLE.split()]
    listed = __salt__["cmd.run_all"](command, python_shell=False, ignore_retcode=True)
    return idr_firewall.digest(listed["stdout"])
