"""
The site as visitors see it, proved and warmed on its own host: part of the execution module ``frontend``.
"""

import concurrent.futures
import threading
import time

import idr_busiest
import idr_smoke
import idr_visit
from salt.exceptions import CommandExecutionError

__virtualname__ = "frontend"

LOG = "/var/log/nginx/access.log"
# salt/tls/map.jinja: of who signs where tls:source is local_ca
AUTHORITY = "/etc/ssl/idr-ca/ca.pem"
# Visitors at a time whom the replay is: more would be in the way of others.
TOGETHER = 4
_TOLD = 20


def __virtual__():
    return __virtualname__


def _visitor(timeout):
    name = (__salt__["pillar.get"]("tls:names") or [__grains__["id"]])[0]
    if not __salt__["pillar.get"]("proxy:redirect_to_https"):
        return idr_visit.Visitor(name, timeout=timeout)
    authority = AUTHORITY if __salt__["pillar.get"]("tls:source") == "local_ca" else None
    return idr_visit.Visitor(name, "https", authority, timeout)


def smoke(timeout=60):
    """
    Look at what the site must do before it may be the public one, through the whole front end, under the first of
    ``tls:names``: start page, webclient, health, list of servers, JSON API, pictures, cache.

    :param timeout: seconds for each page
    :returns: ``{what: what is wrong, empty when all is well}``

    CLI Example:

    .. code-block:: bash

        salt idr-local-proxy frontend.smoke
    """
    return idr_smoke.looked(_visitor(timeout).get)


def busiest(limit=500, days=7):
    """
    Addresses of pages for the cache that visitors asked for most, by the access log and those rotated before it.

    :param limit: how many at most
    :param days: how many files of the log, one a day
    :returns: list, the busiest first
    :raises CommandExecutionError: the log cannot be read

    CLI Example:

    .. code-block:: bash

        salt idr-local-proxy frontend.busiest limit=20
    """
    try:
        return idr_busiest.paths(idr_busiest.lines(LOG, days), limit)
    except OSError as exc:
        raise CommandExecutionError(str(exc)) from exc


def replay(paths, per_second=20, timeout=600):
    """
    Ask for pages, so that the cache has them, four at a time.

    :param paths: list of addresses, as :func:`busiest` returns them
    :param per_second: how many at most
    :param timeout: seconds altogether; what is not asked for by then is left out
    :returns: ``{"asked": int, "kept": how many the cache had, "failed": {path: why}, of those 20 at most, "left": int,
        "seconds": float}``

    CLI Example:

    .. code-block:: bash

        salt idr-local-proxy frontend.replay '[/webgateway/render_thumbnail/1/]'
    """
    get, began, lock = _visitor(min(timeout, 60)).get, time.monotonic(), threading.Lock()
    told: dict = {"asked": 0, "kept": 0, "failed": {}, "left": 0}

    def visit(number, path):
        time.sleep(max(0.0, began + number / per_second - time.monotonic()))
        late = time.monotonic() > began + timeout
        why, kept = ("", False) if late else _visited(get, path)
        with lock:
            told["left" if late else "asked"] += 1
            told["kept"] += kept
            if why and len(told["failed"]) < _TOLD:
                told["failed"][path] = why

    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        list(pool.map(visit, range(len(paths)), paths))
    return {**told, "seconds": round(time.monotonic() - began, 1)}


def _visited(get, path):
    try:
        status, headers, _, _ = get(path)
    except ValueError as exc:
        return str(exc), False
    return ("" if status == 200 else f"status {status}"), headers.get("X-Cache") == "HIT"
