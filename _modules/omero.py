"""
Execution module for OMERO.server and OMERO.web through their own command ``omero``.

Functions work on the server of the host unless ``omerodir``, ``venv`` and ``user`` name another installation,
such as that of OMERO.web. Passwords are given by the pillar key that holds them, so that they are in no job,
log or command line; they reach a command by its standard input, its environment or a file of mode 0600.
"""

import contextlib
import inspect
import json
import os
import pathlib
import pwd
import secrets as random
import shutil
import tempfile

import omero_accounts
import omero_client
import omero_config
import omero_database
import omero_gunicorn
import omero_password
from salt.exceptions import CommandExecutionError

OMERODIR = "/opt/omero/server/OMERO.server"
VENV = "/opt/omero/server/venv3"
USER = "omero-server"
# where the password of OMERO's administrator is in pillar
ROOT = "secrets:omero:root"


def _pillar(key, default=None):
    # without unmask Salt answers asterisks outside of templates
    return __salt__["pillar.get"](key, default, unmask=True)


def _secret(key):
    value = _pillar(key)
    if not isinstance(value, str) or not value:
        raise CommandExecutionError(f"pillar {key}: a password was expected, there is none for this minion")
    return value


@contextlib.contextmanager
def _scratch(user):
    """A folder that only `user` can read, gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="omero-"))
    try:
        if user:
            os.chown(folder, *pwd.getpwnam(user)[2:4])
        yield folder
    finally:
        shutil.rmtree(folder)


def _write(path, text, user):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    if user:
        os.chown(path, *pwd.getpwnam(user)[2:4])


def _run(command, user, env, stdin=None, timeout=120):
    mine = pwd.getpwuid(os.geteuid()).pw_name
    # Salt's own runas starts a login shell and a Python first, only to ask for the environment that is cleaned here
    become = [] if user in (None, mine) else ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"]
    return __salt__["cmd.run_all"](
        [*become, *command],
        cwd="/",
        env={"HOME": os.path.expanduser(f"~{user or mine}"), "LANG": "C.UTF-8", **env},
        clean_env=True,
        umask="077",
        stdin=stdin,
        stdin_raw_newlines=True,
        python_shell=False,
        output_loglevel="quiet",
        ignore_retcode=True,
        timeout=timeout,
    )


def _failure(what, result):
    last = [line for line in f"{result['stdout']}\n{result['stderr']}".splitlines() if line.strip()][-3:]
    return CommandExecutionError(f"{what} failed (exit code {result['retcode']}): {' / '.join(last)}")


def _path(*folders):
    prepend = _pillar("omero:server:path_prepend", [])
    return ":".join([*prepend, *folders, "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"])


def _environment(omerodir, venv):
    return {"OMERODIR": omerodir, "PATH": _path(os.path.join(venv, "bin"))}


def _omero(*arguments, omerodir, venv, user, timeout=120):
    command = [os.path.join(venv, "bin", "omero"), *arguments]
    return _run(command, user, _environment(omerodir, venv), timeout=timeout)


def version(omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Versions of the installed parts.

    :returns: ``{"omero-py": str, "omero-server": str or None}``, the second None where there is no server

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.version
    """
    result = _omero("version", omerodir=omerodir, venv=venv, user=user)
    if result["retcode"]:
        raise _failure("omero version", result)
    lines = [line for line in result["stderr"].splitlines() if line.strip()]
    server = lines[-1] if len(lines) > 1 and "OMERO.server version" in lines[-2] else None
    return {"omero-py": result["stdout"].strip(), "omero-server": server}


def _current(omerodir):
    path = os.path.join(omerodir, "etc", "grid", "config.xml")
    try:
        with open(path, encoding="utf-8") as file:
            return omero_config.from_xml(file.read())
    except FileNotFoundError:
        return {}
    except omero_config.ConfigError as error:
        raise CommandExecutionError(f"{path}: {error}") from None


def config_list(show_password=False, omerodir=OMERODIR):
    """
    The properties in config.xml; empty where nothing is configured.

    :param show_password: True shows secrets, which are masked otherwise
    :returns: map from property to its text

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.config_list
        salt idr-local-omeroreadwrite omero.config_list omerodir=/opt/omero/web/OMERO.web
    """
    found = sorted(_current(omerodir).items())
    return {key: text if show_password else omero_config.masked(key, text) for key, text in found}


