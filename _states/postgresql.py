"""
What the PostgreSQL cluster of this host must have. Passwords are named by their place in pillar, so that they are
in no state data, and reach the server as SCRAM verifiers only.

All that is asked of the cluster is asked at once and kept until something is changed.
"""

import itertools
import pathlib
import time

import idr_facts
import idr_privileges
from idr_sql import literal
from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

__virtualname__ = "postgresql"

WAIT = 60
_KEPT = "postgresql.facts"


def __virtual__():
    return __virtualname__


def _facts(fresh=False):
    """What the cluster says, or None in test mode when there is none yet that could be asked."""
    if fresh:
        __context__.pop(_KEPT, None)
    if _KEPT not in __context__:
        names = __salt__["pillar.get"]("postgresql:databases", {}, unmask=True)
        try:
            rows = __salt__["postgresql.query"](idr_facts.script(names), transaction=False)
            __context__[_KEPT] = idr_facts.parse(rows)
        except CommandExecutionError:
            if not __opts__["test"]:
                raise
            __context__[_KEPT] = None
    return __context__[_KEPT]


def _apply(name, plan):
    """Make the changes of a plan, as :mod:`idr_privileges` has it."""
    if not plan:
        return _ret(name, True, "As declared")
    changes = {what: "set" for what, _, _ in plan}
    if __opts__["test"]:
        return _ret(name, None, f"Would be set: {', '.join(changes)}", changes)
    __context__.pop(_KEPT, None)
    for (database, alone), steps in itertools.groupby(plan, lambda step: (step[1], _is_alone(step))):
        statements = "".join(f"{statement}\n" for _, _, statement in steps)
        __salt__["postgresql.query"](statements, database, not alone)
    return _ret(name, True, f"Set: {', '.join(changes)}", changes)


def _is_alone(step):
    return step[2].startswith(idr_privileges.CREATE)


def only_version(name, version):
    """
    The volume has no cluster of another major version, or has one of this version made from it.

    It changes nothing: without it a new version in pillar, or a volume of another host, would be met with a new and
    empty cluster beside the one with the data.

    :param name: folder of the clusters, ``<version>/<cluster>``
    :param version: major version

    .. code-block:: yaml

        /var/lib/postgresql:
          postgresql.only_version:
            - version: '15'
    """
    found = {
        path.parent: path.read_text(encoding="ascii").strip() for path in pathlib.Path(name).glob("*/*/PG_VERSION")
    }
    versions = set(found.values())
    others = [f"{one} in {path}" for path, one in sorted(found.items()) if one != str(version)]
    newer = any(float(one) > float(version) for one in versions)
    if others and (str(version) not in versions or newer):
        return _ret(
            name,
            False,
            f"pillar postgresql:version (or the system's own version): expected that of the data, found {version}, but "
            f"there is a cluster of version {', '.join(others)}. Nothing was installed or created. To upgrade see "
            "docs/postgresql-upgrade.md",
        )
    return _ret(name, True, f"No cluster of another version than {version} that is not upgraded")


def role(name, secret, settings=None):
    """
    A role that may log in with a password, and has no power over the cluster and is in no other role.

    :param name: the role
    :param secret: place of its password in pillar, such as ``secrets:database:omero``
    :param settings: parameters of the role's sessions, as in ``ALTER ROLE ... SET``

    .. code-block:: yaml

        omeroreadonly:
          postgresql.role:
            - secret: secrets:database:omeroreadonly
            - settings: {statement_timeout: 60s}
    """
    password = __salt__["pillar.get"](secret, unmask=True)
    if not isinstance(password, str) or not password:
        return _ret(name, False, f"Pillar has no {secret}: run salt-run idr.secrets for this environment")
    try:
        return _apply(name, idr_privileges.role(_facts(), name, password, settings or {}))
    except (CommandExecutionError, ValueError) as exc:
        return _ret(name, False, str(exc))


def database(name, owner, extensions=()):
    """
    A database in UTF-8 that its owner alone may connect to and make things in, until others are let in.

    :param name: the database
    :param owner: an existing role
    :param extensions: names of extensions that it must have, in schema public

    .. code-block:: yaml

        omero:
          postgresql.database:
            - owner: omero
            - extensions: [pg_stat_statements]
    """
    try:
        return _apply(name, idr_privileges.database(_facts(), name, owner, extensions))
    except (CommandExecutionError, ValueError) as exc:
        return _ret(name, False, str(exc))


