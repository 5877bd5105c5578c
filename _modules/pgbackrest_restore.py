"""
The cluster of this host as it was at a time: part of the execution module ``pgbackrest``.

The present cluster's files are kept beside the restored ones. Until the restored cluster is proved, whatever fails puts
them back.
"""

import contextlib
import datetime
import os
import pathlib
import shutil

import omero_wait
import pgbackrest_command
from salt.exceptions import CommandExecutionError

__virtualname__ = "pgbackrest"

LOGS = "/var/log/postgresql"
BEFORE = "before"
# Seconds for a restore, for the recovery after it, and until a cluster that was put back answers.
RESTORE, RECOVER, UP = 24 * 3600, 6 * 3600, 600
# What a restore leaves in postgresql.auto.conf, where a clone would find it.
_LEFT = (
    "SELECT DISTINCT name FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf' "
    "AND (name = 'restore_command' OR name LIKE 'recovery\\_target%') ORDER BY name;"
)


def __virtual__():
    return __virtualname__


def kept():
    """
    Files of clusters that restores have kept, which are nobody's backup and need their space.

    :returns: sorted list of folders

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.kept
    """
    data = _data()
    return sorted(str(path) for path in data.parent.glob(f"{data.name}.{BEFORE}-*"))


def discard():
    """
    Remove what :func:`kept` lists.

    :returns: the folders that are gone
    :raises CommandExecutionError: one cannot be removed

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.discard
    """
    found = kept()
    try:
        for path in found:
            shutil.rmtree(path)
    except OSError as exc:
        raise CommandExecutionError(str(exc)) from exc
    return found


def space():
    """
    What is free where a restored cluster has to lie beside the present one.

    :returns: bytes

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.space
    """
    found = os.statvfs(_data().parent)
    return found.f_bavail * found.f_frsize


def answers():
    """
    Whether the cluster of this host takes what is written.

    :returns: empty when it does, or what came instead

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.answers
    """
    try:
        recovering = __salt__["postgresql.query"]("SELECT pg_is_in_recovery();")[0][0]
    except CommandExecutionError as exc:
        return str(exc)
    return "PostgreSQL is in recovery" if recovering == "t" else ""


def seal():
    """
    Have all that was written until now in the repository.

    :returns: True
    :raises CommandExecutionError: WAL is not archived

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.seal
    """
    # Recovery to a time ends at the first transaction after it. Where nobody writes there would be none.
    __salt__["postgresql.query"]("SELECT pg_current_xact_id();")
    return __salt__["pgbackrest.check"](__salt__["pgbackrest.stanza"]())


def restore(label, target, limit=RECOVER):
    """
    Put the cluster of this host to what it was at a time. Its present files are kept, and put back when anything fails.

    :param label: of the backup to begin with
    :param target: time as PostgreSQL has it
    :param limit: seconds for PostgreSQL to come to that time
    :returns: ``{"target": str, "kept": folder of the files of before}``
    :raises CommandExecutionError: WAL is not archived (nothing was stopped), or why the cluster of before is back; or,
        if that is not so, where its files are

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.restore 20260131-030000F '2026-01-31 12:00:00+00'
    """
    data, service = _data(), _service()
    stanza = __salt__["pgbackrest.stanza"]()
    if not answers():
        seal()
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S")
    before = data.with_name(f"{data.name}.{BEFORE}-{stamp}")
    # The timeline that the backup is of, as it was then: the latest may have left it before the target.
    arguments = [f"--set={label}", "--type=time", f"--target={target}", "--target-timeline=current"]
    arguments += ["--target-action=promote", "restore"]
    _stop(service)
    try:
        data.rename(before)
    except OSError as exc:
        _start(service)
        raise CommandExecutionError(f"{exc}. The cluster is as it was.") from exc
    try:
        data.mkdir(mode=0o700)
        shutil.chown(data, pgbackrest_command.USER, pgbackrest_command.USER)
        pgbackrest_command.run(__salt__, arguments, stanza, RESTORE)
        _start(service)
        _promoted(service, data, limit)
        _clean()
    except (CommandExecutionError, OSError) as exc:
        put_back(str(before))
        raise CommandExecutionError(f"{exc}. The cluster of before is back.") from exc
    return {"target": target, "kept": str(before)}


def put_back(folder):
    """
    Put kept files into the place of the cluster, whose own are removed, and start it. For a restore that was
    interrupted, and for one to a time that turned out to be the wrong one: all that was written since is lost then.

    :param folder: one that :func:`kept` lists
    :returns: True
    :raises CommandExecutionError: it is none of them, or the cluster does not start

    CLI Example:

    .. code-block:: bash

        salt idr-local-database pgbackrest.put_back /var/lib/postgresql/15/main.before-20260131-120500
    """
    data, service = _data(), _service()
    if folder not in kept():
        raise CommandExecutionError(f"folder: expected one of {', '.join(kept()) or 'none'}, found {folder!r}")
    try:
        _stop(service)
        if data.exists():
            shutil.rmtree(data)
        pathlib.Path(folder).rename(data)
        _start(service)
        done, wrong = omero_wait.until(_up, UP, interval=1)
    except (CommandExecutionError, OSError) as exc:
        done, wrong = False, exc
    if not done:
        place = folder if pathlib.Path(folder).exists() else str(data)
        raise CommandExecutionError(f"the cluster of before is not back ({wrong}); its files are in {place}")
    return True


def _up():
    wrong = answers()
    return not wrong, wrong


def _promoted(service, data, limit):
    """Wait for the end of recovery; a cluster that gives up on the way is known by that it is gone."""
    gone = 0

    def ended():
        nonlocal gone
        wrong = answers()
        gone = gone + 1 if wrong and not __salt__["service.status"](service) else 0
        return not wrong or gone >= 3, wrong

    _, wrong = omero_wait.until(ended, limit, interval=1)
    if wrong:
        raise CommandExecutionError(f"PostgreSQL did not come to that time: {_fatal(data) or wrong}")


def _fatal(data):
    """What PostgreSQL itself said last; Debian's has a file for it."""
    path = pathlib.Path(LOGS, f"postgresql-{data.parent.name}-{data.name}.log")
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-200:]
    except OSError:
        return ""
    return next((line.split("FATAL:", 1)[1].strip() for line in reversed(lines) if "FATAL:" in line), "")


def _clean():
    names = [name for (name,) in __salt__["postgresql.query"](_LEFT)]
    if names:
        statements = "".join(f"ALTER SYSTEM RESET {name};\n" for name in names)
        __salt__["postgresql.query"](f"{statements}SELECT pg_reload_conf();", transaction=False)


def _stop(service):
    __salt__["service.stop"](service)
    if __salt__["service.status"](service):
        raise CommandExecutionError(f"{service} could not be stopped")


def _start(service):
    # Whether it comes up is asked of PostgreSQL, which also knows better why not.
    with contextlib.suppress(CommandExecutionError):
        __salt__["service.start"](service)


def _data():
    found = __salt__["pgbackrest.data"]()
    if not found:
        raise CommandExecutionError("pgBackRest is not configured on this host: apply its states")
    return pathlib.Path(found)


def _service():
    version, name = _data().parts[-2:]
    if __grains__["os_family"] == "Debian":
        return f"postgresql@{version}-{name}"
    source = __salt__["pillar.get"]("postgresql:source", unmask=True)
    return f"postgresql-{version}" if source == "pgdg" else "postgresql"
