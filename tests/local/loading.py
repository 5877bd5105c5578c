"""Run on a host of the local cloud: a small, bounded load on one address, and what came of it."""

import json
import sys
import threading
import time
import urllib.error
import urllib.request

READERS = 3


def read(address, end, found):
    """Fetch pages one after the other; what is not an OK within the limit is a failure."""
    while time.monotonic() < end:
        begun = time.monotonic()
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                body = answer.read()
                found.append(
                    (time.monotonic() - begun, None if body.strip() == b"OK" else f"{answer.status} {body[:80]}")
                )
        except (OSError, urllib.error.URLError) as error:
            found.append((time.monotonic() - begun, f"{type(error).__name__}: {error}"))
        time.sleep(0.05)


def main(address, seconds):
    found, end = [], time.monotonic() + float(seconds)
    readers = [threading.Thread(target=read, args=(address, end, found)) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    failures = [problem for _, problem in found if problem]
    json.dump(
        {"requests": len(found), "slowest": max(took for took, _ in found), "failures": failures[:20]}, sys.stdout
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
