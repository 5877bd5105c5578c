"""
The front end of a site: what nginx and HAProxy of this host are to serve, and its maintenance page.
"""

import pathlib

import idr_ids
import idr_proxy
from salt.exceptions import CommandExecutionError

__virtualname__ = "frontend"

# What is closed while the file is there: the whole site, or only the way to the read-write server.
FLAGS = {"site": "/var/lib/idr-site/maintenance.on", "readwrite": "/var/lib/idr-site/readwrite.on"}


def __virtual__():
    return __virtualname__


def quoted(text):
    """
    A text as one word of nginx's configuration.

    :returns: the text in quotes; its variables stay variables
    :raises CommandExecutionError: it has control characters

    CLI Example:

    .. code-block:: bash

        salt '*' frontend.quoted '^/static/'
    """
    try:
        return idr_proxy.quote(text)
    except ValueError as exc:
        raise CommandExecutionError(str(exc)) from exc


def redirects(given):
    """
    Lines of nginx's map of addresses that have moved.

    :param given: list of ``{"from": str, "to": str}``
    :returns: list of two quoted words each
    :raises CommandExecutionError: one of them has control characters

    CLI Example:

    .. code-block:: bash

        salt '*' frontend.redirects '[{"from": "/old", "to": "/new"}]'
    """
    try:
        return idr_proxy.redirects(given)
    except ValueError as exc:
        raise CommandExecutionError(f"pillar proxy:redirects: {exc}") from exc


def raw_servers():
    """
    The servers that visitors come to (pillar ``environment:public``) and that are to serve, with the port that each has
    on this host, and what it serves: OMERO.web, raw OMERO, or both (pillar ``haproxy:api_servers``).

    :returns: list of ``{"id": str, "port": int, "web": bool, "api": bool}``, by port
    :raises CommandExecutionError: the mine does not know this host, or a server's number has no port

    CLI Example:

    .. code-block:: bash

        salt '*-proxy' frontend.raw_servers
    """
    haproxy = __salt__["pillar.get"]("haproxy", unmask=True)
    own = haproxy["per_server"]
    public = __salt__["pillar.get"]("environment:public", unmask=True)
    servers = [idr_ids.parse(peer["id"]) for peer in __salt__["idr.peers"](public, serving=True)]
    try:
        ported = idr_proxy.raw_ports(servers, own["first_port"], own["last_port"])
    except ValueError as exc:
        raise CommandExecutionError(str(exc)) from exc
    parts = idr_proxy.split(len(ported), haproxy.get("api_servers", 0))
    return [{**server, **part} for server, part in zip(ported, parts, strict=True)]


def client_arguments():
    """
    Arguments for ``omero.client`` with which a client picks one of the servers of raw OMERO and stays with it.

    :returns: list of str
    :raises CommandExecutionError: as :func:`raw_servers`

    CLI Example:

    .. code-block:: bash

        salt '*-proxy' frontend.client_arguments
    """
    return idr_proxy.client_arguments([server["port"] for server in raw_servers() if server["api"]])


def maintenance(on=None, of="site"):
    """
    Whether an operator has closed the site; with ``on``, close or open it. Takes effect with the next request.

    What the pillar says (``proxy:maintenance:enabled``) is another matter: the site is open when both say so.

    :param on: True or False; nothing to ask only
    :param of: ``site``, or ``readwrite`` for the port that leads to the read-write server
    :returns: True when closed by an operator
    :raises CommandExecutionError: the host has no front end

    CLI Example:

    .. code-block:: bash

        salt '*-proxy' frontend.maintenance on=True
        salt '*-proxy' frontend.maintenance on=True of=readwrite
    """
    if of not in FLAGS:
        raise CommandExecutionError(f"of: expected one of {', '.join(FLAGS)}, found {of!r}")
    flag = pathlib.Path(FLAGS[of])
    if not flag.parent.is_dir():
        raise CommandExecutionError(f"{flag.parent} is missing: this host has no front end")
    if on is True:
        flag.touch()
    elif on is False:
        flag.unlink(missing_ok=True)
    elif on is not None:
        raise CommandExecutionError(f"on: expected true or false, found {on!r}")
    return flag.exists()
