"""
A real PostgreSQL, and the two servers of a real pgBackRest that talk to each other by TLS on loopback, configured by
the states' own template.
"""

import contextlib
import importlib.util
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import types

import idr_backup_tls
import salt.config
import salt.utils.templates
from salt.exceptions import CommandExecutionError

SECRET = "a secret of this test alone"
ENV = "idr-x"
USER = "postgres"
HOSTS = {"database": f"{ENV}-database", "repository": f"{ENV}-management"}


def call(*command, check=True, **options):
    """Run a program as the user of both."""
    words = ["runuser", "-u", USER, "--", *map(str, command)]
    return subprocess.run(words, check=check, capture_output=True, text=True, timeout=120, cwd="/", **options)


def free_port():
    """A port of loopback."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


class Site:
    """``database`` and ``repository`` are the functions of the execution module, as each host has them."""

    def __init__(self, checkout):
        self.checkout = checkout
        self.programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.version = self.programs.parent.name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="idr-pgbackrest-"))
        self.folder.chmod(0o755)
        self.data = self.folder / f"db/{self.version}/main"
        self.ports = {name: free_port() for name in HOSTS}
        self.servers = []
        self.stanza = ENV
        self.modules = {}

    def start(self):
        """Everything but the stanza, as when all hosts have been applied."""
        for name in ("db", f"db/{self.version}", "log", "spool", "lock-database", "lock-repository", "repo/pgbackrest"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._certificates()
        for path in [self.folder, *self.folder.rglob("*")]:
            shutil.chown(path, USER, USER)
        call(self.programs / "initdb", "--no-sync", "--locale=C.UTF-8", "-D", self.data, "-U", USER)
        self.configure()
        for side in HOSTS:
            self._serve(side)
        self.pg("start")

    def stop(self):
        """Nothing is left. PostgreSQL first: what it still archives needs the servers."""
        self.pg("stop", check=False)
        for server in self.servers:
            server.terminate()
            server.wait(30)
        shutil.rmtree(self.folder)

    def configure(self):
        """What the states write, for each host, and PostgreSQL's parameters."""
        for side in HOSTS:
            (self.folder / f"{side}.conf").write_text(self._configuration(side))
        command = f"pgbackrest --config={self.folder}/database.conf --stanza={self.stanza} archive-push %p"
        (self.data / "postgresql.conf").write_text(
            f"listen_addresses=''\nunix_socket_directories='{self.folder}'\nfsync=off\narchive_mode=on\n"
            f"archive_command='{command}'\n"
        )

    def _certificates(self):
        for side, host in HOSTS.items():
            folder = self.folder / f"tls-{side}"
            folder.mkdir()
            for name, content in idr_backup_tls.made(SECRET, ENV, [host, "localhost"], 10).items():
                (folder / name).write_bytes(content)
                (folder / name).chmod(0o600)

    def _configuration(self, side):
        options = {
            "lock-path": f"{self.folder}/lock-{side}",
            "log-path": f"{self.folder}/log",
            "spool-path": f"{self.folder}/spool",
            "archive-async": side == "database",
            "archive-timeout": 20,
            "compress-type": "zst",
            "start-fast": True,
        }
        cluster = {"stanza": self.stanza, "path": str(self.data), "host": HOSTS["database"]}
        result = salt.utils.templates.JINJA(
            str(self.checkout / "salt/pgbackrest/files/pgbackrest.conf.jinja"),
            to_str=True,
            context={"data": str(self.data)},
            opts={**salt.config.DEFAULT_MINION_OPTS, "cachedir": str(self.folder), "file_client": "local"},
            saltenv="base",
            salt={
                "network.ip_addrs": lambda cidr: ["127.0.0.1"],
                "pgbackrest.database": lambda: cluster,
                "pgbackrest.stanza": lambda: self.stanza,
            },
            pillar={
                "roles": [side],
                "environment": {"name": ENV, "network": "127.0.0.0/8"},
                "volumes": {"data": {"path": f"{self.folder}/repo"}},
                "pgbackrest": {"port": self.ports[side], "options": {k: v for k, v in options.items() if v != ""}},
            },
        )
        assert result["result"], result["data"]
        text = result["data"].replace("/etc/pgbackrest/tls", f"{self.folder}/tls-{side}")
        other = next(name for name in HOSTS if name != side)
        text = text.replace(f"host={HOSTS[other]}\n", "host=localhost\n")
        text = text.replace(f"-host-port={self.ports[side]}", f"-host-port={self.ports[other]}")
        # What the host at the other end of the connection reads, which is /etc/pgbackrest/pgbackrest.conf there.
        remote = "repo1" if side == "database" else "pg1"
        own = f"{remote}-host=localhost\n"
        text = text.replace(own, f"{own}{remote}-host-config={self.folder}/{other}.conf\n")
        return f"{text}\npg1-socket-path={self.folder}\n"

    def _serve(self, side):
        command = ["runuser", "-u", USER, "--", "pgbackrest", f"--config={self.folder}/{side}.conf", "server"]
        with open(self.folder / f"log/server-{side}", "w") as log:
            self.servers.append(subprocess.Popen(command, stdout=log, stderr=log, cwd="/"))
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ports[side]), 1):
                return
            time.sleep(0.1)
        raise AssertionError((self.folder / f"log/server-{side}").read_text())

    def pg(self, action, check=True):
        """Let PostgreSQL start or stop as its unit does: how it ends is asked of itself."""
        how = ["-m", "fast"] if action == "stop" else ["-l", f"{self.folder}/log/postgresql-{self.version}-main.log"]
        return call(self.programs / "pg_ctl", "-w", "-t", "60", "-D", self.data, *how, action, check=check)

    def sql(self, statement, database="postgres", transaction=True):
        """Double of ``postgresql.query``, on the real server."""
        words = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-d", database, "-f", "-"]
        done = call(*words, *(["--single-transaction"] if transaction else []), input=statement, check=False)
        if done.returncode:
            raise CommandExecutionError(f"psql: {done.stderr}")
        return [line.split("|") for line in done.stdout.splitlines()]

    def __getattr__(self, name):
        if name in HOSTS:
            self.modules[name] = self.modules.get(name) or self._functions(name)
            return self.modules[name]
        raise AttributeError(name)

    def _functions(self, side):
        """The files of the module ``pgbackrest``, over the real commands."""
        dunders: dict = {}
        found = types.SimpleNamespace()
        for name in ("pgbackrest", "pgbackrest_restore"):
            spec = importlib.util.spec_from_file_location(f"{name}_{side}", self.checkout / f"_modules/{name}.py")
            module = importlib.util.module_from_spec(spec)
            module.__salt__, module.__grains__ = dunders, {"os_family": "Debian"}
            spec.loader.exec_module(module)
            module.LOGS, module.CONFIGURATION = str(self.folder / "log"), str(self.folder / f"{side}.conf")
            for key, value in vars(module).items():
                if callable(value) and not key.startswith("_"):
                    dunders[f"pgbackrest.{key}"] = value
                    setattr(found, key, value)
        dunders |= {
            "cmd.run_all": lambda command, **options: self._run(side, command),
            "postgresql.query": self.sql,
            "service.start": lambda name: self.pg("start", check=False),
            "service.stop": lambda name: self.pg("stop", check=False),
            "service.status": lambda name: self.pg("status", check=False).returncode == 0,
            "mine.get": lambda target, alias, tgt_type: {HOSTS["database"]: self.database.cluster()},
            "pillar.get": lambda key, unmask: {
                "postgresql": {"source": "distribution"} if side == "database" else None,
                "environment:name": ENV,
                "environment:allinone": [],
                "volumes:db:path": f"{self.folder}/db",
            }[key],
        }
        found.salt = dunders
        return found

    def _run(self, side, command):
        command = [command[0], f"--config={self.folder}/{side}.conf", *command[1:]]
        done = call(*command, check=False, env={**os.environ, "HOME": "/"})
        return {"retcode": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
