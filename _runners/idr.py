"""
Environments as the master sees them.
"""

import idr_cross
import idr_pillar
import idr_releases
from runner_errors import failed

__virtualname__ = "idr"


def __virtual__():
    return __virtualname__


def secrets(environment):
    """
    Make the random secrets that an environment does not have yet, those of OMERO's users in its pillar included.

    :param environment: name of the environment
    :returns: ``{"made": [...], "kept": [...]}``, names and never values; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run idr.secrets idr-local
    """
    try:
        return idr_pillar.secrets(__opts__, environment)
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))


def check(environment):
    """
    Compile the pillar of each host that the maps give an environment, and hold it against the schemas, the hosts'
    volumes, the other hosts and the other environments.

    :param environment: name of the environment
    :returns: ``{"hosts": [...], "errors": [...]}``, an error being one line with host, key path, file, what was
        expected and what was found; with any, ``retcode`` 1 as well, with which ``salt-run`` ends. Where the
        environment was rolled back, or a property looks misspelt, ``notes`` says so

    CLI Example:

    .. code-block:: bash

        salt-run idr.check idr-local
    """
    try:
        pillars = idr_pillar.compiled(__opts__, idr_pillar.root(__opts__), environment)
    except ValueError as exc:
        return failed(__context__, str(exc))
    hosts = list(pillars)
    lines = [f"{host}: {line}" for host in hosts for line in _check_host(host, pillars)]
    if lines:
        return {**failed(__context__, *lines), "hosts": hosts}
    notes = [*idr_releases.notes(__opts__, environment, pillars.values()), *idr_cross.notes(pillars)]
    return {"hosts": hosts, "errors": [], **({"notes": notes} if notes else {})}


def _check_host(host, pillars):
    # A pillar that did not render is not whole: its schemas would find fault with what is not there.
    return pillars[host].get("_errors") or idr_pillar.wrong(__opts__, host, pillars[host], pillars)
