#!/usr/bin/env python3
"""
How long writers wait for a set of snapshots, and what readers notice of it.

Usage: benchmarks/snapshot.py [--sets N] [--json]

Takes N sets of five volumes of the local environment (`make up`; two read-only servers get one more each meanwhile)
under a load of pgbench in a database of its own, with visitors who read pages that no cache has. The pause is the
longest that one transaction took around a set; in quiet times nobody takes any. Needs a machine that does nothing else.
Goals: pause 1 s at the median and 3 s at worst, no failed read, p99 of reads at most twice that of quiet times.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:1] = [str(ROOT), str(ROOT / "_utils")]

from testbed import more_volumes  # noqa: E402

LOCAL = ROOT / "bin/local"
ENVIRONMENT = "idr-local"
DATABASE = f"{ENVIRONMENT}-database"
LIMIT = 600
QUIET = 8
# Loads until standard input ends; then what each transaction took.
PGBENCH = r"""
set -e; cd /tmp
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
log=$(mktemp -d); chown postgres "$log"
as() { runuser -u postgres -- "$@"; }
as psql -qc 'DROP DATABASE IF EXISTS pgbench WITH (FORCE)'
as psql -qc 'CREATE DATABASE pgbench'
as "$bin/pgbench" -iq -s 5 pgbench >/dev/null 2>&1
echo ready
as "$bin/pgbench" -n -c 2 -j 1 -T 3600 -R 100 -l --log-prefix="$log/log" pgbench >/dev/null 2>&1 &
read end || true
as psql -qAtc "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'pgbench'" >/dev/null
wait || true
cat "$log"/log*; rm -r "$log"
as psql -qc 'DROP DATABASE pgbench WITH (FORCE)'
"""


def run(*command):
    """Output of a command inside the local environment."""
    done = subprocess.run([LOCAL, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT)
    return done.stdout


def leader():
    """The pid of the database host's first process."""
    found = json.loads(run("salt-cloud", "-a", "show_instance", DATABASE, "-y", "--out=json"))
    return found["local"]["nspawn"][DATABASE]["pid"]


class Visitor(threading.Thread):
    """Reads one page after the other: ``(when, seconds, status)`` of each."""

    def __init__(self, url, number):
        super().__init__(daemon=True)
        self.url, self.number, self.seen, self.ends = url, number, [], threading.Event()
        self.start()

    def run(self):
        """Read until told to end."""
        count = 0
        while not self.ends.wait(0.05):
            began, status = time.time(), 0
            try:
                address = f"{self.url}/api/v0/m/projects/?visit={self.number}-{began}-{count}"
                with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - http of the local cloud
                    answer.read()
                    status = answer.status
            except OSError as exc:
                status = getattr(exc, "code", 0)
            self.seen.append((began, time.time() - began, status))
            count += 1


def transactions(text):
    """``(end, seconds)`` of each transaction of pgbench's log, without how late it was begun."""
    fields = (line.split() for line in text.splitlines() if line[:1].isdigit())
    return [(float(f"{one[4]}.{int(one[5]):06}"), (int(one[2]) - int(one[6])) / 1e6) for one in fields if len(one) == 7]


def within(seen, spans):
    """What happened in any of some spans of time."""
    return [one for one in seen if any(begin <= one[0] <= end for begin, end in spans)]


def p99(seconds):
    """The 99th percentile."""
    return statistics.quantiles(seconds, n=100)[98] if len(seconds) > 1 else 0.0


def measure(sets, url):
    """Take the sets; returns what is shown."""
    enter = f"nsenter --target {leader()} --mount --uts --ipc --net --pid --cgroup --root --wd".split()
    command = [*enter, "sh", "-c", PGBENCH]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as load:
        if load.stdout.readline() != "ready\n":
            raise SystemExit("pgbench does not start on the database host")
        visitors = [Visitor(url, number) for number in range(2)]
        taken, busy, quiet = [], [], []
        for _ in range(sets):
            quiet.append((time.time(), time.time() + QUIET))
            time.sleep(QUIET)
            began = time.time()
            answer = run("salt-run", "--out=json", "snapshot.create", ENVIRONMENT)
            taken.append(json.loads(answer[answer.index("{") :]))
            busy.append((began, time.time()))
        for visitor in visitors:
            visitor.ends.set()
        for visitor in visitors:
            visitor.join(90)
        out, _ = load.communicate("\n", timeout=120)
    reads, written = [one for visitor in visitors for one in visitor.seen], transactions(out)
    pauses = [max((seconds for _, seconds in within(written, [span])), default=0) for span in busy]
    return {
        "sets": len(taken),
        "complete": sum(one["complete"] for one in taken),
        "volumes": len(taken[0]["volumes"]),
        "freeze_median": statistics.median(one["freeze_seconds"] for one in taken),
        "freeze_worst": max(one["freeze_seconds"] for one in taken),
        "pause_median": round(statistics.median(pauses), 3),
        "pause_worst": round(max(pauses), 3),
        "pause_quiet": round(max((seconds for _, seconds in within(written, quiet)), default=0), 3),
        "reads": len(reads),
        "reads_failed": sum(status != 200 for _, _, status in reads),
        "read_p99_quiet": round(p99([seconds for _, seconds, _ in within(reads, quiet)]), 3),
        "read_p99": round(p99([seconds for _, seconds, _ in within(reads, busy)]), 3),
    }


def main():
    parser = argparse.ArgumentParser(description="Pause of writes and reads around sets of snapshots.")
    parser.add_argument("--sets", type=int, default=5, help="how many are taken")
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where the site is")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    with more_volumes.beside(ENVIRONMENT, "omeroreadonly", [1, 2]):
        found = measure(max(1, chosen.sets), chosen.url)
    if chosen.json:
        return print(json.dumps(found, indent=2))
    for name, value in found.items():
        print(f"{name:16} {value}")
    print(f"{'read_ratio':16} {found['read_p99'] / max(found['read_p99_quiet'], 0.001):.2f}")


if __name__ == "__main__":
    main()
