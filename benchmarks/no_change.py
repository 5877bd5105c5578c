#!/usr/bin/env python3
"""
How long `state.apply` takes where nothing is to be changed, for one host of each role and for several at once.

Usage: benchmarks/no_change.py [--runs N] [--json]

Needs the local environment (`make up`) on a machine that does nothing else: the CPU time is the whole machine's.
Seconds differ from machine to machine; the ratio to `test.ping` on the same hosts is what to compare.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import time

LOCAL = pathlib.Path(__file__).resolve().parents[1] / "bin/local"
ENVIRONMENT = "idr-local"
ONE = ("database", "omeroreadwrite", "omeroreadonly-1", "proxy", "management")
FOUR = ("database", "omeroreadwrite", "omeroreadonly-1", "omeroreadonly-2")


def cpu():
    """CPU seconds that this machine's processes have used since it started."""
    with open("/proc/stat", encoding="ascii") as lines:
        user, nice, system = map(int, next(lines).split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def measure(targets, function):
    """Run a function on the targets once: (wall seconds, CPU seconds, answer by minion)."""
    command = [LOCAL, "salt", "--out=json", "--static", "-L", ",".join(targets), function]
    wall, used = time.monotonic(), cpu()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=True)
    wall, used = time.monotonic() - wall, cpu() - used
    return wall, used, json.loads(done.stdout)


def count(answer):
    """Number of states of the answer; ends the program if one of them changed something or failed."""
    states = [state for host in answer.values() for state in (host.values() if isinstance(host, dict) else [{}])]
    if not all(state.get("result") is True and not state["changes"] for state in states):
        raise SystemExit("something changed or failed: run `make up` and try again")
    return len(states)


def benchmark(name, hosts, runs):
    """The medians for a list of hosts, as a row of the table."""
    targets = [f"{ENVIRONMENT}-{host}" for host in hosts]
    pings = [measure(targets, "test.ping") for _ in range(runs)]
    applies = [measure(targets, "state.apply") for _ in range(runs)]
    ping, apply = (statistics.median(wall for wall, _, _ in taken) for taken in (pings, applies))
    return {
        "hosts": name,
        "states": count(applies[-1][2]),
        "ping": round(ping, 2),
        "apply": round(apply, 2),
        "ratio": round(apply / ping, 1),
        "cpu": round(statistics.median(used for _, used, _ in applies), 2),
    }


def main():
    parser = argparse.ArgumentParser(description="Time of state.apply without changes, against test.ping.")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median is taken")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    groups = [(host, (host,)) for host in ONE] + [("these four at once", FOUR)]
    rows = [benchmark(name, hosts, max(1, chosen.runs)) for name, hosts in groups]
    if chosen.json:
        return print(json.dumps(rows, indent=2))
    print(f"{'hosts':20} {'states':>6} {'ping s':>7} {'apply s':>8} {'ratio':>6} {'CPU s':>6}")
    for row in rows:
        print("{hosts:20} {states:6} {ping:7.2f} {apply:8.2f} {ratio:6.1f} {cpu:6.2f}".format(**row))


if __name__ == "__main__":
    main()
