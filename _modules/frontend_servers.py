"""
The servers behind HAProxy, taken out and back at run time: part of the execution module ``frontend``.
"""

import time

import haproxy_servers
import omero_wait
from salt.exceptions import CommandExecutionError

__virtualname__ = "frontend"

SAVE = "/usr/local/sbin/haproxy-save"
SAVED = "/var/lib/idr-site/servers"

_SETTLED = ("up", "drained")

# A visitor's next request on a kept connection comes at once or not at all.
QUIET = 1


def __virtual__():
    return __virtualname__


def servers():
    """
    The read-only servers as HAProxy sees them.

    :returns: ``{id: {"status": "up", "drained", "maintenance" or "down", "healthy": bool, "check": str, "sessions":
        {backend: int}}}``; ``healthy`` is what HAProxy's check of OMERO.web says, drained or not
    :raises CommandExecutionError: HAProxy does not answer (limit 10 s)

    CLI Example:

    .. code-block:: bash

        salt '*-proxy' frontend.servers
    """
    try:
        return haproxy_servers.read(_ask("show servers state"), _ask("show stat"))
    except ValueError as exc:
        raise CommandExecutionError(f"HAProxy: {exc}") from exc


def drain(server, timeout=None, alone=False):
    """
    Give a server no new visitors, and wait until those that it has are done. It stays so, also over HAProxy's reload or
    restart, until :func:`ready`. Connections of raw OMERO may last for hours: after the limit they are left to end with
    the server.

    :param server: minion id of a read-only server
    :param timeout: seconds to wait, by default pillar ``haproxy:drain:timeout``
    :param alone: also when no other server is up
    :returns: ``{"server": str, "status": str, "sessions": {backend: still open}, "seconds": float}``
    :raises CommandExecutionError: HAProxy does not know the server, or no other one is up

    CLI Example:

    .. code-block:: bash

        salt '*-proxy' frontend.drain idr-local-omeroreadonly-1 timeout=60
    """
    known = _known(server)
    if haproxy_servers.last_one(known, server) and not alone:
        raise CommandExecutionError(f"{server}: expected another server to be up meanwhile, found none")
    if timeout is None:
        timeout = __salt__["pillar.get"]("haproxy:drain:timeout", unmask=True)
    _set(server, "drain")
    began = time.monotonic()
    omero_wait.until(lambda: (not haproxy_servers.open_sessions(_known(server)[server]), None), timeout, interval=0.5)
    time.sleep(QUIET)
    said = _known(server)[server]
    left = haproxy_servers.open_sessions(said)
    took = round(time.monotonic() - began, 1)
    return {"server": server, "status": said["status"], "sessions": left, "seconds": took}


def ready(server, timeout=120):
    """
    Let a server that was drained serve again: once its check is good, and until it is seen to be up.

    :param server: minion id of a read-only server
    :param timeout: seconds to wait for its check, and again for it to be up
    :returns: as :func:`drain`
    :raises CommandExecutionError: HAProxy does not know the server, or its check stays bad; then it stays drained

    CLI Example:

    .. code-block:: bash

        salt '*-proxy' frontend.ready idr-local-omeroreadonly-1
    """
    began = time.monotonic()
    if _known(server)[server]["status"] == "maintenance":
        # Nothing is checked in maintenance.
        _set(server, "drain")
    done, said = omero_wait.until(lambda: _seen(server, "healthy", True), timeout, interval=1)
    if not done:
        raise CommandExecutionError(f"{server}: its check is not good within {timeout} s ({said['check']}): left out")
    if said["status"] != "up":
        _set(server, "ready")
    done, said = omero_wait.until(lambda: _seen(server, "status", "up"), timeout, interval=0.5)
    if not done:
        _set(server, "drain")
        raise CommandExecutionError(f"{server}: expected to be up within {timeout} s, found {said['status']}: left out")
    took = round(time.monotonic() - began, 1)
    return {"server": server, "status": said["status"], "sessions": said["sessions"], "seconds": took}


def await_servers(up=(), gone=(), timeout=60):
    """
    Wait until HAProxy sees servers up, and does not know others any more.

    :param up: minion ids of read-only servers; one that an operator drained counts as well
    :param gone: minion ids
    :param timeout: seconds
    :returns: ``{id: status}`` as :func:`servers` has it
    :raises CommandExecutionError: it is not so within the time; says what is missing

    CLI Example:

    .. code-block:: bash

        salt '*-proxy' frontend.await_servers up='[idr-local-omeroreadonly-3]'
    """

    def settled():
        try:
            known = {name: said["status"] for name, said in servers().items()}
        except CommandExecutionError as exc:
            # As while it is reloaded.
            return False, ({}, [str(exc)])
        missing = [f"{name} is {known.get(name, 'not known')}" for name in up if known.get(name) not in _SETTLED]
        missing += [f"{name} is still known" for name in gone if name in known]
        return not missing, (known, missing)

    done, (known, missing) = omero_wait.until(settled, timeout, interval=0.3)
    if not done:
        raise CommandExecutionError(f"HAProxy: within {timeout} s {'; '.join(missing)}")
    return known


def _seen(server, key, wanted):
    said = _known(server)[server]
    return said[key] == wanted, said


def _known(server):
    found = servers()
    if server not in found:
        raise CommandExecutionError(f"{server}: expected one of HAProxy's servers ({', '.join(sorted(found))})")
    return found


def _set(server, state):
    answer = _ask(f"set server {haproxy_servers.LEADER}/{server} state {state}").strip()
    if answer:
        raise CommandExecutionError(f"HAProxy: {server}: {answer}")
    saved = __salt__["cmd.run_all"]([SAVE, SAVED], python_shell=False, timeout=20)
    if saved["retcode"]:
        raise CommandExecutionError(f"{server}: set to {state}, but a restart of HAProxy forgets it: {saved['stderr']}")


def _ask(command):
    try:
        return haproxy_servers.ask(command)
    except OSError as exc:
        raise CommandExecutionError(f"HAProxy does not answer: {exc}") from exc
