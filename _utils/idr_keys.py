"""
Which hosts there are: those whose keys the master has accepted.
"""

import pathlib
import time

import idr_ids
import idr_maps
import idr_roles
import salt.key
from idr_ids import READER


def listed(opts):
    """
    The ids of all keys.

    :returns: ``{"accepted": [...], "pending": [...], "rejected": [...], "denied": [...]}``
    """
    with salt.key.get_key(opts) as keys:
        found = keys.list_keys()
        names = {"accepted": keys.ACC, "pending": keys.PEND, "rejected": keys.REJ, "denied": keys.DEN}
    return {name: sorted(found.get(kind, [])) for name, kind in names.items()}


def accepted(opts, environment):
    """
    Hosts of an environment whose keys are accepted, by role and number. None where there is no master.
    """
    if opts.get("__role") == "minion":
        return []
    return of_environment(listed(opts)["accepted"], environment)


def of_environment(ids, environment):
    """
    Those of some ids that are hosts of an environment, by role and number.
    """
    return idr_ids.peers(dict.fromkeys(ids, True), environment)


def having(opts, environment, role):
    """
    Those of :func:`accepted` that have a role; an all-in-one host has those that the maps leave to it.
    """
    together = idr_roles.together(idr_maps.known(opts, environment))
    return [host for host in accepted(opts, environment) if role in idr_ids.roles(host, together)]


def age(opts, host):
    """
    Seconds since the key of a host was accepted; None where it is not, or not kept in a file.
    """
    path = pathlib.Path(opts["pki_dir"], "minions", idr_ids.parse(host)["id"])
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return None


def readers(opts, environment):
    """
    The read-only servers of an environment that exist, by number.
    """
    return [host for host in accepted(opts, environment) if idr_ids.parse(host)["role"] == READER]
