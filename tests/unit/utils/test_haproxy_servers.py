"""What HAProxy 2.6 printed on the local cloud, shortened to the columns and rows that matter."""

import socket
import threading

import haproxy_servers
import pytest

FIELDS = "be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight"
STATISTICS = """\
# pxname,svname,qcur,scur,status,check_status,
readonly,FRONTEND,,4,OPEN,,
readonly,ro-1,0,2,UP,L7OK,
readonly,ro-2,0,0,DRAIN,* L7RSP,
readonly,BACKEND,0,2,UP,,
omero,ro-1,0,1,UP,,
omero,ro-2,0,3,DRAIN,,
ro-2,ro-2,0,1,DRAIN,,
readwrite,rw,0,7,UP,L7OK,
"""


def _states(first=(2, 0), second=(2, 8)):
    rows = [
        ("readonly", "ro-1", *first),
        ("readonly", "ro-2", *second),
        ("omero", "ro-2", 2, 16),
        ("readwrite", "rw", 2, 0),
    ]
    lines = [f"3 {backend} 1 {server} 10.0.0.1 {running} {admin} 1" for backend, server, running, admin in rows]
    return "\n".join(["1", f"# {FIELDS}", *lines, "", ""])


def test_servers_with_their_sessions():
    found = haproxy_servers.read(_states(), STATISTICS)
    assert found == {
        "ro-1": {"status": "up", "healthy": True, "check": "L7OK", "sessions": {"readonly": 2, "omero": 1}},
        "ro-2": {
            "status": "drained",
            "healthy": False,
            "check": "L7RSP",
            "sessions": {"readonly": 0, "omero": 3, "ro-2": 1},
        },
    }
    assert haproxy_servers.open_sessions(found["ro-2"]) == {"omero": 3, "ro-2": 1}
    assert haproxy_servers.last_one(found, "ro-1")
    assert not haproxy_servers.last_one(found, "ro-2")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ((2, 0), ("up", True)),
        ((0, 0), ("down", False)),
        ((0, 8), ("drained", False)),
        ((2, 16), ("drained", True)),
        ((0, 1), ("maintenance", False)),
        ((2, 9), ("maintenance", True)),
    ],
)
def test_status_is_of_the_operator_first(state, expected):
    said = haproxy_servers.read(_states(first=state), STATISTICS)["ro-1"]
    assert (said["status"], said["healthy"]) == expected


@pytest.mark.parametrize(
    ("states", "statistics"),
    [("", STATISTICS), ("1\n# be_id be_name\n", STATISTICS), (_states(), ""), (_states(), "# pxname,svname\n")],
)
def test_other_answers_are_no_empty_site(states, statistics):
    with pytest.raises(ValueError, match="expected"):
        haproxy_servers.read(states, statistics)


def test_nobody_up_is_not_the_last_one():
    found = haproxy_servers.read(_states(first=(0, 0)), STATISTICS)
    assert not haproxy_servers.last_one(found, "ro-1")


def test_asks_over_a_socket_and_takes_all_that_is_said(tmp_path):
    path = tmp_path / "control"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    asked = []

    def answer():
        peer, _ = listener.accept()
        asked.append(peer.recv(100))
        for part in (b"one\n", b"x" * 200000, b"\nend"):
            peer.sendall(part)
        peer.close()

    thread = threading.Thread(target=answer)
    thread.start()
    said = haproxy_servers.ask("show stat", path)
    thread.join(5)
    listener.close()
    assert asked == [b"show stat\n"]
    assert len(said) == 200008
    assert said.endswith("\nend")


def test_silence_ends(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "control"))
        listener.listen()
        with pytest.raises(OSError, match="timed out"):
            haproxy_servers.ask("show stat", tmp_path / "control", timeout=0.2)
