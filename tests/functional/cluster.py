"""A real PostgreSQL cluster of the test's own, on a socket in a folder of its own."""

import os
import pathlib
import shutil
import subprocess
import tempfile

BINARIES = "/usr/lib/postgresql/*/bin"
CONFIGURATION = """
listen_addresses = ''
fsync = off
unix_socket_directories = '{folder}'
"""


class Cluster:
    """
    ``folder`` is that of its socket, `sql` asks it as its superuser.
    """

    port = 5432

    def __init__(self):
        found = sorted(pathlib.Path("/").glob(f"{BINARIES[1:]}/initdb"), key=lambda path: float(path.parts[-3]))
        assert found, f"these tests need PostgreSQL's programs in {BINARIES}: apt-get install postgresql"
        self.programs = found[-1].parent
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="omero-postgresql-"))
        self.folder.chmod(0o755)
        # the programs refuse root
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user)
        self.data = self.folder / "data"

    def start(self):
        password = self.folder / "password"
        password.write_text("super\n")
        self.run("initdb", "--auth-local=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--username=super",
                 f"--pwfile={password}", "--no-sync", str(self.data))  # fmt: skip
        with open(self.data / "postgresql.conf", "a") as file:
            file.write(CONFIGURATION.format(folder=self.folder))
        self.run("pg_ctl", "--wait", f"--pgdata={self.data}", f"--log={self.folder}/log", "start")

    def restart(self):
        self.run("pg_ctl", "--wait", "--mode=fast", f"--pgdata={self.data}", f"--log={self.folder}/log", "restart")

    def stop(self):
        self.run("pg_ctl", "--mode=immediate", f"--pgdata={self.data}", "stop")
        shutil.rmtree(self.folder)

    def run(self, program, *arguments, stdin=None):
        env = {"PGPASSWORD": "super", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            [self.programs / program, *arguments],
            check=True, input=stdin, text=True, user=self.user, env=env, cwd="/", timeout=60,
            stdout=subprocess.PIPE if program == "psql" else subprocess.DEVNULL,
        ).stdout  # fmt: skip

    def sql(self, statement, database="postgres"):
        where = ("-h", str(self.folder), "-U", "super", "-d", database)
        return self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *where, "-f", "-", stdin=statement).strip()
