"""
What an administrator does with the repository of a running OMERO.server: part of the execution module ``omero``.

What removes something only tells what it would remove, unless ``dry_run=False``. It is refused where the configuration
says that the repository is read-only.
"""

import os
import pathlib

import omero_errors
import omero_output
from omero_host import OMERODIR, USER, VENV, Installation
from salt.exceptions import CommandExecutionError

__virtualname__ = "omero"

ADMINISTRATOR = "root"
FOLDERS = ("Pixels", "Files", "Thumbnails", "ManagedRepository")
ENDIANS = ("both", "little", "big")
# what `omero admin reindex` does, and whether it takes a value
ACTIONS = {"prepare": False, "finish": False, "full": False, "events": False, "dryrun": False, "wipe": False}
ACTIONS |= {"reset": True, "class": True}


def __virtual__():
    return __virtualname__


def _at(omerodir=OMERODIR, venv=VENV, user=USER):
    return Installation(__salt__, omerodir, venv, user)


def _properties(omerodir):
    return __salt__["omero.config_list"](omerodir=omerodir)


def _data(omerodir, data_dir, writes):
    """
    The data folder, refused where something is to be written and the repository is read-only.
    """
    set_to = _properties(omerodir)
    read_only = any(set_to.get(key) is True for key in ("omero.cluster.read_only", "omero.cluster.read_only.repo"))
    if writes and read_only:
        raise omero_errors.ReadOnly.because(omerodir)
    return data_dir or set_to.get("omero.data.dir", "/OMERO")


def _one_of(what, value, known):
    if value not in known:
        raise CommandExecutionError(f"{what}: one of {', '.join(known)} was expected, not {value!r}")


def hql(
    query,
    parameters=None,
    limit=25,
    offset=0,
    all_groups=True,
    timeout=60,
    login=None,
    password=None,
    port=4064,
    omerodir=OMERODIR,
    venv=VENV,
    user=USER,
):
    """
    Ask the server a query in Hibernate's language.

    :param query: such as ``select i.id, i.name from Image i where i.id < :most``
    :param parameters: map from the query's parameters to numbers, strings, booleans, or lists of these
    :param limit: how many rows at most, from ``offset`` on
    :param all_groups: False for the user's own group alone
    :param timeout: seconds
    :param login: OMERO user to ask as, by default root where this host has its password, otherwise public
    :param password: pillar key of its password, by default ``secrets:omero:<login>``
    :returns: list of rows, each a list: times as ISO 8601, objects as ``{"class", "id", ...their own properties}``
    :raises CommandExecutionError: the query is wrong, or the server does not answer or refuses the user

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.hql 'select i.id, i.name from Image i' limit=5
    """
    where = _at(omerodir, venv, user)
    given = {"query": query, "parameters": parameters or {}, "limit": limit, "offset": offset, "all_groups": all_groups}
    return where.client("hql", login or where.login(), password, port, timeout, **given)


def cleanse(
    dry_run=True,
    subdirectory=None,
    data_dir=None,
    timeout=3600,
    login=ADMINISTRATOR,
    password=None,
    port=4064,
    omerodir=OMERODIR,
    venv=VENV,
    user=USER,
):
    """
    Remove files below the data folder that the database does not know, and empty folders of the managed repository.

    :param dry_run: False removes them
    :param subdirectory: only Pixels, Files, Thumbnails or ManagedRepository
    :param data_dir: the data folder, by default property ``omero.data.dir``
    :param timeout: seconds for each of the two passes, of which the first only looks
    :param login: an administrator
    :param password: pillar key of its password, by default ``secrets:omero:<login>``
    :returns: ``{"dry_run": bool, "files": [path], "bytes": int, "empty_folders": [path], "folders": [path that OMERO
        never removes], "left": [file that could not be removed]}``: files and bytes are what would be or was removed
    :raises ReadOnly: the repository is read-only, and it is no dry run
    :raises OmeroError: the server does not answer or refuses the user; the command fails or does not end in time

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.cleanse
        salt idr-local-omeroreadwrite omero.cleanse dry_run=False subdirectory=Thumbnails
    """
    if subdirectory is not None:
        _one_of("subdirectory", subdirectory, FOLDERS)
    folder, where = _data(omerodir, data_dir, not dry_run), _at(omerodir, venv, user)
    words = ["admin", "cleanse", *(["--subdirectory", subdirectory] if subdirectory else [])]
    # without --dry-run the command does not say what it removes
    told = where.as_user(login, password, port, *words, "--dry-run", folder, timeout=timeout)["stdout"]
    found = omero_output.cleansed(told)
    sizes = {path: pathlib.Path(path).stat().st_size for path in found["files"] if os.path.exists(path)}
    left = []
    if not dry_run and any(found.values()):
        where.as_user(login, password, port, *words, folder, timeout=timeout)
        left = [path for path in found["files"] if os.path.exists(path)]
    gone = [path for path in found["files"] if path not in left]
    size = sum(sizes.get(path, 0) for path in gone)
    return {**found, "dry_run": dry_run, "files": gone, "bytes": size, "left": left}


