"""
States about the environment as a whole.
"""

import difflib
import time

import idr_hosts
import idr_ids
from salt.exceptions import CommandExecutionError

__virtualname__ = "idr"

HOSTS = "/etc/hosts"
PAUSE = 2


def __virtual__():
    return __virtualname__


def peers_known(name, roles=(), expected=(), timeout=120, settle=30, hosts=HOSTS):
    """
    The mine knows this host, a host of each role and all hosts that it should, and the hosts file names them.

    What needs a peer requires this state: it waits (in test mode it looks once) and fails rather than let half a
    configuration be written. A host that is expected but not known after a while is left out if it is new, as
    it may never have started. If the hosts file knows it, then the mine has lost it, and the state fails.

    :param name: any name
    :param roles: roles of which at least one host must be known
    :param expected: ids of the hosts that exist
    :param timeout: limit of the wait for ``roles`` in seconds
    :param settle: how long an expected host may take until it says its address, in seconds
    :param hosts: the hosts file, of which only the own block is touched

    .. code-block:: yaml

        peers-known:
          idr.peers_known:
            - roles: [database]
            - expected: [idr-local-database, idr-local-proxy]
            - timeout: 120
    """
    ret = {"name": name, "result": False, "comment": "", "changes": {}}
    peers, missing, unknown = _wait(roles, expected, *((0, 0) if __opts__["test"] else (timeout, settle)))
    if missing:
        ret["comment"] = f"Not in the mine after {timeout} s: {'; '.join(missing)}"
        if __opts__["test"]:
            ret.update(result=None, comment=f"Would wait up to {timeout} s for the mine: {'; '.join(missing)}")
        return ret
    try:
        return _write(ret, hosts, peers, unknown)
    except (OSError, ValueError) as exc:
        return {**ret, "comment": f"{hosts}: {exc}"}


def _wait(roles, expected, timeout, settle):
    begin = time.monotonic()
    while True:
        peers, missing = _look(roles)
        unknown = sorted(set(expected) - {peer["id"] for peer in peers})
        limit = timeout if missing else min(settle, timeout)
        if not (missing or unknown) or time.monotonic() >= begin + limit:
            return peers, missing, unknown
        if not peers:
            _publish()
        time.sleep(PAUSE)


def _look(roles):
    try:
        peers = __salt__["idr.peers"](fresh=True)
    except CommandExecutionError as exc:
        return [], [str(exc)]
    together = __salt__["pillar.get"]("environment:allinone", [], unmask=True)
    known = {role for peer in peers for role in idr_ids.roles(peer["id"], together)}
    return peers, [f"no host of role {role}" for role in sorted(set(roles) - known)]


def _publish():
    try:
        __salt__["idr.publish"]()
    except CommandExecutionError:
        # Not fatal here: an interface may still be coming up, and the limit of the wait ends it.
        return


def _write(ret, hosts, peers, unknown):
    with open(hosts, encoding="utf-8") as stream:
        old = stream.read()
    lost = sorted(set(unknown) & set(idr_hosts.names(old)))
    if lost:
        lost = ", ".join(lost)
        return {**ret, "comment": f"The mine has lost {lost}: run mine.update there, or delete the key of what is gone"}
    new = idr_hosts.replace(old, peers)
    count = f"{len(peers)} hosts of the environment are known"
    if unknown:
        count += f", not yet {', '.join(unknown)}"
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
