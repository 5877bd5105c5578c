"""A proxy in front of one service, which does not always do what it should."""

import collections
import http.client
import http.server
import threading
import urllib.parse


class Proxy(http.server.ThreadingHTTPServer):
    """
    Passes requests on to `target`, an address. `faults` has for a method what happens to its next requests: a status is
    answered instead, "lost before" and "lost after" end the connection before and after the service has answered.
    """

    def __init__(self, target):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urllib.parse.urlsplit(target)
        self.faults = collections.defaultdict(list)
        self.seen = []
        self.daemon_threads = True
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        """What to ask instead of the service."""
        return self.target._replace(netloc=f"127.0.0.1:{self.server_port}").geturl()

    def close(self):
        """Stop."""
        self.shutdown()
        self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _pass(self):
        self.server.seen.append((self.command, self.path.partition("?")[0].rsplit("/", 1)[-1]))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        faults = self.server.faults[self.command]
        fault = faults.pop(0) if faults else None
        self.close_connection = True
        if fault == "lost before":
            return
        answer = (fault, b'{"error": "not now"}') if isinstance(fault, int) else self._ask(body)
        if fault == "lost after":
            return
        self.send_response(answer[0])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer[1])))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer[1])

    do_GET = do_POST = do_PUT = do_DELETE = _pass

    def _ask(self, body):
        connection = http.client.HTTPConnection(self.server.target.netloc, timeout=60)
        kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        connection.request(self.command, self.path, body or None, kept)
        found = connection.getresponse()
        text = found.read()
        connection.close()
        return found.status, text

    def log_message(self, *_):
        """Nothing on pytest's terminal."""
