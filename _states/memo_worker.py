"""
The worker that makes memo files of the server on this host, a unit of systemd.
"""

from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

UNIT = "omero-memo"


def __virtual__():
    return True if "omero.memo_configure" in __salt__ else (False, "the execution module omero is not loaded")


def configured(name, user=None):
    """
    The worker's settings are those of pillar ``omero:memo``. It reads them while it runs.

    :param name: path of its settings
    :param user: system user who runs it

    .. code-block:: yaml

        /etc/omero-memo/settings.json:
          memo_worker.configured: []
    """
    given = {"user": user} if user else {}
    try:
        changes = __salt__["omero.memo_configure"](name, test=__opts__["test"], **given)
    except (CommandExecutionError, OSError) as error:
        return _ret(name, False, str(error))
    if not changes:
        return _ret(name, True, "The worker's settings are as they should be")
    if __opts__["test"]:
        return _ret(name, None, f"{len(changes)} of the worker's settings would be changed", changes)
    return _ret(name, True, f"{len(changes)} of the worker's settings were changed", changes)


def mod_watch(name, user=None, **_):
    """
    Restart the worker if it runs, with its new program; it goes on where it was.
    """
    found = configured(name, user)
    if found["result"] is False:
        return found
    if __salt__["cmd.retcode"](["systemctl", "is-active", "--quiet", UNIT], python_shell=False, ignore_retcode=True):
        return _ret(name, found["result"], "The worker does not run", found["changes"])
    changes = {**found["changes"], UNIT: "restarted"}
    if __opts__["test"]:
        return _ret(name, None, "The worker would be restarted", changes)
    if not __salt__["service.restart"](UNIT, no_block=True):
        return _ret(name, False, f"systemd did not accept to restart {UNIT}", found["changes"])
    return _ret(name, True, "The worker was told to restart", changes)
