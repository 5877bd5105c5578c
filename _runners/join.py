"""
What a host's arrival sets off.
"""

import logging

import idr_ids
import salt.client
import salt.key

__virtualname__ = "join"

log = logging.getLogger(__name__)

TIMEOUT = 60

# Each in a job of its own: what one loads, only the next one's process sees.
STEPS = (
    ("saltutil.sync_all", {"refresh": True}),
    ("saltutil.refresh_pillar", {"wait": True, "timeout": 30}),
    ("mine.update", {}),
)


def __virtual__():
    return __virtualname__


def started(minion_id):
    """
    Bring a minion that has just started up to date: modules, pillar, mine.

    Any minion may send an event that looks like another's start. So nothing is believed but the id, and nothing is done
    that would not be harmless at any other time.

    :param minion_id: id of the event, which must parse and whose key must be accepted
    :returns: ``{"id": str, "joined": bool, "comment": str}``

    CLI Example:

    .. code-block:: bash

        salt-run join.started idr-local-proxy
    """
    refusal = _refusal(minion_id)
    if refusal:
        log.warning("Start event dropped: %s", refusal)
        return {"id": minion_id, "joined": False, "comment": refusal}
    with salt.client.get_local_client(mopts=__opts__) as client:
        failed = [function for function, kwargs in STEPS if not _answers(client, minion_id, function, kwargs)]
    if failed:
        log.error("%s did not answer within %s s: %s", minion_id, TIMEOUT, ", ".join(failed))
        return {"id": minion_id, "joined": False, "comment": f"no answer within {TIMEOUT} s: {', '.join(failed)}"}
    return {"id": minion_id, "joined": True, "comment": "modules, pillar and mine are up to date"}


def _refusal(minion_id):
    try:
        idr_ids.parse(minion_id)
    except ValueError as exc:
        return str(exc)
    with salt.key.get_key(__opts__) as keys:
        accepted = keys.list_keys()[keys.ACC]
    return "" if minion_id in accepted else f"minion id {minion_id!r}: its key is not accepted"


def _answers(client, minion_id, function, kwargs):
    returned = client.cmd(minion_id, function, kwarg=kwargs, tgt_type="list", timeout=TIMEOUT, full_return=True)
    return returned.get(minion_id, {}).get("retcode") == 0
