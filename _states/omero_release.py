"""
States of OMERO.server's releases: part of the state module ``omero``.
"""

from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

__virtualname__ = "omero"


def __virtual__():
    return __virtualname__


def release_installed(name, version, source, sha256, user, keep=3, service=None):
    """
    A release is the current one. It is extracted beside the others, wholly or not at all, then a symlink moves; nothing
    is downloaded when it is there. ``omero.releases`` tells which there are.

    :param name: the symlink; the release is beside it in ``<name>-<version>``
    :param version: names its folder
    :param source: URL of its zip archive
    :param sha256: digest of the archive
    :param user: system user who owns it
    :param keep: how many releases stay on disk, as in :func:`releases_pruned`; None for all
    :param service: systemd service that is stopped before the symlink moves, by the release that it runs

    .. code-block:: yaml

        /opt/omero/server/OMERO.server:
          omero.release_installed:
            - version: 5.6.13
            - source: https://.../OMERO.server-5.6.13.zip
            - sha256: 0123
            - user: omero-server
            - service: omero-server
    """
    test = __opts__["test"]
    try:
        changes = __salt__["omero.release_install"](
            version, source, sha256, keep=keep, service=service, test=test, omerodir=name, user=user
        )
    except CommandExecutionError as error:
        return _ret(name, False, str(error))
    if not changes:
        return _ret(name, True, f"Release {version} is the current one")
    if test:
        return _ret(name, None, f"Release {version} would be the current one", changes)
    return _ret(name, True, f"Release {version} is the current one now", changes)


def releases_pruned(name, keep=3, version=None):
    """
    No more than the last releases are on disk. In a state of its own, because the server need not be told.

    :param name: the symlink to the current release
    :param keep: how many stay; the current one and the one before it always do
    :param version: the current one, for a prediction before it is

    .. code-block:: yaml

        /opt/omero/server/OMERO.server:
          omero.releases_pruned:
            - keep: 3
    """
    test = __opts__["test"]
    try:
        removed = __salt__["omero.releases_prune"](keep=keep, version=version, test=test, omerodir=name)
    except CommandExecutionError as error:
        return _ret(name, False, str(error))
    if not removed:
        return _ret(name, True, "No old release is on disk")
    comment = f"{len(removed)} old releases {'would be' if test else 'were'} removed"
    return _ret(name, None if test else True, comment, {"removed": removed})
