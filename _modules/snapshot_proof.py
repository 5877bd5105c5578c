"""
What a scratch host does with the clone of a set of snapshots: part of the execution module ``snapshot``.

It has no role and no pillar, so that nothing it is told here can reach anybody else.
"""

import contextlib
import csv
import io
import os
import pathlib
import shutil

import snapshot_proof
from command_errors import failure
from salt.exceptions import CommandExecutionError

__virtualname__ = "snapshot"

BASE = "/srv/snapshot"
# Seconds for one command: the check of a large cluster takes hours.
LIMIT = 24 * 3600
# What is shown of what is wrong.
SHOWN = 20


class _SilentError(Exception):
    """Something that the cluster cannot answer."""


def __virtual__():
    return __virtualname__


def prove(volumes, postgresql=None, omero=None):
    """
    Prove the clones that this host has as its volumes: mount them, start PostgreSQL on its cluster and check that with
    amcheck, count tables, and look for OMERO's files.

    :param volumes: names of this host's volumes (grain ``volumes``) by their names in the set
    :param postgresql: ``{"version", "volume", "data", "tables": {database: [least, most]}}`` of the manifest
    :param omero: ``{"volume", "data", "database"}`` of the manifest
    :returns: ``{"mounted": [volume, ...], "tables": {database: how many}, "files": how many rows were looked at,
        "errors": [what is wrong with the set]}``
    :raises CommandExecutionError: this host cannot do it, which says nothing of the set

    CLI Example:

    .. code-block:: bash

        salt idr-local-scratch snapshot.prove '{idr-local-proxy-nginxcache: proxy-nginxcache}'
    """
    told = {"mounted": [], "tables": {}, "files": 0, "errors": []}
    for name, own in sorted(volumes.items()):
        wrong = _mount(own)
        told["errors"] += [f"{name}: {wrong}"] if wrong else []
        told["mounted"] += [] if wrong else [name]
    if postgresql and postgresql["volume"] in told["mounted"]:
        _install(postgresql["version"].split(".")[0])
        data = pathlib.Path(BASE, volumes[postgresql["volume"]], postgresql["data"])
        _prove_cluster(postgresql, data, told, omero and {**omero, "root": _root(volumes, omero, told)})
    told["errors"] = _short(told["errors"])
    return told


def _root(volumes, omero, told):
    if omero["volume"] not in told["mounted"]:
        return None
    return pathlib.Path(BASE, volumes[omero["volume"]], omero["data"])


def _run(command, **options):
    return __salt__["cmd.run_all"](
        command, python_shell=False, ignore_retcode=True, timeout=LIMIT, output_loglevel="quiet", **options
    )


def _mount(own):
    """Mount a clone beside its origin, whose UUID it has; returns what is wrong."""
    device, path = __grains__["volumes"].get(own), pathlib.Path(BASE, own)
    if device is None:
        raise CommandExecutionError(f"grain volumes: expected {own}, found {', '.join(__grains__['volumes'])}")
    path.mkdir(parents=True, exist_ok=True)
    if path.is_mount():
        return ""
    result = _run(["mount", "-t", "xfs", "-o", "noatime,nodev,nosuid,noexec,nouuid", device, str(path)])
    return f"cannot be mounted: {result['stderr'].splitlines()[0]}" if result["retcode"] else ""


def _install(major):
    """PostgreSQL's programs of a version, without a cluster of its own."""
    if pathlib.Path(f"/usr/lib/postgresql/{major}/bin/pg_amcheck").exists():
        return
    configured = pathlib.Path("/etc/postgresql-common/createcluster.conf")
    configured.parent.mkdir(parents=True, exist_ok=True)
    configured.write_text("create_main_cluster = false\n", encoding="utf-8")
    for refresh in (False, True):
        # An image's list of packages may be too old.
        with contextlib.suppress(*([] if refresh else [CommandExecutionError])):
            __salt__["pkg.install"](pkgs=[f"postgresql-{major}"], refresh=refresh, install_recommends=False)
            break
    if not pathlib.Path(f"/usr/lib/postgresql/{major}/bin/pg_amcheck").exists():
        raise CommandExecutionError(f"package postgresql-{major}: expected it to bring pg_amcheck")


