"""
A new environment from a set of snapshots of another one.
"""

import idr_clones
import idr_maps
import idr_pillar
import idr_snapshot_store
import idr_snapshots
from runner_errors import failed

__virtualname__ = "release"


def __virtual__():
    return __virtualname__


def map(environment, set_id):
    """
    The map of an environment whose volumes are clones of a set, host by host as the maps have those of the set's
    environment. Nothing is made and no file is written.

    :param environment: name of the new environment
    :param set_id: id of a set that is complete
    :returns: ``{profile: [host, or {host: settings}]}``; with ``--out=yaml`` it is a file for ``salt-cloud -m``; or
        ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run --out=yaml release.map idr-next idr-prod-20250131-040000
    """
    try:
        source = idr_snapshots.environment(set_id)
        manifest = idr_snapshot_store.Store(__opts__, source).find(set_id)
        root = idr_pillar.root(__opts__).parent
        sizes = {host: idr_maps.volumes(root, host) or {} for host in idr_maps.hosts(root, source)}
        return idr_clones.mapped(idr_maps.entries(root, source), source, environment, manifest, sizes)
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
