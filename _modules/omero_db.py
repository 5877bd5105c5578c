"""
OMERO's database: part of the execution module ``omero``.
"""

import contextlib
import pathlib

import omero_database
import omero_host
from command_errors import failure as _failure
from omero_host import OMERODIR, USER, VENV, Installation
from salt.exceptions import CommandExecutionError

__virtualname__ = "omero"


def __virtual__():
    return __virtualname__


def _at(omerodir=OMERODIR, venv=VENV, user=USER):
    return Installation(__salt__, omerodir, venv, user)


def db_settings():
    """
    Where the database is, from pillar ``omero:db``; the host that has the role by default.

    :returns: ``{"host": str, "port": int, "name": str, "user": str}``

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.db_settings
    """
    return omero_host.database(__salt__)


def db_version(user=USER):
    """
    The schema version in the database, which is asked as the database user of this host.

    :returns: ``{"version": "OMERO5.4", "patch": 0}``; None where there is no OMERO schema
    :raises CommandExecutionError: the database does not answer or refuses the user.

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.db_version
    """
    row = _at(user=user).query(omero_database.PATCH_QUERY)
    if not row:
        return None
    try:
        return omero_database.patch_of_row(row)
    except ValueError as error:
        raise CommandExecutionError(str(error)) from None


def release_db_version(omerodir=OMERODIR, venv=VENV, user=USER):
    """
    The schema version that an installed release needs.

    :param omerodir: its folder, or the symlink to the current one
    :returns: ``{"version": "OMERO5.4", "patch": 0}``
    :raises CommandExecutionError: there is no release, or it does not say

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.release_db_version
    """
    if not pathlib.Path(omerodir).is_dir():
        raise CommandExecutionError(f"{omerodir}: there is no release")
    with contextlib.suppress(OSError, ValueError):
        text = pathlib.Path(omerodir, "etc", "omero.properties").read_text(encoding="utf-8")
        return omero_database.patch_of_release(text)
    # a release that has them elsewhere: what `omero db script` reads; no subcommand prints it alone
    code = "from omero.cli import CLI; print(CLI().readDefaults())"
    result = _at(omerodir, venv, user).python("-c", code)
    if result["retcode"]:
        raise _failure(f"reading the defaults of {omerodir}", result)
    try:
        return omero_database.patch_of_release(result["stdout"])
    except ValueError as error:
        raise CommandExecutionError(f"{omerodir}: {error}") from None
