"""A proxy in front of the control plane that delays, refuses and loses requests as it is told.

It listens where the catalogue's second region says that the services are; see `seed.FAULTY`.
"""

import contextlib
import http.client
import http.server
import re
import threading
import time
from dataclasses import dataclass, field
from typing import NamedTuple

from testbed.openstack.seed import FAULTY_OFFSET
from testbed.openstack.settings import HOST, PORTS

# of one hop only
HOPS = ("connection", "keep-alive", "transfer-encoding", "content-length")


@dataclass
class Fault:
    """
    What happens to the next `times` requests that match.

    path: regular expression that the path must contain. status: answer this and do not ask the service. lost: close
    the connection without an answer. carried_out: ask the service first, and then do so. delay: seconds before that.
    retry_after: header of the answer with `status`.
    """

    service: str
    method: str = "GET"
    path: str = ""
    times: int = 1
    status: int | None = None
    lost: bool = False
    carried_out: bool = False
    delay: float = 0
    retry_after: str | None = None

    def matches(self, service, method, path):
        return self.times > 0 and (service, method) == (self.service, self.method) and re.search(self.path, path)


class Seen(NamedTuple):
    """A request, and when it came, by the monotonic clock."""

    service: str
    method: str
    path: str
    at: float


@dataclass
class Proxy:
    """The proxy; `faults` may be changed at any time, `seen` has a :class:`Seen` for each request."""

    faults: list = field(default_factory=list)
    seen: list = field(default_factory=list)
    _servers: list = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self):
        """Listen; to be called by a thread inside the control plane's namespace."""
        for service, port in PORTS.items():
            handler = type("Handler", (_Handler,), {"proxy": self, "service": service})
            server = http.server.ThreadingHTTPServer((HOST, port + FAULTY_OFFSET), handler)
            server.daemon_threads = True
            self._servers.append(server)
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def fault(self, service, method, path):
        """Note a request and return the fault that it meets, or None."""
        with self._lock:
            self.seen.append(Seen(service, method, path, time.monotonic()))
            for fault in self.faults:
                if fault.matches(service, method, path):
                    fault.times -= 1
                    return fault
        return None

    def clear(self):
        """Forget all faults and requests."""
        with self._lock:
            self.faults, self.seen = [], []


class _Handler(http.server.BaseHTTPRequestHandler):
    def _serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        fault = self.proxy.fault(self.service, self.command, self.path) or Fault("", times=0)
        time.sleep(fault.delay)
        answer = None
        if fault.carried_out or not (fault.lost or fault.status):
            answer = self._ask(body)
        self.close_connection = True
        if fault.lost:
            return
        if fault.status:
            pause = [("Retry-After", fault.retry_after)] if fault.retry_after else []
            answer = fault.status, [("Content-Type", "text/plain"), *pause], b"a fault of the tests' proxy\n"
        with contextlib.suppress(ConnectionError):
            self._answer(*answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  http.server's names

    def _ask(self, body):
        connection = http.client.HTTPConnection(HOST, PORTS[self.service], timeout=120)
        headers = {key: value for key, value in self.headers.items() if key.lower() not in HOPS}
        try:
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()

    def _answer(self, status, headers, body):
        self.send_response(status)
        for key, value in headers:
            if key.lower() not in HOPS:
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_arguments):
        pass
