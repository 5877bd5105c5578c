"""
An installation of OMERO on this host: runs its commands as its system user, asks its database and its running server.

Passwords are named by the pillar key that holds them. They reach a command by its standard input, its environment or a
file of mode 0600, and are in no job, log or command line.
"""

import contextlib
import inspect
import json
import os
import pathlib
import pwd
import shutil
import tempfile

import idr_roles
import omero_client
import omero_database
import omero_endpoints
import omero_errors
from command_errors import failure
from salt.exceptions import CommandExecutionError

OMERODIR = "/opt/omero/server/OMERO.server"
VENV = "/opt/omero/server/venv3"
USER = "omero-server"
# where the password of OMERO's administrator is in pillar
ROOT = "secrets:omero:root"

_PLACES = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]


def pillar(salt, key, default=None):
    """
    Return a value of pillar.

    :param salt: the module's ``__salt__``
    """
    # without unmask Salt answers asterisks outside of templates
    return salt["pillar.get"](key, default, unmask=True)


def given(**arguments):
    """
    Return the arguments that are not None: the execution module knows the places of the host's server.
    """
    return {key: value for key, value in arguments.items() if value is not None}


def secret(salt, key):
    """
    Return a password.

    :param key: the pillar key that holds it
    :raises CommandExecutionError: there is none for this minion
    """
    value = pillar(salt, key)
    if not isinstance(value, str) or not value:
        raise CommandExecutionError(f"pillar {key}: a password was expected, there is none for this minion")
    return value


@contextlib.contextmanager
def scratch(user):
    """
    A folder that only ``user`` (None: this process's) can read, gone afterwards.
    """
    folder = pathlib.Path(tempfile.mkdtemp(prefix="omero-"))
    try:
        if user:
            os.chown(folder, *pwd.getpwnam(user)[2:4])
        yield folder
    finally:
        shutil.rmtree(folder)


def write(path, text, user):
    """
    Make a file that only ``user`` can read.
    """
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    if user:
        os.chown(path, *pwd.getpwnam(user)[2:4])


def database(salt):
    """
    Return where the database is; see :func:`omero_database.settings`.

    :raises CommandExecutionError: pillar ``omero:db`` is wrong
    """
    environment = pillar(salt, "environment:name")
    host = environment and idr_roles.named(environment, "database", pillar(salt, "environment:allinone", []))
    if "database" in pillar(salt, "roles", []):
        # Its own name may lead to any of its addresses.
        host = omero_endpoints.LOCAL
    try:
        return omero_database.settings(pillar(salt, "omero:db", {}), host)
    except ValueError as error:
        raise CommandExecutionError(f"pillar {error}") from None


