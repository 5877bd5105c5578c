"""
A read-only server leaves its environment: part of the runner ``idr``.
"""

import idr_departure
import idr_events
import idr_ids
import idr_joins
import idr_lock
import idr_releases
from runner_errors import failed
from salt.exceptions import CommandExecutionError

__virtualname__ = "idr"

# Seconds to wait for an upgrade or the like to end.
PATIENCE = 30


def __virtual__():
    return __virtualname__


def leave(server, destroy=False, timeout=None):
    """
    Take a read-only server out of its environment: no new visitors, those that it has may finish; out of all proxies;
    stopped, in its cloud as well; its key, mine and caches deleted; forgotten by the other hosts. A server that is dead
    already leaves by the same steps, without waiting for it. What failed half-way goes on when it is called again. The
    last one that is up never leaves.

    :param server: minion id
    :param destroy: destroy it in its cloud instead of stopping it
    :param timeout: seconds that its visitors have; None for ``haproxy:drain:timeout`` of the proxy
    :returns: ``{"id": str, "cut": {proxy: {backend: visitors that had to go}}, "cloud": what became of the server,
        "errors": hosts that do not know of it yet, which ``state.apply`` mends}``; or ``{"errors": [...], "retcode":
        1}``

    CLI Example:

    .. code-block:: bash

        salt-run idr.leave idr-local-omeroreadonly-3 destroy=True
    """
    try:
        environment = idr_ids.reader(server)["environment"]
        folder = idr_releases.folder(__opts__)
        with idr_lock.holding(folder, environment, PATIENCE, shared=True, what=f"idr.leave {server}"):
            return _leave(folder, environment, server, destroy, timeout)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, f"{exc}. {server} is left as far as it is: run this again.")


def _leave(folder, environment, server, destroy, timeout):
    departure = idr_departure.Departure(__opts__, server, environment)
    _check(folder, environment, server, departure)

    def step(state):
        with idr_joins.Ledger(folder, environment) as ledger:
            ledger.leave(server, "left" if state == "left" else "leaving")
        idr_events.fire(__opts__, f"idr/leave/{server}/{state}", {"id": server, "environment": environment})

    cut = departure.drain(timeout)
    step("drained")
    departure.take_out()
    step("out")
    departure.stop()
    became = departure.switch_off(destroy)
    step("stopped")
    errors = departure.forget()
    step("left")
    told = {"id": server, "cut": cut, "cloud": became}
    return {**told, "errors": list(errors.values())} if errors else told


def _check(folder, environment, server, departure):
    with idr_joins.Ledger(folder, environment) as ledger:
        leaving = ledger.records.get(server, {}).get("state") == "leaving"
    if server not in departure.frontends.hosts and not leaving:
        known = ", ".join(idr_departure.readers_that_serve(__opts__, environment)) or "none"
        raise ValueError(f"{server}: expected a server with an accepted key ({known})")
    if not departure.frontends.proxies:
        raise ValueError(f"{environment}: expected a proxy with an accepted key, found none")
