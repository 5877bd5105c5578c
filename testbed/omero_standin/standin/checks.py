"""What must hold before the server starts. Each check raises Refusal with one line that says what is wrong."""

import os
import pathlib

FOLDERS = ("ManagedRepository", "Pixels", "Files", "Thumbnails", "FullText")


class Refusal(Exception):
    """The server must not start; the text is its FATAL log line."""


def fault(name, read_only):
    """The release was made to fail, by `standin_release.py --fault`."""
    if name == "start" or (name == "start-readonly" and read_only):
        raise Refusal(f"standin.fault: {name}: this release was made to refuse to start")


def schema_patch(rows, version, patch):
    """rows: (currentversion, currentpatch, finished) of dbpatch, newest first; None where there is no such table."""
    wanted = f"{version}|{patch}"
    if not rows:
        raise Refusal(f"the database has no schema yet: dbpatch must hold {wanted} (omero db script, psql)")
    current, number, finished = rows[0]
    if (current, number) != (version, patch):
        raise Refusal(f"wrong schema patch in the database: dbpatch holds {current}|{number}, expected {wanted}")
    if finished is None:
        raise Refusal(f"schema patch {wanted} was begun but is not finished: see dbpatch.message")


def database_access(can_write, read_only, user):
    """A server that is meant to write needs a user that can."""
    if not can_write and not read_only:
        raise Refusal(
            f"database user {user!r} cannot write: give it the rights, or set omero.cluster.read_only.db to true"
        )


def data_directory(path, read_only, database_uuid):
    """Look at omero.data.dir; a server that may write makes what is missing in it."""
    path = pathlib.Path(path)
    if not path.is_dir():
        raise Refusal(f"omero.data.dir: {path} is not a directory")
    if not os.access(path, os.R_OK | os.X_OK):
        raise Refusal(f"omero.data.dir: {path} cannot be read by this user")
    if read_only:
        return
    if not os.access(path, os.W_OK):
        raise Refusal(
            f"omero.data.dir: {path} cannot be written by this user: give it the rights, "
            "or set omero.cluster.read_only.repo to true"
        )
    for name in (*FOLDERS, f".omero/repository/{database_uuid}"):
        (path / name).mkdir(parents=True, exist_ok=True)
