"""
What the front end's configuration is made of: nginx's words, and the ports of the raw OMERO servers.
"""

import re

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SIZE = re.compile(r"(\d+)([kmg]?)", re.IGNORECASE)


def size_in_bytes(text):
    """
    Bytes of one of nginx's sizes (``200m``, ``10g``), or None if it is none.
    """
    match = _SIZE.fullmatch(str(text))
    return int(match[1]) * _UNITS[match[2].lower()] if match else None


def quote(text):
    """
    A text as one quoted word of nginx's configuration. Its variables (``$uri``, ``$1``) stay variables.

    :raises ValueError: the text has control characters, which nginx would take into the word
    """
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError(f"{text!r}: expected no control characters")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def redirects(given):
    """
    Lines of the ``map`` from addresses to where they have moved.

    :param given: list of ``{"from": str, "to": str}``; a ``from`` that begins with ``~`` is a regular expression of
        path and query
    :returns: list of ``(word, word)``, quoted
    """
    return [(quote(entry["from"]), quote(entry["to"])) for entry in given]


def raw_ports(servers, first, last):
    """
    The front end's own port of each raw OMERO server: the first port and the server's number, so that a server keeps
    its port whoever joins or leaves.

    :param servers: list of ``{"id": str, "number": int or None}``; without a number it is 0
    :param first: port of number 0
    :param last: the last port there is
    :returns: list of ``{"id": str, "port": int}``, by port
    :raises ValueError: a number is beyond the last port
    """
    ports = {first + (server["number"] or 0): server["id"] for server in servers}
    if ports and max(ports) > last:
        raise ValueError(
            f"{ports[max(ports)]}: expected numbers up to {last - first}, for haproxy:per_server has the ports "
            f"{first} to {last}"
        )
    return [{"id": ports[port], "port": port} for port in sorted(ports)]


def split(count, api):
    """
    Which of an environment's read-only servers serve the web, and which raw OMERO.

    :param count: of the servers
    :param api: how many of them shall serve raw OMERO alone; with 0 all serve both, and one always serves the web
    :returns: list of ``{"web": bool, "api": bool}``, the last ones being those of raw OMERO
    """
    api = max(0, min(api, count - 1))
    return [{"web": place < count - api, "api": not api or place >= count - api} for place in range(count)]


def client_arguments(ports):
    """
    Arguments for ``omero.client(args, host=...)`` with which a client picks one of the raw servers at random and stays
    with it. The client itself puts its host into ``@omero.host@``.

    :param ports: list of the servers' ports
    """
    endpoints = ":".join(f"ssl -h @omero.host@ -p {port}" for port in sorted(ports))
    return [f"--Ice.Default.Router=OMERO.Glacier2/router:{endpoints}", "--Ice.Default.EndpointSelection=Random"]


def subject_names(names):
    """
    Names of a site as subjectAltName of a certificate.

    :param names: list of DNS names and IPv4 or IPv6 addresses
    """
    return ", ".join(f"{'IP' if _is_address(name) else 'DNS'}:{name}" for name in names)


def _is_address(name):
    return ":" in name or bool(re.fullmatch(r"[0-9]+(\.[0-9]+){3}", name))


def double_ports(pillar):
    """
    Ports that a proxy's pillar gives to two of its servers.

    :param pillar: a compiled pillar; one without a form that the schemas allow is passed over
    :returns: list of ``(path of the key, what has the port, the port)``
    """
    try:
        used, taken = _ports(pillar)
    except (AttributeError, KeyError, TypeError):
        return []
    found = []
    for path, port in used:
        if port in taken:
            found.append((path, taken[port], port))
        taken.setdefault(port, ":".join(path))
    return found


def _ports(pillar):
    haproxy = pillar["haproxy"]
    own = haproxy["per_server"]
    taken = {80: "http", 443: "https"}
    taken.update(dict.fromkeys(range(own["first_port"], own["last_port"] + 1), "haproxy:per_server"))
    used = [
        (["haproxy", "http", "port"], haproxy["http"]["port"]),
        (["haproxy", "readwrite", "port"], haproxy["readwrite"]["port"]),
        (["haproxy", "websocket", "port"], haproxy["websocket"]["port"]),
        (["proxy", "cachebuster", "port"], pillar["proxy"]["cachebuster"]["port"]),
        *((["haproxy", "tcp", name], port) for name, port in sorted(haproxy["tcp"].items()) if port),
    ]
    return used, taken
