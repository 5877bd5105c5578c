"""
Dumps of OMERO's database in a folder: ``<database>-<schema>-<time>.dump`` in pg_dump's own format, each with a manifest
of the same name, ``.json``. The manifest comes first and the dump gets its name when it is whole, so what has both is
whole.
"""

import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import pwd

import omero_host
from command_errors import failure
from salt.exceptions import CommandExecutionError

SUFFIX = ".dump"
_KEYS = {"database", "schema", "release", "time", "size", "sha256", "before"}


def listing(folder):
    """
    Return the whole dumps of a folder, the newest first.

    :returns: list of manifests, each with its ``path``
    """
    found = []
    for path in pathlib.Path(folder).glob(f"*{SUFFIX}"):
        with contextlib.suppress(OSError, ValueError):
            manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            if set(manifest) >= _KEYS and path.stat().st_size == manifest["size"]:
                found.append({**manifest, "path": str(path)})
    return sorted(found, key=lambda one: (one["time"], one["path"]), reverse=True)


def surplus(found, keep, patch):
    """
    Return the paths of those that are too many of a kind: all but the last.

    :param found: as :func:`listing` returns it
    :param keep: how many stay, at least one
    :param patch: whether those are meant that were made before a patch, or all others
    """
    return [one["path"] for one in found if bool(one["before"]) is patch][max(keep, 1) :]


def make(installation, folder, label, release=None, before=None, keep=3, timeout=14400):
    """
    Make a dump and remove those that are too many; returns its manifest with its ``path``.

    :param installation: an :class:`omero_host.Installation`
    :param label: the database's schema version, such as ``OMERO5.4__0``
    :param release: the release that uses the database
    :param before: the schema version of a patch that comes next
    :param timeout: limit in seconds
    :raises CommandExecutionError: pg_dump fails, and leaves nothing behind
    """
    folder = pathlib.Path(folder)
    try:
        _own_folder(folder, installation.user)
        for left in folder.glob(f".*{SUFFIX}"):
            left.unlink()
        manifest = _dump(installation, folder, label, release, before, timeout)
        for old in map(pathlib.Path, surplus(listing(folder), keep, bool(before))):
            old.unlink()
            old.with_suffix(".json").unlink()
    except OSError as error:
        raise CommandExecutionError(f"dump of the database into {folder}: {error.strerror}") from None
    finally:
        # where the first one failed
        with contextlib.suppress(OSError):
            folder.rmdir()
    return manifest


def _dump(installation, folder, label, release, before, timeout):
    now = datetime.datetime.now(datetime.UTC)
    database = omero_host.database(installation.salt)["name"]
    path = folder / f"{database}-{label}-{now:%Y%m%dT%H%M%S%f}Z{SUFFIX}"
    partial = path.with_name(f".{path.name}")
    # what is in other schemas belongs to who administers the database: extensions, readers' views
    what = ("--format=custom", "--schema=public", f"--file={partial}")
    try:
        result = installation.psql(*what, program="pg_dump", timeout=timeout)
        if result["retcode"]:
            raise failure("pg_dump", result)
        manifest = {
            "database": database,
            "schema": label,
            "release": release,
            "time": now.isoformat(timespec="seconds"),
            "size": partial.stat().st_size,
            "sha256": digest(partial),
            "before": before,
        }
        text = json.dumps(manifest, indent=2, sort_keys=True)
        omero_host.write(path.with_suffix(".json"), f"{text}\n", installation.user)
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    return {**manifest, "path": str(path)}


def check(path):
    """
    Raise CommandExecutionError unless a dump is there and is what its manifest says, if it has one.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise CommandExecutionError(f"{path}: there is no such dump; omero.db_dumps lists them")
    with contextlib.suppress(FileNotFoundError):
        manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if digest(path) != manifest["sha256"]:
            raise CommandExecutionError(f"{path}: it is not what was dumped: another sha256 than in its manifest")


def digest(path):
    """
    Return the sha256 of a file.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _own_folder(folder, user):
    """Passwords' digests are in a dump: the folder is its user's alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user:
        os.chown(folder, *pwd.getpwnam(user)[2:4])
    folder.chmod(0o700)