def fixpyramids(
    dry_run=True,
    data_dir=None,
    timeout=3600,
    login=ADMINISTRATOR,
    password=None,
    port=4064,
    omerodir=OMERODIR,
    venv=VENV,
    user=USER,
):
    """
    Remove empty pyramid files, which a broken conversion leaves behind.

    :param dry_run: False removes them
    :param data_dir: the data folder, by default property ``omero.data.dir``
    :param timeout: seconds
    :param login: an administrator, with ``password``, the pillar key
    :returns: ``{"dry_run": bool, "pyramids": [name of a file]}``
    :raises ReadOnly: the repository is read-only, and it is no dry run
    :raises OmeroError: the server does not answer or refuses the user; the command fails or does not end in time

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.fixpyramids
    """
    folder = _data(omerodir, data_dir, not dry_run)
    words = ("admin", "fixpyramids", *(("--dry-run",) if dry_run else ()), folder)
    told = _at(omerodir, venv, user).as_user(login, password, port, *words, timeout=timeout)["stdout"]
    return {"dry_run": dry_run, "pyramids": omero_output.pyramids(told)["removed"]}


def removepyramids(
    dry_run=True,
    endian="both",
    imported_after=None,
    limit=500,
    timeout=3600,
    login=ADMINISTRATOR,
    password=None,
    port=4064,
    omerodir=OMERODIR,
    venv=VENV,
    user=USER,
):
    """
    Remove the pyramids and thumbnails of images, so that they are made anew.

    :param dry_run: False removes them
    :param endian: both, little or big
    :param imported_after: only of images imported after that day, ``2026-01-31``
    :param limit: how many at most, up to 500
    :param timeout: seconds
    :param login: an administrator, with ``password``, the pillar key
    :returns: ``{"dry_run": bool, "images": [number], "failed": {number: reason}}``
    :raises ReadOnly: the repository is read-only, and it is no dry run
    :raises OmeroError: the server does not answer or refuses; the command fails or does not end in time

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.removepyramids imported_after=2026-01-31
    """
    _one_of("endian", endian, ENDIANS)
    _data(omerodir, None, not dry_run)
    words = ["admin", "removepyramids", "--endian", endian, "--limit", str(int(limit)), "--wait", str(timeout)]
    words += ["--dry-run"] if dry_run else []
    words += ["--imported-after", str(imported_after)] if imported_after else []
    told = _at(omerodir, venv, user).as_user(login, password, port, *words, timeout=timeout)["stdout"]
    found = omero_output.pyramids(told)
    if found["error"]:
        raise omero_errors.OmeroError(f"The server could not list its pyramids: {found['error']}")
    return {"dry_run": dry_run, "images": found["removed"], "failed": found["failed"]}


def reindex(action, value=None, mem="1024m", timeout=86400, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Make the full text index anew: prepare (stops the background indexer), wipe, full, finish (starts it again).

    :param action: prepare, finish, full, events, dryrun, wipe; reset (to ``value``) or class (``value``: name or list)
    :param value: for reset the number of an event, for class such as ``ome.model.core.Image``
    :param mem: Java's heap
    :param timeout: seconds
    :returns: ``{"action": str, "said": [last lines of the command]}``
    :raises ReadOnly: the repository is read-only
    :raises IndexerRunning: the background indexer was not stopped by prepare
    :raises OmeroError: the command fails or does not end in time

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.reindex prepare
        salt idr-local-omeroreadwrite omero.reindex full mem=4g
    """
    _one_of("action", action, sorted(ACTIONS))
    if ACTIONS[action] != (value is not None):
        raise CommandExecutionError(f"{action}: {'a' if ACTIONS[action] else 'no'} value was expected")
    _data(omerodir, None, True)
    values = [str(one) for one in (value if isinstance(value, list) else [value])] if value is not None else []
    words = ("admin", "reindex", "--mem", str(mem), f"--{action}", *values)
    where = _at(omerodir, venv, user)
    # wipe asks whether it may
    result = where.command(*words, stdin="y\n" if action == "wipe" else None, timeout=timeout)
    said = [line for line in f"{result['stdout']}\n{result['stderr']}".splitlines() if line.strip()]
    return {"action": action, "said": said[-10:]}


def email(
    subject,
    text,
    users=(),
    groups=(),
    everyone=False,
    inactive=False,
    timeout=120,
    login=ADMINISTRATOR,
    password=None,
    port=4064,
    omerodir=OMERODIR,
    venv=VENV,
    user=USER,
):
    """
    Send a mail to users, by the server's own ``omero.mail.*`` configuration.

    :param subject: one line
    :param text: the mail
    :param users: names of users, and ``groups``: names of groups
    :param everyone: True sends it to all, ``inactive`` True also to those who cannot log in
    :param timeout: seconds
    :param login: an administrator, with ``password``, the pillar key
    :returns: ``{"sent": int, "of": int, "no_address": int, "bad_address": int}``
    :raises OmeroError: the server does not answer or refuses, or is not configured to send mails

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.email 'Maintenance' 'The server is down on Monday.' everyone=True
    """
    if everyone == bool(users or groups):
        raise CommandExecutionError("email: users or groups were expected, or everyone=True")
    if "\n" in subject or subject.startswith("-"):
        raise CommandExecutionError("subject: one line was expected that does not begin with -")
    words = ["admin", "email", "--wait", str(timeout)]
    words += ["--everyone"] if everyone else []
    words += ["--inactive"] if inactive else []
    words += [word for name in users for word in ("--user-name", name)]
    words += [word for name in groups for word in ("--group-name", name)]
    where = _at(omerodir, venv, user)
    told = where.as_user(login, password, port, *words, subject, "-", stdin=text, timeout=timeout + 10)["stdout"]
    return omero_output.mailed(told)
