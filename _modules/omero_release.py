"""
OMERO.server's releases on this host: part of the execution module ``omero``.
"""

import contextlib
import datetime

import omero_releases
from omero_host import OMERODIR, USER
from omero_release_files import Place
from salt.exceptions import CommandExecutionError, SaltException

__virtualname__ = "omero"


def __virtual__():
    return __virtualname__


def releases(omerodir=OMERODIR):
    """
    The releases that are installed here, the one that was current last first.

    :param omerodir: the symlink to the current one
    :returns: list of ``{"version": str, "url": str or None, "sha256": str, "since": str or None, "current": bool,
        "previous": bool}``; ``since`` is when it became the current one (UTC, ISO 8601), ``previous`` the one
        before the current, to which a rollback returns
    :raises CommandExecutionError: ``releases.json`` beside them is broken

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.releases
    """
    place = Place(omerodir)
    return omero_releases.listing(place.known(), place.present(), place.current())


def release_fetch(version, source, sha256, omerodir=OMERODIR, user=USER):
    """
    Extract a release beside the others and leave the current one as it is, so that a later switch is quick.

    Nothing is downloaded when it is there. Limits: 15 minutes to extract it; the download has Salt's own.

    :param version: names its folder, ``<omerodir>-<version>``
    :param source: URL of its zip archive (salt://, http(s)://, file://), or a path
    :param sha256: digest of the archive
    :param omerodir: the symlink to the current release, ``user`` the system user who owns them
    :returns: ``{"old": digest or None, "new": digest}``, empty when it was there
    :raises CommandExecutionError: the archive is not to be had or is another, or this version is the current one

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.release_fetch 5.6.13 https://.../OMERO.server-5.6.13.zip SHA256
    """
    place = Place(omerodir)
    found = place.digest(version)
    if found == sha256:
        return {}
    if place.current() == version:
        raise CommandExecutionError(f"{version} is the current release, of another archive ({found}): not touched")
    with _named(version):
        place.extract(_archive(source, sha256), sha256, user)
        place.put(version)
    return {"old": found, "new": sha256}


def release_install(version, source, sha256, keep=3, service=None, test=False, omerodir=OMERODIR, user=USER):
    """
    Make a release the current one: extracted beside the others, then the symlink moves.

    The configuration of the one before goes with it. A server that runs is stopped by the release that it is of, once
    the new one is extracted. Limits: as :func:`release_fetch`, and those of the service's unit.

    :param version: names its folder, ``<omerodir>-<version>``
    :param source: URL of its zip archive (salt://, http(s)://, file://), or a path
    :param sha256: digest of the archive
    :param keep: how many releases stay on disk, as in :func:`releases_prune`; None for all
    :param service: the server's systemd service
    :param test: True changes nothing
    :param omerodir: the symlink, ``user`` the system user who owns the releases
    :returns: what is (or with ``test`` would be) changed, empty for nothing: ``extracted``, ``release`` and ``service``
        (``{"old": .., "new": ..}``), ``recorded`` (the version), ``removed`` (list of versions)
    :raises CommandExecutionError: the archive is not to be had or is another, or the service does not stop: the release
        that was current still is; or ``releases.json`` is broken

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.release_install 5.6.13 https://.../OMERO.server-5.6.13.zip SHA256 test=True
    """
    place = Place(omerodir)
    known = place.known()
    changes = _plan(place, known, version, source, sha256, keep)
    if service and {"extracted", "release"} & set(changes) and _alive(service):
        changes["service"] = {"old": "running", "new": "stopped"}
    if test or not changes:
        return changes
    with _named(version):
        if "extracted" in changes:
            place.extract(_archive(source, sha256), sha256, user)
        if "service" in changes:
            _stop(service)
        if "extracted" in changes:
            place.put(version)
        if "recorded" in changes:
            now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            place.note(omero_releases.noted(known, version, source, sha256, now))
        if "release" in changes:
            place.switch(version)
        for old in changes.get("removed", []):
            place.remove(old)
    return changes


def releases_prune(keep=3, version=None, test=False, omerodir=OMERODIR):
    """
    Remove old releases.

    :param keep: how many stay on disk; the current one and the one before it always do
    :param version: the current one, where it is about to be another
    :param test: True changes nothing
    :param omerodir: the symlink to the current one
    :returns: list of the versions that were (or would be) removed
    :raises CommandExecutionError: ``releases.json`` beside them is broken, or a folder cannot be removed

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.releases_prune keep=2 test=True
    """
    place = Place(omerodir)
    current = version or place.current()
    removed = omero_releases.expired(place.known(), current, {*place.present(), current}, keep) if current else []
    for old in [] if test else removed:
        with _named(old):
            place.remove(old)
    return removed


def _plan(place, known, version, source, sha256, keep):
    """What would be changed, but for the service."""
    changes, present, current = {}, place.present(), place.current()
    if present.get(version) != sha256:
        changes["extracted"] = {"old": present.get(version), "new": sha256}
    if current != version:
        changes["release"] = {"old": current, "new": version}
    if omero_releases.noted(known, version, source, sha256, None) != known:
        changes["recorded"] = version
    removed = [] if keep is None else omero_releases.expired(known, version, {*present, version}, keep)
    if removed:
        changes["removed"] = removed
    return changes


def _archive(source, sha256):
    """Path of the archive, fetched if it is not in the minion's cache."""
    path = __salt__["cp.cache_file"](source, source_hash=sha256)
    if not path:
        raise CommandExecutionError(f"{source} could not be fetched")
    return path


def _alive(service):
    # one that systemd starts again and again would meet the link as it moves
    return __salt__["service.show"](service).get("ActiveState") not in (None, "inactive", "failed")


def _stop(service):
    __salt__["service.stop"](service)
    if _alive(service):
        raise CommandExecutionError(f"the service {service} does not stop: see its journal; nothing was switched")


@contextlib.contextmanager
def _named(version):
    """Errors name the release."""
    try:
        yield
    except KeyError as error:
        raise CommandExecutionError(f"release {version}: {error.args[0]}") from None
    except (OSError, SaltException) as error:
        raise CommandExecutionError(f"release {version}: {error}") from None
