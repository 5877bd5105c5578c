"""
Environments as the master sees them.
"""

import idr_maps
import idr_pillar
import idr_secrets

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
        folder = idr_pillar.root(__opts__) / "secrets"
        told = idr_secrets.make(folder, environment)
        # pillar only compiles with the secrets that every environment has
        data = idr_pillar.compiler(__opts__, f"{environment}-omeroreadwrite").compile_pillar()
        users = idr_secrets.of_users(data)
        again = idr_secrets.make(folder, environment, users) if users else {"made": []}
    except (OSError, ValueError) as exc:
        return _failed(str(exc))
    return {"made": sorted([*told["made"], *again["made"]]), "kept": told["kept"]}


def check(environment):
    """
    Compile the pillar of each host that the maps give an environment, and hold it against the schemas, the hosts'
    volumes, the other hosts and the other environments.

    :param environment: name of the environment
    :returns: ``{"hosts": [...], "errors": [...]}``, an error being one line with host, key path, file, what was
        expected and what was found; with any, ``retcode`` 1 as well, with which ``salt-run`` ends

    CLI Example:

    .. code-block:: bash

        salt-run idr.check idr-local
    """
    try:
        place = idr_pillar.root(__opts__)
        hosts = idr_maps.hosts(place.parent, environment)
        pillars = idr_pillar.compiled(__opts__, place, environment)
    except ValueError as exc:
        return _failed(str(exc))
    lines = [f"{host}: {line}" for host in hosts for line in _check_host(host, pillars)]
    if lines:
        return {**_failed(*lines), "hosts": hosts}
    return {"hosts": hosts, "errors": []}


def _check_host(host, pillars):
    # A pillar that did not render is not whole: its schemas would find fault with what is not there.
    return pillars[host].get("_errors") or idr_pillar.wrong(__opts__, host, pillars[host], pillars)


def _failed(*lines):
    # Orchestrations look at the context, the command salt-run at the answer.
    __context__["retcode"] = 1
    return {"errors": list(lines), "retcode": 1}
