"""
HAProxy's servers by its control socket: who serves, who is drained, and who still has visitors.

What it prints is described in HAProxy's management guide, 9.1 (CSV of ``show stat``) and 9.3 (``show servers state``).
"""

import csv
import socket

CONTROL = "/run/haproxy/admin.sock"
# The backend whose checks speak for all others, which track it; also in salt/proxy/map.jinja.
LEADER = "readonly"

_RUNNING = 2
_DRAINED = 0x08 | 0x10
_MAINTENANCE = 0x01 | 0x02 | 0x20


def ask(command, path=CONTROL, timeout=10):
    """
    HAProxy's answer to one command.

    :param timeout: limit in seconds
    :raises OSError: nobody listens there, or there is no answer in time
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
        control.settimeout(timeout)
        control.connect(str(path))
        control.sendall(f"{command}\n".encode())
        parts = []
        while part := control.recv(65536):
            parts.append(part)
    return b"".join(parts).decode(errors="replace")


def read(states, statistics, leader=LEADER):
    """
    The servers that visitors come to.

    :param states: answer to ``show servers state``
    :param statistics: answer to ``show stat``
    :param leader: name of the backend that has the checks
    :returns: ``{server: {"status": "up", "drained", "maintenance" or "down", "healthy": bool, "check": str, "sessions":
        {backend: open ones}}}``; ``healthy`` is what the check says, drained or not
    :raises ValueError: the answers have another form
    """
    admin = _admin(states, leader)
    rows = list(csv.DictReader(statistics.removeprefix("# ").splitlines()))
    found: dict = {}
    for row in rows:
        if row.get("pxname") == leader and row.get("svname") in admin:
            running, flags = admin[row["svname"]]
            status = _status(running, flags)
            found[row["svname"]] = {
                "status": status,
                "healthy": running and row["check_status"].lstrip("* ").startswith("L7OK"),
                "check": row["check_status"].lstrip("* "),
                "sessions": {},
            }
    if not found or set(found) != set(admin):
        raise ValueError(f"expected the servers of backend {leader}, found {', '.join(sorted(found)) or 'none'}")
    for row in rows:
        # Where a server is asked by its own port, the backend has its name.
        if row.get("svname") in found and row["scur"].isdigit():
            found[row["svname"]]["sessions"][row["pxname"]] = int(row["scur"])
    return found


def _admin(states, leader):
    lines = [line.removeprefix("# ").split() for line in states.splitlines()[1:] if line.strip()]
    if not lines or "srv_admin_state" not in lines[0]:
        raise ValueError("expected the answer to show servers state, found another one")
    rows = [dict(zip(lines[0], line, strict=False)) for line in lines[1:]]
    return {
        row["srv_name"]: (int(row["srv_op_state"]) == _RUNNING, int(row["srv_admin_state"]))
        for row in rows
        if row["be_name"] == leader
    }


def _status(running, flags):
    if flags & _MAINTENANCE:
        return "maintenance"
    if flags & _DRAINED:
        return "drained"
    return "up" if running else "down"


def last_one(servers, name):
    """
    Whether a server is the only one that serves.
    """
    return {one for one, said in servers.items() if said["status"] == "up"} == {name}


def open_sessions(server):
    """
    The backends by which visitors are still on a server, and how many.

    :param server: one of :func:`read`
    """
    return {name: count for name, count in sorted(server["sessions"].items()) if count}
