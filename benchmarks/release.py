#!/usr/bin/env python3
"""
How long the next environment takes to make, beside the present one, and whether visitors notice its promotion.

Usage: benchmarks/release.py [--json]

Removes the local environment and makes it again with a warm cache (`make up`), then prepares idr-local2 from a set of
its snapshots, promotes it under visitors, rolls back, and retires it. Takes some fifteen minutes, on a machine that
does nothing else. Goals: prepare within 1.5 times `make up`; no failed request.

The two environments have not the same number of hosts (six and four), which is shown; for as many, add the others to
idr-local2.map.
"""

import argparse
import contextlib
import json
import pathlib
import subprocess
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
OLD, NEW = "idr-local", "idr-local2"
LIMIT = 1800
PAGES = ("/api/v0/m/projects/?visit={}", "/webgateway/render_thumbnail/1/?visit={}", "/")


def timed(*command):
    """``(seconds, output)`` of a command that has to succeed."""
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=LIMIT
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")
    return time.monotonic() - began, done.stdout


def runner(*arguments):
    """``(seconds, answer)`` of a runner in the local environment."""
    seconds, output = timed(ROOT / "bin/local", "salt-run", "--out=json", *arguments)
    return seconds, json.loads(output[output.index("{") :])


class Visitor(threading.Thread):
    """Reads one page after the other, each on a new connection: ``(seconds, status)`` of each."""

    def __init__(self, url, number):
        super().__init__(daemon=True)
        self.url, self.number, self.seen, self.ends = url, number, [], threading.Event()

    def run(self):
        """Read until told to end."""
        while not self.ends.wait(0.1):
            page = PAGES[len(self.seen) % len(PAGES)].format(f"{self.number}-{time.time()}")
            began, status = time.monotonic(), 0
            try:
                with urllib.request.urlopen(self.url + page, timeout=60) as answer:  # noqa: S310 - the local site
                    answer.read()
                    status = answer.status
            except OSError as exc:
                status = getattr(exc, "code", 0)
            self.seen.append((time.monotonic() - began, status))


@contextlib.contextmanager
def visitors(url, many=3):
    """Visitors meanwhile; yields the list that has all that they were answered in the end."""
    found = []
    threads = [Visitor(url, number) for number in range(many)]
    for thread in threads:
        thread.start()
    yield found
    for thread in threads:
        thread.ends.set()
    for thread in threads:
        thread.join(90)
    found += [one for thread in threads for one in thread.seen]


def measure(url):
    """Go through it once; returns what is shown."""
    timed("make", "down")
    up, _ = timed("make", "up")
    prepared, told = runner("release.prepare", NEW, f"from={OLD}")
    with visitors(url) as seen:
        promoted, _ = runner("release.promote", NEW)
        time.sleep(5)
        back, _ = runner("release.rollback")
        time.sleep(5)
    retired, gone = runner("release.retire", NEW, f"confirm={NEW}", "volumes=True")
    return {
        "up": round(up, 1),
        "prepare": round(prepared, 1),
        "prepare_ratio": round(prepared / up, 2),
        "prepared_hosts": len(told["hosts"]),
        "promote": round(promoted, 1),
        "rollback": round(back, 1),
        "retire": round(retired, 1),
        "retired_hosts": len(gone["destroyed"]),
        "requests": len(seen),
        "failed": sum(status != 200 for _, status in seen),
        "slowest": round(max(seconds for seconds, _ in seen), 2),
    }


def main():
    parser = argparse.ArgumentParser(description="What the next release of the site costs.")
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where the site is")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    found = measure(chosen.url)
    if chosen.json:
        return print(json.dumps(found, indent=2))
    for name, value in found.items():
        print(f"{name:16} {value}")


if __name__ == "__main__":
    main()
