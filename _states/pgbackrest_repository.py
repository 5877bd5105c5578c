"""
Backups by pgBackRest, on the host that keeps them: part of the state module ``pgbackrest``.
"""

import omero_wait
from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

__virtualname__ = "pgbackrest"


def __virtual__():
    return __virtualname__


def database_known(name, timeout=900):
    """
    The mine knows the environment's cluster, or this host has its configuration already. Waits for it.

    :param name: any name
    :param timeout: seconds to wait

    .. code-block:: yaml

        pgbackrest-database-known:
          pgbackrest.database_known: []
    """

    def known():
        try:
            return True, f"Stanza {__salt__['pgbackrest.database']()['stanza']}"
        except CommandExecutionError as exc:
            return False, str(exc)

    done, said = omero_wait.until(known, 0 if __opts__["test"] else timeout)
    if not done and __opts__["test"]:
        return _ret(name, None, f"Would wait up to {timeout} s: {said}")
    return _ret(name, done, said if done else f"Within {timeout} s: {said}")


def stanza(name, timeout=180):
    """
    The repository of this host has the stanza of the environment's cluster as it is now, and WAL arrives in it.

    :param name: any name
    :param timeout: seconds that the database host has to be ready for it

    .. code-block:: yaml

        pgbackrest-stanza:
          pgbackrest.stanza: []
    """
    try:
        cluster, known = __salt__["pgbackrest.database"](), __salt__["pgbackrest.info"]()
        if known["problem"]:
            return _ret(name, False, f"Stanza {cluster['stanza']}: {known['problem']}")
        old, new = known["cluster"], {key: cluster[key] for key in ("system", "version")}
        # Where the mine has lost it, there is nothing to compare with.
        if known["there"] and (new["system"] is None or old == new):
            return _ret(name, True, f"Stanza {cluster['stanza']} is there")
        act = "stanza_upgrade" if known["there"] else "stanza_create"
        changes = {cluster["stanza"]: {"old": old, "new": new}}
        if __opts__["test"]:
            return _ret(name, None, f"Stanza {cluster['stanza']} would be made", changes)
        done, wrong = omero_wait.until(lambda: _tried(act, cluster["stanza"]), timeout, interval=3)
    except CommandExecutionError as exc:
        if __opts__["test"]:
            return _ret(name, None, f"Would be looked at once pgBackRest is there: {exc}")
        return _ret(name, False, str(exc))
    return _ret(name, done, f"Stanza {cluster['stanza']} made" if done else wrong, changes if done else {})


def _tried(act, stanza):
    try:
        __salt__[f"pgbackrest.{act}"](stanza)
        __salt__["pgbackrest.check"](stanza)
    except CommandExecutionError as exc:
        return False, str(exc)
    return True, ""


def begun(name):
    """
    There is a backup of the present cluster, or one is being made: without any, archived WAL is good for nothing. It is
    not waited for.

    :param name: the unit that makes one

    .. code-block:: yaml

        idr-backup@full.service:
          pgbackrest.begun: []
    """
    try:
        known = __salt__["pgbackrest.info"]()
    except CommandExecutionError as exc:
        return _ret(name, None if __opts__["test"] else False, str(exc))
    if any(one["present"] for one in known["backups"]):
        return _ret(name, True, "There is a backup")
    command = ["systemctl", "show", "--property=ActiveState", "--value", name]
    shown = __salt__["cmd.run_stdout"](command, python_shell=False)
    if known["running"] or shown.strip() in ("active", "activating"):
        return _ret(name, True, "The first backup is being made")
    if __opts__["test"]:
        return _ret(name, None, "The first backup would be begun", {name: "started"})
    if not __salt__["service.start"](name, no_block=True):
        return _ret(name, False, f"systemd did not accept to start {name}")
    return _ret(name, True, "The first backup was begun", {name: "started"})
