"""
Whether this host may have visitors: part of the execution module ``idr``.

A read-only server says so itself, in the mine, once it has proved that it can serve. The front end takes no other.
"""

import pathlib

from salt.exceptions import CommandExecutionError

__virtualname__ = "idr"

# On the disk, for a host that reboots is not a new one: meanwhile the front end's own check keeps visitors away.
MARK = "/var/lib/idr-salt/serving"
PING = "http://127.0.0.1:{port}/webclient/keepalive_ping/"


def __virtual__():
    return __virtualname__


def serving(on=None):
    """
    Whether this host has proved that it can serve. The mine publishes the answer under the same name.

    :param on: True to say so, False to take it back; nothing to ask only
    :returns: bool
    :raises CommandExecutionError: the mark cannot be written

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 idr.serving
    """
    mark = pathlib.Path(MARK)
    if on not in (None, True, False):
        raise CommandExecutionError(f"on: expected true or false, found {on!r}")
    try:
        if on:
            mark.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            mark.touch()
        elif on is False:
            mark.unlink(missing_ok=True)
    except OSError as exc:
        raise CommandExecutionError(str(exc)) from exc
    return mark.exists()


def page():
    """
    Whether OMERO.web answers through this host's own nginx, as the front end's check asks it. It says so only when
    its OMERO.server answers as well.

    :returns: empty when all is well, or what came instead (limit: ``http_request_timeout`` of the minion)

    CLI Example:

    .. code-block:: bash

        salt 'idr-local-omeroreadonly-*' idr.page
    """
    port = __salt__["pillar.get"]("omero:web:http", 80, unmask=True)
    answer = __salt__["http.query"](PING.format(port=port))
    # The status is 200 either way.
    return "" if answer.get("body", "").startswith("OK") else f"OMERO.web: {answer.get('error') or 'not OK'}"
