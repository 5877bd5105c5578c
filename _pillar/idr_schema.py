"""
Refuses a pillar that does not fit its schemas, each time that a host asks for it.

It adds nothing to a good pillar. A bad one gets ``_errors``, with which Salt applies no state; the mine and everything
else of the host go on.
"""

import logging

import idr_ids
import idr_pillar

__virtualname__ = "idr_schema"

log = logging.getLogger(__name__)


def __virtual__():
    return __virtualname__


def ext_pillar(minion_id, pillar, *_args):
    """
    Hold a compiled pillar against ``pillar/schemas`` and against the hosts and networks around it.

    :returns: ``{"_errors": [one line an error, ...]}``, or ``{}``; that as well for an id of another form, which has no
        pillar
    """
    try:
        idr_ids.parse(minion_id)
    except ValueError:
        return {}
    lines = idr_pillar.wrong(__opts__, minion_id, pillar)
    for line in lines:
        log.error("pillar of %s: %s", minion_id, line)
    return {"_errors": lines} if lines else {}
