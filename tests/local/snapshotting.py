"""What the tests of snapshots share: writers whose files and rows count on, and a cloud that can be made to wait."""

import contextlib
import json
import pathlib
import subprocess
import threading
import time

from testbed.paths import CHECKOUT

ENVIRONMENT = "idr-local"
DATABASE, WRITER, PROXY = (f"{ENVIRONMENT}-{role}" for role in ("database", "omeroreadwrite", "proxy"))
HOSTS = {DATABASE: "/var/lib/postgresql", WRITER: "/data", PROXY: "/var/cache/nginx"}
COUNTING = "counting"
# Within the local cloud, where its pool is mounted.
POOL = "/srv/idr/.local/pool"


def answer(done):
    """What a runner returned."""
    assert "{" in done.stdout, done.stdout + done.stderr
    return json.loads(done.stdout[done.stdout.index("{") :])


def run(local, *arguments, timeout=300):
    """Answer of a runner."""
    return answer(local.run("salt-run", "--out=json", *arguments, timeout=timeout))


@contextlib.contextmanager
def begun(local, *arguments):
    """A runner that is at work meanwhile: its process."""
    command = [CHECKOUT / "bin/local", "salt-run", "--out=json", *arguments]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, start_new_session=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def waiting(local):
    """The cloud takes no snapshot meanwhile: somebody else works on its pool. Yields a function that ends that."""
    script = f"exec 9>>{POOL}/lock; flock 9; echo locked; read end"
    command = [CHECKOUT / "bin/local", "sh", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"

        def release():
            process.communicate("\n", timeout=30)

        try:
            yield release
        finally:
            if process.poll() is None:
                release()


def root(local, host):
    """Where the files of a running host are seen from here; another place after its reboot."""
    return pathlib.Path(f"/proc/{local.leader(host)}/root")


def frozen(root):
    """Sets for which a host is frozen now, as its own records say."""
    records = root / "run/idr-snapshot"
    names = {path.name.removesuffix(".json") for path in records.glob("*.json")}
    begun = {name for name in names if "frozen_at" in (records / f"{name}.json").read_text()}
    return {name for name in begun if not {f"{name}.thawed", f"{name}.expired"} & names}


def writes(root, path):
    """Whether a host's volume takes writes within a second."""
    file = root / path.lstrip("/") / ".probe"
    command = ["sh", "-c", 'echo x > "$1" && sync "$1" && rm "$1"', "sh", file]
    # One that waits for a thaw cannot be ended, and need not be.
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        return process.wait(1) == 0
    except subprocess.TimeoutExpired:
        return False


def wait(true, within, every=0.2):
    """Wait until `true()` is; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (seen := true()):
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(every)
    return seen


class Writer(threading.Thread):
    """
    Writes number after number: first a file on the read-write server's volume, then a row in the database, each synced.
    A row without its file is then a set that is not of one instant. ``slowest`` is the longest that one took, in s.
    """

    def __init__(self, local):
        super().__init__(daemon=True)
        self.folder = root(local, WRITER) / "data" / COUNTING
        self.enter = local.prefix(local.leader(DATABASE)).split()
        self.ends, self.count, self.slowest, self.error = threading.Event(), 0, 0.0, None

    def psql(self, statement, database=COUNTING):
        command = ["runuser", "-u", "postgres", "--", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database]
        done = subprocess.run(
            [*self.enter, *command], input=statement, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def __enter__(self):
        self.folder.mkdir(exist_ok=True)
        self.psql(f"CREATE DATABASE {COUNTING}", "postgres")
        self.psql("CREATE TABLE counter (n int PRIMARY KEY)")
        self.start()
        wait(lambda: self.count > 3, 30)
        return self

    def __exit__(self, *exc):
        self.ends.set()
        self.join(60)
        self.psql(f"DROP DATABASE {COUNTING} WITH (FORCE)", "postgres")
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()
        assert self.error is None, self.error

    def run(self):
        command = ["runuser", "-u", "postgres", "--", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", COUNTING]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen([*self.enter, *command], text=True, **pipes) as session:
            while not self.ends.is_set() and self.error is None:
                began = time.monotonic()
                self._write(self.count + 1, session)
                self.slowest = max(self.slowest, time.monotonic() - began)
            session.stdin.close()

    def _write(self, number, session):
        with (self.folder / str(number)).open("x") as file:
            file.write(str(number))
        session.stdin.write(f"INSERT INTO counter VALUES ({number}) RETURNING n;\n")
        session.stdin.flush()
        said = session.stdout.readline().strip()
        if said != str(number):
            self.error = f"{number}: {said}"
        self.count = number


# Mounts the clones of two snapshots, lets PostgreSQL recover, and tells the rows and the files.
LOOK = """
set -eu
work=$(mktemp -d); cd "$work"
trap 'cd /; umount "$work"/db "$work"/data 2>/dev/null; rm -rf "$work" "$pool"/look-db "$pool"/look-data' EXIT
mkdir db data
cp --reflink=always "$pool/snapshots/$1/data" "$pool/look-db"
cp --reflink=always "$pool/snapshots/$2/data" "$pool/look-data"
mount -o loop,nouuid "$pool/look-db" db
mount -o loop,nouuid "$pool/look-data" data
chmod 755 "$work"; cluster=$work/db/$3
rm -f "$cluster/postmaster.pid"
chown -R postgres "$cluster" .
printf 'local all all trust\\n' > hba
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
printf "listen_addresses=''\\nunix_socket_directories='%s'\\nhba_file='%s/hba'\\nfsync=off\\n" "$work" "$work" > conf
chown postgres conf hba
as() { runuser -u postgres -- "$@"; }
as "$bin/pg_ctl" -D "$cluster" -w -l "$work/log" -o "-c config_file=$work/conf" start >/dev/null
as psql -XAtq -h "$work" -U postgres -d counting -c 'SELECT count(*), min(n), max(n) FROM counter'
as "$bin/pg_ctl" -D "$cluster" -m immediate stop >/dev/null
find data/counting -type f -printf '%f\\n' | sort -n | awk 'NR != $1 { exit 1 } END { print NR }'
"""


def counted(local, manifest):
    """(rows, first, last, files) of the clones of a set: whether numbers go on without a gap."""
    ids = [manifest["volumes"][name]["snapshot_id"] for name in (f"{DATABASE}-db", f"{WRITER}-data")]
    done = local.run("env", f"pool={POOL}", "sh", "-c", LOOK, "sh", *ids, manifest["postgresql"]["data"])
    assert done.returncode == 0, done.stdout + done.stderr
    rows, files = done.stdout.split()
    return (*map(int, rows.split("|")), int(files))
