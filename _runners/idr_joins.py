"""
Read-only servers that come and go, as the ledger has them: part of the runner ``idr``.
"""

import idr_ids
import idr_joins
import idr_keys
import idr_maps
import idr_pillar
import idr_releases
from runner_errors import failed

__virtualname__ = "idr"


def __virtual__():
    return __virtualname__


def joins(environment=None):
    """
    The read-only servers that have joined, are about to, or have left.

    :param environment: only of this one; of all without
    :returns: by minion id ``{"state": str, "seconds": {state: seconds after its request}, "tries": failures since it
        last served, "error": the last one or None}``, on a terminal as a table; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run idr.joins idr-local
        salt-run idr.joins --out=json
    """
    try:
        mapped = idr_maps.hosts(idr_pillar.root(__opts__).parent, environment)
        environments = sorted({idr_ids.parse(host)["environment"] for host in mapped})
        records: dict = {}
        for name in environments:
            with idr_joins.Ledger(idr_releases.folder(__opts__), name) as ledger:
                records |= ledger.records
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {"outputter": "idr_table", "data": idr_joins.table(records)}


def join(server):
    """
    Have a read-only server join now, without the pause that follows failures.

    :param server: its minion id
    :returns: ``{"id": str, "comment": str}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run idr.join idr-local-omeroreadonly-3
    """
    try:
        environment = idr_ids.reader(server)["environment"]
        if server not in idr_keys.accepted(__opts__, environment):
            raise ValueError(f"{server}: expected an accepted key: salt-key -a {server}")
        with idr_joins.Ledger(idr_releases.folder(__opts__), environment) as ledger:
            answer = ledger.request(server, now_please=True)
        __salt__["join.dispatch"](environment)
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {"id": server, "comment": f"join: {answer}"}