def config_load(properties, secrets=None, keep=None, test=False, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Make the configuration hold these properties and no others, by one ``omero load``.

    :param properties: map from property to a string, number, boolean, list or map (the latter stored as JSON)
    :param secrets: map from property to the pillar key of its value
    :param keep: beginnings of names; properties that begin so are left alone
    :param test: True changes nothing
    :returns: what is (or with ``test`` would be) changed: ``{property: {"old": str, "new": str}}``, secrets masked
    :raises CommandExecutionError: a property that OMERO cannot hold, a secret that is not there, or omero fails.

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.config_load '{omero.db.poolsize: 25}' test=True
    """
    secrets = secrets or {}
    both = sorted(set(properties) & set(secrets))
    if both:
        raise CommandExecutionError(f"{', '.join(both)}: give it by its value or by its pillar key, not by both")
    try:
        wanted = omero_config.to_texts({**properties, **{key: _secret(name) for key, name in secrets.items()}})
    except omero_config.ConfigError as error:
        raise CommandExecutionError(str(error)) from None
    current = _current(omerodir)
    steps = omero_config.plan(current, wanted, keep or ())
    if not test and (steps["set"] or steps["remove"]):
        with _scratch(user) as folder:
            _write(folder / "config.omero", omero_config.commands(steps), user)
            path = str(folder / "config.omero")
            result = _omero("load", path, omerodir=omerodir, venv=venv, user=user, timeout=300)
        # the command repeats a line that it could not carry out, which may hold a secret
        if result["retcode"]:
            raise CommandExecutionError(f"omero load: exit code {result['retcode']}, {omerodir} is left as it was")
    return omero_config.changes(current, steps, tuple(secrets))


def web_arguments(properties):
    """
    The arguments of gunicorn that serve OMERO.web with these properties.

    :param properties: map of omero.web.* properties
    :returns: list of strings

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.web_arguments '{omero.web.wsgi_workers: 5}'
    """
    try:
        return omero_gunicorn.arguments(properties)
    except ValueError as error:
        raise CommandExecutionError(str(error)) from None


def db_settings():
    """
    Where the database is, from pillar ``omero:db``; the host is ``<environment>-database`` by default.

    :returns: ``{"host": str, "port": int, "name": str, "user": str}``

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.db_settings
    """
    try:
        return omero_database.settings(_pillar("omero:db", {}), _pillar("environment:name"))
    except ValueError as error:
        raise CommandExecutionError(f"pillar {error}") from None


def _psql(arguments, user, stdin=None, timeout=60):
    database = db_settings()
    line = omero_database.pgpass(database, _secret(f"secrets:database:{database['user']}"))
    with _scratch(user) as folder:
        _write(folder / "pgpass", line, user)
        command = ["psql", "-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1"]
        for option, key in (("-h", "host"), ("-p", "port"), ("-U", "user"), ("-d", "name")):
            command += [option, str(database[key])]
        env = {"PGPASSFILE": str(folder / "pgpass"), "PGCONNECT_TIMEOUT": "10", "PATH": _path()}
        return _run([*command, *arguments], user, env, stdin, timeout)


def _query(sql, user):
    # by its standard input: what it is asked may hold a digest
    result = _psql(["-f", "-"], user, sql)
    if result["retcode"]:
        raise _failure("psql", result)
    return result["stdout"].strip()


def db_version(user=USER):
    """
    The schema version in the database, which is asked as the database user of this host.

    :returns: ``{"version": "OMERO5.4", "patch": 0}``; None where there is no OMERO schema
    :raises CommandExecutionError: the database does not answer or refuses the user.

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.db_version
    """
    row = _query(omero_database.PATCH_QUERY, user)
    if not row:
        return None
    try:
        return omero_database.patch_of_row(row)
    except ValueError as error:
        raise CommandExecutionError(str(error)) from None


def release_db_version(omerodir=OMERODIR, venv=VENV, user=USER):
    """
    The schema version that the installed release needs.

    :returns: ``{"version": "OMERO5.4", "patch": 0}``

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.release_db_version
    """
    with contextlib.suppress(OSError, ValueError):
        text = pathlib.Path(omerodir, "etc", "omero.properties").read_text(encoding="utf-8")
        return omero_database.patch_of_release(text)
    # a release that has them elsewhere: what `omero db script` reads; no subcommand prints it alone
    code = "from omero.cli import CLI; print(CLI().readDefaults())"
    result = _run([os.path.join(venv, "bin", "python"), "-c", code], user, _environment(omerodir, venv))
    if result["retcode"]:
        raise _failure(f"reading the defaults of {omerodir}", result)
    try:
        return omero_database.patch_of_release(result["stdout"])
    except ValueError as error:
        raise CommandExecutionError(f"{omerodir}: {error}") from None


def schema_create(root_password=None, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Create OMERO's schema in an empty database by the release's own SQL. All of it is made, or nothing.

    :param root_password: pillar key of the password that OMERO's user root gets, ``secrets:omero:root`` by default
    :returns: True

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.schema_create
    """
    password, throwaway = _secret(root_password or ROOT), random.token_urlsafe(24)
    with _scratch(user) as folder:
        script, sql = folder / "made.sql", folder / "schema.sql"
        arguments = ("db", "script", "-f", str(script), "--password", throwaway)
        result = _omero(*arguments, omerodir=omerodir, venv=venv, user=user)
        if result["retcode"]:
            raise _failure("omero db script", result)
        try:
            _write(sql, omero_password.replace(script.read_text(encoding="utf-8"), throwaway, password), user)
        except omero_password.PasswordError as error:
            raise CommandExecutionError(f"omero db script: {error}") from None
        result = _psql(["-f", str(sql)], user, timeout=600)
    if result["retcode"]:
        raise _failure("creating the schema", result)
    return True


def status(omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Whether the server is up, which means that its session manager answers.

    :returns: True or False

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.status
    """
    return _omero("admin", "status", omerodir=omerodir, venv=venv, user=user, timeout=30)["retcode"] == 0


def look(login="public", password=None, port=4064, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    What the running server says of itself, by one quick process.

    :param login: OMERO user to ask as
    :param password: pillar key of its password, by default ``secrets:omero:<login>``
    :returns: ``{"up": True, "db": bool, "repo": bool}``, whether it treats database and repository as read-only; only
        ``{"up": True}`` where it refuses the user
    :raises CommandExecutionError: it does not answer.

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.look
    """
    return _client("look", login, password, port, omerodir, venv, user)


def _client(command, login, password, port, omerodir, venv, user, steps=()):
    given = {"host": "127.0.0.1", "port": port, "user": login, "steps": list(steps)}
    given["password"] = _secret(password or f"secrets:omero:{login}")
    words = [os.path.join(venv, "bin", "python"), "-c", inspect.getsource(omero_client), command]
    result = _run(words, user, _environment(omerodir, venv), stdin=json.dumps(given), timeout=180 if steps else 60)
    if result["retcode"]:
        raise _failure(f"talking to the server as {login}", result)
    return json.loads(result["stdout"].splitlines()[-1])


def accounts(
    groups,
    users,
    root_password=None,
    test=False,
    port=4064,
    omerodir=OMERODIR,
    venv=VENV,
    user=USER,
):
    """
    Make OMERO have these groups and users, and its user root its password; others are left alone.

    Compares by one query of the database, changes in one session of root.

    :param groups: ``{name: {"type": "private", "read-only", "read-annotate" or "read-write"}}``
    :param users: ``{name: {"groups": [...], "owner_of": [...], "firstname": str, "lastname": str, "password": pillar
        key}}``, of the groups the default first; without password nobody can log in as a new user
    :param root_password: pillar key, ``secrets:omero:root`` by default
    :param test: True changes nothing
    :returns: what is (or would be) changed, without passwords
    :raises CommandExecutionError: something could not be changed, or was and is still not so

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.accounts '{public: {type: read-only}}' '{}' test=True
    """
    root = root_password or ROOT
    try:
        wanted = omero_accounts.wanted(groups, users, _secret)
        have = omero_accounts.current(_query(omero_accounts.QUERY, user))
        sql, steps = omero_accounts.root(have, _secret(root)), omero_accounts.plan(have, wanted)
    except ValueError as error:
        raise CommandExecutionError(str(error)) from None
    found = {**({"user root": [{"password": "changed"}]} if sql else {}), **omero_accounts.changes(steps)}
    if test or not found:
        return found
    if sql:
        _query(sql, user)
    if steps:
        _client("apply", "root", root, port, omerodir, venv, user, steps)
        left = omero_accounts.plan(omero_accounts.current(_query(omero_accounts.QUERY, user)), wanted)
        if left:
            raise CommandExecutionError(f"still to be changed: {omero_accounts.changes(left)}")
    return found