def _prove_cluster(postgresql, data, told, omero):
    run = pathlib.Path("/run/idr-snapshot-proof")
    programs = pathlib.Path(f"/usr/lib/postgresql/{postgresql['version'].split('.')[0]}/bin")
    _prepare(run, data)
    control = [str(programs / "pg_ctl"), f"--pgdata={data}", "--wait", "--timeout=3600"]
    start = [*control, f"--options=-c config_file={run}/postgresql.conf", f"--log={run}/log", "start"]
    result = _run(start, runas="postgres", cwd="/")
    if result["retcode"]:
        last = (run / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
        told["errors"].append(f"PostgreSQL does not start on the cluster: {' / '.join(last)}")
        return
    try:
        _check(programs, run, told)
        told["tables"] = {
            name: int(_sql(run, name, snapshot_proof.TABLES_QUERY)[0][0])
            for (name,) in _sql(run, "postgres", snapshot_proof.DATABASES_QUERY)
        }
        told["errors"] += snapshot_proof.counts(postgresql["tables"], told["tables"])
        if omero and omero["root"]:
            _check_files(run, omero, told)
    except _SilentError as exc:
        told["errors"].append(str(exc))
    finally:
        _run([*control, "--mode=fast", "stop"], runas="postgres", cwd="/")


def _prepare(run, data):
    run.mkdir(mode=0o755, exist_ok=True)
    (run / "postgresql.conf").write_text(snapshot_proof.configuration(data, run), encoding="utf-8")
    (run / "pg_hba.conf").write_text(snapshot_proof.ACCESS, encoding="utf-8")
    shutil.chown(run, "postgres", "postgres")
    # Another host may have given postgres another number.
    if os.stat(data).st_uid != os.stat(run).st_uid:
        result = _run(["chown", "--recursive", "postgres:postgres", str(data)])
        if result["retcode"]:
            raise failure(f"chown {data}", result)
    # As after a power cut, of which nobody is told.
    (data / "postmaster.pid").unlink(missing_ok=True)


def _check(programs, run, told):
    command = [programs / "pg_amcheck", f"--host={run}", "--all", "--install-missing", "--heapallindexed", "--jobs=2"]
    result = _run([str(word) for word in command], runas="postgres", cwd="/")
    if result["retcode"]:
        lines = f"{result['stdout']}\n{result['stderr']}".splitlines()
        told["errors"] += [f"amcheck: {line.strip()}" for line in lines if line.strip()]


def _sql(run, database, statement):
    command = ["psql", "--no-psqlrc", "--quiet", "--csv", "--tuples-only", "--set=ON_ERROR_STOP=1"]
    result = _run(
        [*command, f"--host={run}", f"--dbname={database}", "--file=-"], stdin=statement, runas="postgres", cwd="/"
    )
    if result["retcode"]:
        raise _SilentError(f"database {database}: {result['stderr'] or result['stdout']}")
    return list(csv.reader(io.StringIO(result["stdout"], newline="")))


def _check_files(run, omero, told):
    """What the database says that there is, is there."""
    parts = (
        ("pixels", snapshot_proof.PIXELS_QUERY, snapshot_proof.pixels_missing),
        ("originalfile", snapshot_proof.FILES_QUERY, snapshot_proof.files_missing),
    )
    for table, query, look in parts:
        (there,) = _sql(run, omero["database"], f"SELECT to_regclass('public.{table}') IS NOT NULL")
        after = -1 if there == ["t"] else None
        while after is not None:
            rows = _sql(run, omero["database"], query.format(after=after))
            told["files"] += len(rows)
            told["errors"] += look(omero["root"], rows)
            after = rows[-1][0] if rows else None


def _short(errors):
    more = len(errors) - SHOWN
    return errors if more <= 0 else [*errors[:SHOWN], f"and {more} more"]
