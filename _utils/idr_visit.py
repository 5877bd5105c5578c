"""
A site's pages as a visitor gets them, from the host of its front end: by the name that visitors use, wherever that
leads at the moment.
"""

import http.client
import socket
import ssl
import urllib.parse

REDIRECTS = 5


class Visitor:
    """
    Has no cookies, and a connection of its own for each page.

    :param name: of the site, as visitors use it
    :param scheme: ``http`` or ``https``
    :param authority: path of the certificate of who signed the site's; None for those that the system trusts
    :param timeout: seconds for each step of a page
    :param address: of the front end
    """

    def __init__(self, name, scheme="http", authority=None, timeout=60, address="127.0.0.1"):
        self.name, self.scheme, self.authority, self.timeout = name, scheme, authority, timeout
        self.address, self.port = address, 443 if scheme == "https" else 80

    def get(self, path):
        """
        A page, after up to five redirects within the site.

        :returns: ``(status, headers, body, path at which it was found)``
        :raises ValueError: no answer, or a redirect that does not lead to the site
        """
        for _ in range(REDIRECTS + 1):
            status, headers, body = self._once(path)
            if status not in (301, 302, 303, 307, 308):
                return status, headers, body, path
            path = self._next(path, headers.get("Location", ""))
        raise ValueError(f"{path}: expected no more than {REDIRECTS} redirects")

    def _next(self, path, location):
        here = f"{self.scheme}://{self.name}"
        to = urllib.parse.urlsplit(urllib.parse.urljoin(f"{here}{path}", location))
        if (to.scheme, to.hostname) != (self.scheme, self.name):
            raise ValueError(f"{path}: expected a redirect within {here}, found one to {location!r}")
        return urllib.parse.urlunsplit(("", "", to.path or "/", to.query, ""))

    def _once(self, path):
        connection = http.client.HTTPConnection(self.name, timeout=self.timeout)
        try:
            connection.sock = self._connected()
            connection.request("GET", path, headers={"Host": self.name})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException) as exc:
            raise ValueError(f"{path}: {type(exc).__name__}: {exc}") from exc
        finally:
            connection.close()

    def _connected(self):
        plain = socket.create_connection((self.address, self.port), self.timeout)
        if self.scheme == "http":
            return plain
        try:
            context = ssl.create_default_context(cafile=self.authority)
            return context.wrap_socket(plain, server_hostname=self.name)
        except BaseException:
            plain.close()
            raise
