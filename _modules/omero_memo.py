"""
Bio-Formats' memo files of the server on this host: part of the execution module ``omero``.

How they are made is pillar ``omero:memo``; see :mod:`omero_memo_settings`. Where they are follows from the server's own
properties in pillar ``omero:server:config``.
"""

import contextlib
import inspect
import json
import os
import pathlib
import pwd
import tempfile

import omero_database
import omero_host
import omero_memo
import omero_memo_client
import omero_memo_settings
from command_errors import failure as _failure
from omero_host import OMERODIR, USER, VENV, Installation
from omero_memo_progress import FOLDER, Progress
from salt.exceptions import CommandExecutionError

__virtualname__ = "omero"

UNIT = "omero-memo"


def __virtual__():
    return __virtualname__


def _config():
    return omero_host.pillar(__salt__, "omero:server:config", {})


def _memo():
    return _valid(omero_memo_settings.checked, omero_host.pillar(__salt__, "omero:memo", {}))


def _valid(function, *arguments):
    try:
        return function(*arguments)
    except ValueError as error:
        raise CommandExecutionError(str(error)) from None


def memo_folders():
    """
    Where the server keeps memo files.

    :returns: ``{"written": folder, "read": [folder, ...], "managed": the folder of the images' files, "private": bool,
        "shared": bool}``; shared means that other servers write to the same folder

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.memo_folders
    """
    return {**omero_memo.folders(_config()), "shared": omero_memo_settings.shared(_memo(), _config())}


def memo_count(folder=None):
    """
    Number of memo files. Walks through the folder, which takes about a second for 100 000 files.

    :param folder: by default the one that the server writes to
    :returns: number; 0 where there is no such folder

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.memo_count
    """
    return omero_memo.count(folder or memo_folders()["written"])[0]


def memo_size(folder=None):
    """
    Bytes in memo files. Walks through the folder, which takes about a second for 100 000 files.

    :param folder: by default the one that the server writes to
    :returns: number of bytes; 0 where there is no such folder

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.memo_size
    """
    return omero_memo.count(folder or memo_folders()["written"])[1]


def _files(images=None, newest=None, user=USER):
    """The files to be opened for these images."""
    want = _valid(omero_memo.wanted, images, newest)
    if user and not _ids(user):
        raise CommandExecutionError(f"there is no user {user} on this host yet")
    found = omero_memo.listed(want, Installation(__salt__, user=user).query)
    return omero_memo.files(found, memo_folders()["managed"])


def memo_missing(images=None, newest=None, omerodir=OMERODIR, folder=FOLDER, user=USER):
    """
    How many images lack a memo file. One question to the database for each 50 000 images.

    :param images: list of image ids
    :param newest: so many of the images that were added last; with neither all images
    :param folder: where the worker's progress is
    :returns: ``{"images": {"total", "missing", "tried"}, "files": {"total", "missing", "tried"}}``, numbers. Images of
        one file share its memo file. Those in OMERO's own pixel files are not counted: they never have one. ``tried``
        are those of the missing that the worker opened in its last round and that got no memo file by that.
    :raises CommandExecutionError: the database does not answer, or a parameter is of another form.

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.memo_missing newest=100
    """
    places, since = memo_folders()["read"], omero_memo.since(omerodir)
    items = _files(images, newest, user)
    cold = [one for one in items if not omero_memo.is_warm(places, one["file"], since)]
    progress = Progress(folder)
    request, status = progress.request(), progress.status() or {}
    opened = progress.opened(request) if request and status.get("started", 0) >= since else {}
    counted = {
        "total": items,
        "missing": cold,
        "tried": [one for one in cold if opened.get(one["image"], "ok") != "ok"],
    }
    return {
        "images": {key: sum(one["images"] for one in some) for key, some in counted.items()},
        "files": {key: len(some) for key, some in counted.items()},
    }