class Installation:
    """
    :param salt: the module's ``__salt__``
    :param omerodir: folder of OMERO.server or OMERO.web
    :param venv: virtual environment with the ``omero`` command
    :param user: system user who runs it; None for this process's own
    """

    def __init__(self, salt, omerodir=OMERODIR, venv=VENV, user=USER):
        self.salt, self.omerodir, self.venv, self.user = salt, omerodir, venv, user

    def run(self, command, env=None, stdin=None, timeout=120):
        """
        Run a command as the installation's user; returns what ``cmd.run_all`` does.

        :param env: variables beside HOME, LANG and PATH
        :param timeout: limit in seconds
        """
        mine = pwd.getpwuid(os.geteuid()).pw_name
        become = []
        if self.user not in (None, mine):
            # Salt's own runas starts a login shell and a Python first, to ask for the environment that is cleaned here
            become = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups", "--"]
        prepend = pillar(self.salt, "omero:server:path_prepend", [])
        path = ":".join([*prepend, os.path.join(self.venv, "bin"), *_PLACES])
        home = os.path.expanduser(f"~{self.user or mine}")
        return self.salt["cmd.run_all"](
            [*become, *command],
            cwd="/",
            env={"HOME": home, "LANG": "C.UTF-8", "PATH": path, "OMERODIR": self.omerodir, **(env or {})},
            clean_env=True,
            umask="077",
            stdin=stdin,
            stdin_raw_newlines=True,
            python_shell=False,
            output_loglevel="quiet",
            ignore_retcode=True,
            timeout=timeout,
        )

    def omero(self, *arguments, env=None, stdin=None, timeout=120):
        """
        Run the ``omero`` command; returns what ``cmd.run_all`` does.
        """
        return self.run([os.path.join(self.venv, "bin", "omero"), *arguments], env, stdin, timeout)

    def command(self, *arguments, secrets=(), **options):
        """
        Run the ``omero`` command; returns what ``cmd.run_all`` does.

        :param secrets: values that no error may show
        :param options: of :meth:`omero`
        :raises OmeroError: the one that its exit code stands for, see :mod:`omero_errors`
        """
        result = self.omero(*arguments, **options)
        if result["retcode"]:
            raise omero_errors.of(" ".join(("omero", *arguments[:2])), result, secrets)
        return result

    def as_user(self, login, password, port, *arguments, stdin=None, timeout=120):
        """
        Run an ``omero`` command in a session of its own, which is closed afterwards and leaves nothing on the disk.

        :param login: OMERO user
        :param password: pillar key of its password, by default ``secrets:omero:<login>``
        :param port: of the server on this host
        :param timeout: limit of the command in seconds; for login and logout it is 60
        :returns: what ``cmd.run_all`` does
        :raises OmeroError: the one that its exit code stands for
        """
        given = secret(self.salt, password or f"secrets:omero:{login}")
        with scratch(self.user) as folder:
            env = {"OMERO_SESSIONDIR": str(folder)}
            words = ("login", "-s", "127.0.0.1", "-p", str(port), "-u", login)
            self.command(*words, secrets=(given,), env={**env, "OMERO_PASSWORD": given}, timeout=60)
            try:
                return self.command(*arguments, secrets=(given,), env=env, stdin=stdin, timeout=timeout)
            finally:
                self.omero("logout", env=env, timeout=60)

    def python(self, *arguments, stdin=None, timeout=120):
        """
        Run the installation's Python, which has omero-py; returns what ``cmd.run_all`` does.
        """
        return self.run([os.path.join(self.venv, "bin", "python"), *arguments], stdin=stdin, timeout=timeout)

    def psql(self, *arguments, stdin=None, timeout=60, program="psql", name=None):
        """
        Run psql (or pg_dump, pg_restore) as the user of pillar ``omero:db``; returns what ``cmd.run_all`` does.

        :param arguments: beside those that say where and as whom
        :param name: another database of the same host
        """
        where = database(self.salt)
        where = {**where, "name": name or where["name"]}
        line = omero_database.pgpass(where, secret(self.salt, f"secrets:database:{where['user']}"))
        command = [program, "-w"]
        if program == "psql":
            command += ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        for option, key in (("-h", "host"), ("-p", "port"), ("-U", "user"), ("-d", "name")):
            command += [option, str(where[key])]
        with scratch(self.user) as folder:
            write(folder / "pgpass", line, self.user)
            env = {"PGPASSFILE": str(folder / "pgpass"), "PGCONNECT_TIMEOUT": "10"}
            return self.run([*command, *arguments], env, stdin, timeout)

    def query(self, sql, timeout=60, name=None):
        """
        Return what psql answers to a statement.

        :param name: another database of the same host
        :raises CommandExecutionError: the database does not answer, or refuses
        """
        # by its standard input: what it is asked may hold a digest
        result = self.psql("-f", "-", stdin=sql, timeout=timeout, name=name)
        if result["retcode"]:
            raise failure("psql", result)
        return result["stdout"].strip()

    def login(self):
        """
        Return the OMERO user to ask as: root where this host has its password, otherwise public.
        """
        return "root" if pillar(self.salt, ROOT) else "public"

    def client(self, command, login, password=None, port=4064, timeout=60, **arguments):
        """
        Talk to the running server by one process of :mod:`omero_client`.

        :param command: one of its commands
        :param login: OMERO user
        :param password: pillar key of its password, by default ``secrets:omero:<login>``
        :param arguments: what the command needs beside
        :returns: its answer
        :raises CommandExecutionError: the server does not answer, or refuses
        """
        given = {"host": "127.0.0.1", "port": port, "user": login, **arguments}
        given["password"] = secret(self.salt, password or f"secrets:omero:{login}")
        code = inspect.getsource(omero_client)
        result = self.python("-c", code, command, stdin=json.dumps(given), timeout=timeout)
        if result["retcode"]:
            raise failure(f"talking to the server as {login}", result)
        return json.loads(result["stdout"].splitlines()[-1])
