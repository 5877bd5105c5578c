#!/usr/bin/env python3
"""
What the join of read-only servers costs beyond their states, and how many reloads of the front end it takes.

Usage: benchmarks/join.py [--hosts N] [--json]

Makes N servers at the same time, waits until all serve, and destroys them again. Needs the local environment
(`make up`) on a machine that does nothing else. The overhead is the time from the start event until HAProxy sees the
server up, less that of its own state.apply; where N is more than one, it has the wait for the others in it.
"""

import argparse
import json
import pathlib
import subprocess
import time

LOCAL = pathlib.Path(__file__).resolve().parents[1] / "bin/local"
ENVIRONMENT = "idr-local"
FIRST = 11
LIMIT = 3600


def run(*command):
    """Output of a command inside the local environment."""
    done = subprocess.run([LOCAL, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:3])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def joins():
    """The ledger's records by host."""
    return json.loads(run("salt-run", "--out=json", "idr.joins", ENVIRONMENT))


def reloads():
    """How often HAProxy of the proxy has been reloaded."""
    command = "journalctl -u haproxy | grep -c 'Reloaded haproxy' || true"
    answer = run("salt", f"{ENVIRONMENT}-proxy", "cmd.run", command, "python_shell=True", "--out=json", "--static")
    return int(json.loads(answer)[f"{ENVIRONMENT}-proxy"])


def make(hosts):
    """Make servers and wait until all serve: their records."""
    run("salt-cloud", "-P", "-p", "idr-omeroreadonly", *hosts, "-y")
    end = time.monotonic() + LIMIT
    while True:
        records = {host: record for host, record in joins().items() if host in hosts}
        if len(records) == len(hosts) and all(record["state"] == "serving" for record in records.values()):
            return records
        if time.monotonic() > end:
            raise SystemExit(f"not all serve within {LIMIT} s: {json.dumps(records, indent=2)}")
        time.sleep(2)


def main():
    parser = argparse.ArgumentParser(description="Cost of joins beyond the states, and reloads of the front end.")
    parser.add_argument("--hosts", type=int, default=1, help="servers that join at the same time")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    hosts = [f"{ENVIRONMENT}-omeroreadonly-{number}" for number in range(FIRST, FIRST + max(1, chosen.hosts))]
    before = reloads()
    try:
        records = make(hosts)
        taken = reloads() - before
    finally:
        for host in hosts:
            subprocess.run([LOCAL, "salt-run", "idr.leave", host, "destroy=True"], capture_output=True, timeout=LIMIT)
    rows = {host: {**one["seconds"], "tries": one["tries"]} for host, one in sorted(records.items())}
    for row in rows.values():
        row["overhead"] = round(row["serving"] - row["states"], 1)
        row["ratio"] = round(row["serving"] / row["states"], 2)
    if chosen.json:
        return print(json.dumps({"hosts": rows, "reloads": taken}, indent=2))
    print(f"{'host':28} {'states s':>9} {'serving s':>10} {'overhead s':>11} {'ratio':>6}")
    for host, row in rows.items():
        print(f"{host:28} {row['states']:9} {row['serving']:10} {row['overhead']:11} {row['ratio']:6}")
    print(f"{len(rows)} servers joined with {taken} reloads of HAProxy")


if __name__ == "__main__":
    main()