def memo_warm(image, timeout=None, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Open one image in the running server, so that there is a memo file of it. Also where there is one already.

    :param image: image id
    :param timeout: limit in seconds, by default pillar ``omero:memo:image_timeout`` (3600); the server may go on
        after it
    :returns: ``{"seconds": float, "file": path of the image's file, "memo": bool}``; ``memo`` is False where
        Bio-Formats made none, such as for a file that it opened quicker than ``omero.pixeldata.memoizer_wait`` ms
    :raises CommandExecutionError: no such image, or one in OMERO's own pixel files; the server or the database does not
        answer, or the server cannot open it in time.

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.memo_warm 51
    """
    memo = _memo()
    found = _files([image], user=user)
    if not found:
        raise CommandExecutionError(f"image {image}: there is none of this id that Bio-Formats opens")
    limit = memo["image_timeout"] if timeout is None else timeout
    given = {"host": "127.0.0.1", "port": memo["port"], "user": memo["login"], "timeout": limit}
    given |= {"pixels": found[0]["pixels"], "password": omero_host.secret(__salt__, memo["password"])}
    at, code = Installation(__salt__, omerodir, venv, user), inspect.getsource(omero_memo_client)
    result = at.python("-c", code, stdin=json.dumps(given), timeout=limit + 60)
    if result["retcode"]:
        raise _failure(f"opening image {image}", result)
    said = json.loads(result["stdout"].splitlines()[-1])
    warm = omero_memo.is_warm(memo_folders()["read"], found[0]["file"], omero_memo.since(omerodir))
    return {"seconds": said["seconds"], "file": found[0]["file"], "memo": warm}


def memo_configure(path, test=False, omerodir=OMERODIR, user=USER):
    """
    Write the settings of the worker that makes memo files, which follow from pillar. Only ``user`` can read them.

    :param path: the file; its folder belongs to root
    :param test: only say what would be changed
    :returns: ``{name of a setting: {"old": value, "new": value}}``, passwords masked; empty where all is as it
        should be
    :raises CommandExecutionError: pillar is wrong, or lacks a password.

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.memo_configure /etc/omero-memo/settings.json test=True
    """
    memo, where = _memo(), omero_host.database(__salt__)
    wanted = omero_memo_settings.worker(memo, _config(), omerodir, where)
    wanted["login"]["password"] = omero_host.secret(__salt__, memo["password"])
    wanted["pgpass"] = omero_database.pgpass(where, omero_host.secret(__salt__, f"secrets:database:{where['user']}"))
    path, owner = pathlib.Path(path), _ids(user)
    changes = omero_memo_settings.changes(_read(path), wanted)
    if owner and path.exists() and (path.stat().st_uid, path.stat().st_mode & 0o777) != (owner[0], 0o600):
        changes["owner and mode"] = {"old": None, "new": f"{user} 0600"}
    if changes and not test:
        _write(path, json.dumps(wanted, indent=1, sort_keys=True) + "\n", owner)
    return changes


def _ids(user):
    """The numbers of a system user; None where there is none yet."""
    with contextlib.suppress(KeyError):
        return tuple(pwd.getpwnam(user)[2:4]) if user else None
    return None


def _read(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _write(path, text, owner):
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with open(handle, "w", encoding="utf-8") as file:
        if owner:
            os.fchown(handle, *owner)
        file.write(text)
    pathlib.Path(made).replace(path)


def memo_start(images=None, newest=None, part=0, parts=1, turn=0, turns=1, folder=FOLDER, user=USER):
    """
    Have the worker make the memo files that are missing. Does not wait for it.

    The same again joins the round that is under way, or resumes the one that was stopped; another takes its place.

    :param images: list of image ids
    :param newest: so many of the images that were added last; with neither all images
    :param part: with ``parts``: only this part (from 0) of so many, for servers that share one folder of memo files
    :param turn: with ``turns``: begin so far (from 0) into the list, so that servers do not open the same file at once
    :returns: "joined", "resumed" or "started"
    :raises CommandExecutionError: a parameter is of another form, or the worker's unit is not there.

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.memo_start newest=1000
    """
    request = _valid(omero_memo.wanted, images, newest)
    for number, of in ((part, parts), (turn, turns)):
        if not 0 <= int(number) < int(of):
            raise CommandExecutionError(f"part, turn: a number from 0 below {of} was expected, not {number}")
    request |= {"part": int(part), "parts": int(parts), "turn": int(turn), "turns": int(turns)}
    answer = Progress(folder, _ids(user)).ask(request)
    # another request has to be read from the beginning
    _service("start" if answer == "joined" else "restart", no_block=True)
    return answer


def memo_stop(folder=FOLDER):
    """
    Stop the worker. What it has done stays; ``memo_start`` with the same parameters resumes.

    :param folder: where its progress is
    :returns: True

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.memo_stop
    """
    Progress(folder).stop()
    _service("stop")
    return True


def _service(act, **options):
    # Salt's own, which reads units anew that have changed
    if not __salt__[f"service.{act}"](UNIT, **options):
        raise CommandExecutionError(f"systemd did not accept to {act} {UNIT}")


def memo_progress(folder=FOLDER):
    """
    How far the worker is.

    :param folder: where its progress is
    :returns: ``{"state": str, "why": str or None, "images": {"total", "done", "failed"}, "files": {"total", "done",
        "failed", "without_memo"}, "per_minute": files a minute of late, "eta_seconds": seconds left, "failures":
        [{"image", "why"}, ...], "started", "updated": seconds since the epoch}``. The state is never, asked, listing,
        warming, paused (``why`` says by what), waiting (for server or database), done, or stopped.

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.memo_progress
    """
    progress = Progress(folder)
    return omero_memo_settings.told(progress.request(), progress.is_wanted(), progress.status())
