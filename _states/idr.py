"""
States about the environment as a whole.
"""

import difflib
import time

import idr_hosts
from salt.exceptions import CommandExecutionError

__virtualname__ = "idr"

HOSTS = "/etc/hosts"
PAUSE = 2


def __virtual__():
    return __virtualname__


def peers_known(name, roles=(), timeout=120, hosts=HOSTS):
    """
    The mine knows this host and at least one host of each role, and the hosts file names all of them.

    What needs a peer requires this state: it waits (in test mode it looks once) and fails rather than let half a
    configuration be written.

    :param name: any name
    :param roles: roles of which at least one host must be known
    :param timeout: limit of the wait in seconds
    :param hosts: the hosts file, of which only the own block is touched

    .. code-block:: yaml

        peers-known:
          idr.peers_known:
            - roles: [database]
            - timeout: 120
    """
    ret = {"name": name, "result": False, "comment": "", "changes": {}}
    peers, missing = _wait(roles, 0 if __opts__["test"] else timeout)
    if missing:
        ret["comment"] = f"Not in the mine after {timeout} s: {'; '.join(missing)}"
        if __opts__["test"]:
            ret.update(result=None, comment=f"Would wait up to {timeout} s for the mine: {'; '.join(missing)}")
        return ret
    try:
        return _write(ret, hosts, peers)
    except (OSError, ValueError) as exc:
        return {**ret, "comment": f"{hosts}: {exc}"}


def _wait(roles, timeout):
    deadline = time.monotonic() + timeout
    while True:
        peers, missing = _look(roles)
        if not missing or time.monotonic() >= deadline:
            return peers, missing
        if not peers:
            _publish()
        time.sleep(PAUSE)


def _look(roles):
    try:
        peers = __salt__["idr.peers"]()
    except CommandExecutionError as exc:
        return [], [str(exc)]
    missing = [f"no host of role {role}" for role in sorted(roles) if not __salt__["idr.peers"](role)]
    return peers, missing


def _publish():
    try:
        __salt__["idr.publish"]()
    except CommandExecutionError:
        # Not fatal here: an interface may still be coming up, and the limit of the wait ends it.
        return


def _write(ret, hosts, peers):
    with open(hosts, encoding="utf-8") as stream:
        old = stream.read()
    new = idr_hosts.replace(old, peers)
    count = f"{len(peers)} hosts of the environment are known"
    if new == old:
        return {**ret, "result": True, "comment": count}
    diff = "".join(difflib.unified_diff(old.splitlines(True), new.splitlines(True), "old", "new"))
    ret["changes"] = {hosts: diff}
    if __opts__["test"]:
        return {**ret, "result": None, "comment": f"{count}, {hosts} would be updated"}
    # In place and not by rename: /etc/hosts is a bind mount in many containers.
    with open(hosts, "w", encoding="utf-8") as stream:
        stream.write(new)
    return {**ret, "result": True, "comment": f"{count}, {hosts} updated"}
