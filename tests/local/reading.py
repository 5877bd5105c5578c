"""Visitors who read pages that no cache has, until standard input ends: what they were answered, as JSON.

Arguments: the host, a word of this run, and the visitors' own addresses (without any, two visitors).
"""

import collections
import http.client
import json
import sys
import threading
import time

# Each asks OMERO.server: the JSON API, a picture that is rendered, and what is shown beside it.
PAGES = (
    "/api/v0/m/projects/?visit={}",
    "/webgateway/render_thumbnail/1/?visit={}",
    "/webclient/metadata_details/image/1/?visit={}",
)
# Seconds between two pages, of one visitor and of all together: what is measured is not how much the machine can bear.
PAUSE = 0.15
TOGETHER = 0.075
PATIENCE = 60
LIMIT = 1800


class Visitor(threading.Thread):
    """One page after the other, each on a new connection."""

    def __init__(self, host, name, stop, pause, source=None):
        super().__init__(daemon=True)
        self.host, self.name, self.stop, self.pause = host, name, stop, pause
        self.source = (source, 0) if source else None
        self.statuses, self.failed, self.slowest = collections.Counter(), [], 0.0

    def run(self):
        """Visit until told to stop."""
        count = 0
        while not self.stop.wait(self.pause):
            page = PAGES[count % len(PAGES)].format(f"{self.name}-{count}")
            began = time.monotonic()
            status, said = self.visit(page)
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.statuses[str(status)] += 1
            if status != 200:
                self.failed.append([time.strftime("%H:%M:%S"), page, status, said])
            count += 1

    def visit(self, page):
        """Status of a page and the beginning of what it says; 0 where there is no answer."""
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE, source_address=self.source)
        try:
            connection.request("GET", page)
            answer = connection.getresponse()
            body = answer.read()
        except OSError as error:
            return 0, f"{type(error).__name__}: {error}"
        except http.client.HTTPException as error:
            return 0, f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        kind = answer.headers.get_content_type()
        if answer.status == 200 and page.startswith("/webgateway/") and not kind.startswith("image/"):
            return 1, f"no picture but {kind}"
        return answer.status, body[:200].decode(errors="replace")


def main():
    stop = threading.Event()
    host, name, *sources = sys.argv[1:]
    sources = sources or [None, None]
    pause = max(PAUSE, TOGETHER * len(sources))
    visitors = [Visitor(host, f"{name}-{number}", stop, pause, source) for number, source in enumerate(sources)]
    for visitor in visitors:
        visitor.start()
    end = threading.Timer(LIMIT, stop.set)
    end.daemon = True
    end.start()
    print("reading", flush=True)
    sys.stdin.read()
    stop.set()
    for visitor in visitors:
        visitor.join(PATIENCE + 5)
    statuses = sum((visitor.statuses for visitor in visitors), collections.Counter())
    told = {"requests": sum(statuses.values()), "statuses": statuses}
    told["failed"] = [one for visitor in visitors for one in visitor.failed]
    told["slowest"] = round(max(visitor.slowest for visitor in visitors), 2)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
