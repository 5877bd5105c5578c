"""
Statements for the PostgreSQL cluster of this host, by ``psql`` as its own superuser.
"""

import csv
import io
import pathlib

import idr_tuning
from salt.exceptions import CommandExecutionError

__virtualname__ = "postgresql"

# Limits of a container, on cgroup v2 and v1.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")

_PSQL = "psql --no-psqlrc --quiet --csv --tuples-only --set=ON_ERROR_STOP=1 --dbname="


def __virtual__():
    return __virtualname__


def query(statement, database="postgres", transaction=True):
    """
    Run SQL. Statements go in on standard input, so that they are in no list of processes.

    :param statement: one or more statements
    :param database: name of the database
    :param transaction: run all of them or none; ``CREATE DATABASE`` has to do without
    :returns: list of rows, each a list of texts
    :raises CommandExecutionError: with what psql said

    CLI Example:

    .. code-block:: bash

        salt '*' postgresql.query 'SELECT datname FROM pg_database'
    """
    result = __salt__["cmd.run_all"](
        f"{_PSQL}{database} --file=-{' --single-transaction' if transaction else ''}",
        stdin=statement,
        runas="postgres",
        cwd="/",
        python_shell=False,
        output_loglevel="quiet",
        ignore_retcode=True,
        timeout=120,
    )
    if result["retcode"]:
        raise CommandExecutionError(f"psql: {result['stderr'] or result['stdout']}")
    return list(csv.reader(io.StringIO(result["stdout"], newline="")))


def clients():
    """
    Who may log in from where: the hosts of the roles that pillar names, by their addresses in the mine.

    :returns: sorted list of ``{"database": str, "role": str, "id": minion id, "address": CIDR}``
    :raises CommandExecutionError: the mine does not know even this host

    CLI Example:

    .. code-block:: bash

        salt '*' postgresql.clients
    """
    wanted = __salt__["pillar.get"]("postgresql", unmask=True)
    return [
        {
            "database": database,
            "role": role,
            "id": peer["id"],
            "address": _cidr(peer),
        }
        for database in sorted(wanted["databases"])
        for role, settings in sorted(wanted["roles"].items())
        for peer in __salt__["idr.peers"](settings["clients"])
    ]


def _cidr(peer):
    # OMERO on the same host: see omero_host.database
    address = "127.0.0.1" if peer["id"] == __opts__["id"] else peer["address"]
    return f"{address}/{128 if ':' in address else 32}"


def parameters():
    """
    Parameters of the cluster: computed from this host, and over them those that pillar gives.

    :returns: ``{name: text}``, sorted

    CLI Example:

    .. code-block:: bash

        salt '*' postgresql.parameters
    """
    wanted = __salt__["pillar.get"]("postgresql", unmask=True)
    given = wanted.get("parameters", {})
    extensions = [name for database in wanted["databases"].values() for name in database.get("extensions", [])]
    computed = idr_tuning.parameters(
        memory(), __grains__["num_cpus"], given.get("max_connections", idr_tuning.CONNECTIONS), extensions
    )
    return {name: _text(value) for name, value in sorted((computed | _archiving() | given).items())}


def _archiving():
    if not __salt__["pillar.get"]("pgbackrest:enabled", False, unmask=True):
        return {}
    name = __salt__["pgbackrest.stanza"]()
    return {"archive_mode": "on", "archive_command": f"pgbackrest --stanza={name} archive-push %p"}


def _text(value):
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def memory():
    """
    Memory that this host may use: of its machine, unless its container or its cloud gives it less.

    :returns: MB

    CLI Example:

    .. code-block:: bash

        salt '*' postgresql.memory
    """
    limits = [pathlib.Path(path).read_text(encoding="ascii") for path in _LIMITS if pathlib.Path(path).exists()]
    return idr_tuning.memory(__grains__["mem_total"], [*limits, int(__grains__.get("memory", 0))])
