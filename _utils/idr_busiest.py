"""
Which pages visitors ask for most, by the front end's access log.
"""

import collections
import gzip
import pathlib
import re

# salt/proxy/files/maps.conf.jinja: log_format idr_proxy
_LINE = re.compile(r'"GET (?P<path>/[^" ]*) HTTP/[0-9.]+" 200 .* (?P<cache>\S+) (?P<zone>\S+) \S+$')


def paths(lines, limit):
    """
    Addresses of pages that the cache keeps, the busiest first.

    :param lines: of the log
    :param limit: how many at most
    """
    counted: collections.Counter = collections.Counter()
    for line in lines:
        match = _LINE.search(line)
        if match and match["zone"] != "-":
            counted[match["path"]] += 1
    return sorted(counted, key=lambda path: (-counted[path], path))[:limit]


def lines(log, days):
    """
    Lines of a log and of the ones before it that were rotated, ``log.1`` and ``log.2.gz`` and so on.

    :param log: path
    :param days: how many files altogether
    :raises OSError: one cannot be read
    """
    names = [log, f"{log}.1", *(f"{log}.{number}.gz" for number in range(2, days))][:days]
    for path in filter(pathlib.Path.exists, map(pathlib.Path, names)):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8", errors="replace") as file:
            yield from file