def readable(name, owner, reader, passwords_of=()):
    """
    A role may connect, make temporary tables, and read all that a database's owner has made in schema public and will
    make anywhere: but of OMERO's table ``password`` only the rows of some users, as a view in a schema of its own name.

    :param name: the database
    :param owner: the role whose tables and sequences are meant
    :param reader: the role that may read them
    :param passwords_of: OMERO users

    .. code-block:: yaml

        omero:
          postgresql.readable:
            - owner: omero
            - reader: omeroreadonly
            - passwords_of: [public]
    """
    try:
        return _apply(name, idr_privileges.reader(_facts(), name, owner, reader, passwords_of))
    except (CommandExecutionError, ValueError) as exc:
        return _ret(name, False, str(exc))


def loaded(name, files=(), force=False, restart=True):
    """
    The cluster runs with its files as they are now: checked, reloaded, and restarted only if a parameter asks for it.

    :param name: its service
    :param restart: False to leave a restart that a parameter asks for to another state
    :param files: files whose change makes a reload due, even if it happened in a run that was interrupted

    .. code-block:: yaml

        postgresql@15-main:
          postgresql.loaded:
            - files: [/etc/postgresql/15/main/pg_hba.conf]
            - watch:
                - file: pg_hba
    """
    try:
        if __opts__["test"]:
            return _loaded_test(name, files, force, restart)
        return _load(name, files, force, restart)
    except CommandExecutionError as exc:
        return _ret(name, False, str(exc))


def mod_watch(name, sfun=None, files=(), restart=True, **_):
    """
    Reload (or restart) because a watched file changed.
    """
    return loaded(name, files, force=True, restart=restart)


def _loaded_test(name, files, force, restart):
    facts = _facts(fresh=True)
    if force or (facts and (_is_due(facts, files) or (restart and facts["pending"]))):
        return _ret(name, None, "Would be reloaded or restarted", {name: "load"})
    return _ret(name, True, "Runs with its files as they are")


def _load(name, files, force, restart):
    facts = _facts(fresh=True)
    due = force or _is_due(facts, files)
    errors = _errors(facts) if due else []
    if errors:
        return _ret(name, False, "Not reloaded: " + "; ".join(errors))
    if due:
        _reload()
        facts = _facts(fresh=True)
    errors = _errors(facts, loaded=True)
    if errors:
        return _ret(name, False, "Not restarted: " + "; ".join(errors))
    if restart and facts["pending"]:
        __salt__["service.restart"](name)
        _wait_for("SELECT 1;")
        __context__.pop(_KEPT, None)
        return _ret(name, True, f"Restarted for {', '.join(facts['pending'])}", {name: "restarted"})
    if due:
        return _ret(name, True, "Reloaded", {name: "reloaded"})
    return _ret(name, True, "Runs with its files as they are")


def _is_due(facts, files):
    return any(pathlib.Path(path).stat().st_mtime > facts["loaded"] for path in files)


def _errors(facts, loaded=False):
    """
    What PostgreSQL does not accept of its files.

    A parameter that only a restart can change is reported by PostgreSQL in the same words as one with a bad value. Only
    after a reload it can be told from it, because then it waits for the restart.
    """
    unsure = ((text, pending if loaded else context == "postmaster") for text, context, pending in facts["file_errors"])
    return [text for text, may_wait in unsure if not may_wait] + facts["hba_errors"]


def _reload():
    before = __salt__["postgresql.query"]("SELECT pg_conf_load_time();")[0][0]
    __salt__["postgresql.query"]("SELECT pg_reload_conf();")
    # The signal is worked on a moment later; only then does pending_restart tell the truth.
    _wait_for(f"SELECT 1 WHERE pg_conf_load_time() > {literal(before)}::timestamptz;")


def _wait_for(statement):
    deadline = time.monotonic() + WAIT
    while True:
        try:
            if __salt__["postgresql.query"](statement):
                return
            error = "no new configuration was loaded"
        except CommandExecutionError as exc:
            error = str(exc)
        if time.monotonic() >= deadline:
            raise CommandExecutionError(f"after {WAIT} s: {error}")
        time.sleep(0.5)
