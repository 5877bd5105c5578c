"""
Statements for the PostgreSQL cluster of this host, by ``psql`` as its own superuser.
"""

import csv
import io

from salt.exceptions import CommandExecutionError

__virtualname__ = "postgresql"

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


def file_errors(loaded=False):
    """
    What PostgreSQL does not accept of its files as they are now.

    A parameter that only a restart can change is reported by PostgreSQL in the same words as one with a bad value. Only
    after a reload it can be told from it, because then it waits for the restart.

    :param loaded: the files have been reloaded since they changed last
    :returns: list of ``"<file>, line <number>: <error>"``

    CLI Example:

    .. code-block:: bash

        salt '*' postgresql.file_errors
    """
    unsure = "s.pending_restart" if loaded else "s.context = 'postmaster'"
    rows = query(
        "SELECT f.sourcefile, f.sourceline, f.name, f.error"
        " FROM pg_file_settings f LEFT JOIN pg_settings s USING (name)"
        f" WHERE f.error IS NOT NULL AND ({unsure}) IS NOT TRUE ORDER BY 1, 2;"
        "SELECT current_setting('hba_file'), line_number, array_to_string(user_name, ','), error FROM pg_hba_file_rules"
        " WHERE error IS NOT NULL ORDER BY 2;"
    )
    return [f"{path}, line {line}: {name}: {error}" for path, line, name, error in rows]


def pending_restart():
    """
    Parameters whose new values wait for a restart.

    :returns: sorted list of names

    CLI Example:

    .. code-block:: bash

        salt '*' postgresql.pending_restart
    """
    return [row[0] for row in query("SELECT name FROM pg_settings WHERE pending_restart ORDER BY name;")]


def loaded_before(files):
    """
    Tell whether the cluster has read its configuration before one of the files last changed.

    :param files: list of paths
    :returns: True if a reload is due

    CLI Example:

    .. code-block:: bash

        salt '*' postgresql.loaded_before '[/etc/postgresql/15/main/pg_hba.conf]'
    """
    loaded = float(query("SELECT extract(epoch FROM pg_conf_load_time());")[0][0])
    return any(__salt__["file.stats"](path)["mtime"] > loaded for path in files)
