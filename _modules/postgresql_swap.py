"""
One database in the place of another: part of the execution module ``postgresql``.
"""

import idr_swap
from salt.exceptions import CommandExecutionError

__virtualname__ = "postgresql"


def __virtual__():
    return __virtualname__


def database_swap(name, other, keep_as):
    """
    Put a database into the place of another one, in one transaction: ``name`` becomes ``keep_as``, and ``other``
    becomes ``name``. Whoever is connected to either is cut off, and finds the new one when he connects again.
    Limit: 120 s.

    :param name: the database in use
    :param other: the one that takes its place
    :param keep_as: new name of the former, which is never removed here
    :returns: ``{"name": str, "kept": str}``
    :raises CommandExecutionError: one of the two is missing, ``keep_as`` is there already, or sessions do not end; then
        nothing was renamed

    CLI Example:

    .. code-block:: bash

        salt idr-local-database postgresql.database_swap omero omero_rollback omero_before
    """
    try:
        statement = idr_swap.statement(name, other, keep_as)
    except ValueError as exc:
        raise CommandExecutionError(str(exc)) from None
    there = {row[0] for row in __salt__["postgresql.query"]("SELECT datname FROM pg_database;")}
    missing = sorted({name, other} - there)
    if missing:
        raise CommandExecutionError(f"database {', '.join(missing)}: expected to be there; nothing was renamed")
    if keep_as in there:
        raise CommandExecutionError(f"database {keep_as}: expected a name that is free; nothing was renamed")
    __salt__["postgresql.query"](statement)
    return {"name": name, "kept": keep_as}
