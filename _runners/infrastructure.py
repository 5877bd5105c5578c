"""
What an environment needs of its cloud before its first host: what ``orch.infrastructure`` and its mirror put in order.
"""

import idr_infrastructure
import idr_lock
import idr_maps
import idr_pillar
import idr_releases
from runner_errors import failed

__virtualname__ = "infrastructure"


def __virtual__():
    return __virtualname__


def present(environment, lock=False):
    """
    The states that make networks, security groups and the like of an environment. Asks no cloud and changes nothing.

    :param environment: name of the environment
    :param lock: keep other orchestrations off its infrastructure until this process ends
    :returns: ``{"steps": [{"id", "state", "arguments", "require"}, ...]}`` in their order; or ``{"errors": [...],
        "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.present idr-prod
    """
    try:
        place = idr_pillar.root(__opts__)
        data = idr_infrastructure.read(place, environment)
        hosts = [idr_pillar.firewall(__opts__, host) for host in idr_maps.hosts(place.parent, environment)]
        steps = idr_infrastructure.present(environment, data, hosts)
        _lock(environment, lock, "orch.infrastructure")
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {"steps": steps}


def removed(environment, confirm=None, lock=False):
    """
    The states that remove all that :func:`present` makes. Asks no cloud and changes nothing.

    :param environment: name of the environment
    :param confirm: its name again, without which ``production: true`` in its ``environment.yaml`` refuses
    :param lock: as for :func:`present`
    :returns: as :func:`present`

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.removed idr-prod confirm=idr-prod
    """
    try:
        data = idr_infrastructure.read(idr_pillar.root(__opts__), environment)
        steps = idr_infrastructure.removed(environment, data, confirm)
        _lock(environment, lock, "orch.infrastructure_removed")
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {"steps": steps}


def _lock(environment, lock, what):
    if lock:
        idr_lock.take(idr_releases.folder(__opts__), f"{environment}-infrastructure", what)
