"""
The hosts of the maps for ``salt-ssh``: those whose map says where they are (``ssh_host``), with their profile's login.

There is no second list of hosts: ``salt-ssh`` reaches those, and in the same way, that ``salt-cloud`` makes minions of.
"""

import pathlib

import idr_pillar
import idr_roster

__virtualname__ = "idr_map"


def __virtual__():
    return __virtualname__


def targets(tgt, tgt_type="glob", **kwargs):
    """
    Hosts of the maps that a target matches.

    :param tgt: the target, such as ``idr-onprem-*``
    :param tgt_type: glob, list, pcre and whatever else Salt's rosters match by
    :returns: ``{minion id: {"host": str, "user": str, "priv": path, "sudo": bool, ...}}``
    :raises ValueError: a map or a profile is not readable

    CLI Example:

    .. code-block:: bash

        salt-ssh 'idr-onprem-*' test.ping
    """
    root = idr_pillar.root(__opts__).parent
    file = __opts__.get("conf_file")
    known = idr_roster.hosts(root, pathlib.Path(file).parent if file else None)
    return __utils__["roster_matcher.targets"](known, tgt, tgt_type)
