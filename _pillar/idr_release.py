"""
Keeps an environment at the release to which it was rolled back, while its pillar still asks for the newer one.
"""

import logging

import idr_ids
import idr_releases
import salt.utils.dictupdate

__virtualname__ = "idr_release"

log = logging.getLogger(__name__)


def __virtual__():
    return __virtualname__


def ext_pillar(minion_id, pillar, *_args):
    """
    Give hosts the release that the record of their environment goes back to, and the database that they use meanwhile.

    :returns: ``{"omero": {"server": {"version": str, "release": {"url": str, "sha256": str}}}}`` and the like, or
        ``{}``; with a broken record ``{"_errors": [...]}``, for the release that pillar asks for may be the wrong one
    """
    try:
        host = idr_ids.parse(minion_id)
    except ValueError:
        return {}
    try:
        record = idr_releases.read(idr_releases.folder(__opts__), host["environment"])
    except (OSError, ValueError) as exc:
        log.error("pillar of %s: %s", minion_id, exc)
        return {"_errors": [f"the record of a rollback: {exc}"]}
    found = idr_releases.replaced(record, idr_releases.of_pillar(pillar))
    if found or host["role"] == "database":
        found = salt.utils.dictupdate.update(found, idr_releases.beside(record, host["role"], pillar))
    return found
