"""
What in pillar has to fit in a host's memory. Errors are as in :mod:`idr_check`.
"""

import re

import idr_check
import idr_jvm
import idr_proxy
from idr_check import mapping as _mapping

# Of a database's memory its own cache may have this part: PostgreSQL leaves the rest to the kernel's.
BUFFERS_SHARE = 0.5
# What nginx knows of its caches may have this part of the proxy's memory.
KEYS_SHARE = 0.5

_UNITS = {"": 8 / 1024, "kb": 1 / 1024, "mb": 1, "gb": 1024, "tb": 1024**2}
_BUFFERS = re.compile(r"(\d+)\s*(kb|mb|gb|tb|)", re.IGNORECASE)


def within(pillar, memory):
    """
    What is more than the host has.

    :param pillar: the compiled pillar of one host
    :param memory: of the host in MB
    :returns: list of errors
    """
    return [*_heaps(pillar, memory), *_buffers(pillar, memory), *_keys(pillar, memory)]


def _heaps(pillar, memory):
    if not idr_jvm.runs(pillar):
        return
    heaps = idr_jvm.heaps(_mapping(pillar, "omero", "server", "config"), memory)
    total, limit = sum(size for _, size in heaps), int(memory * idr_jvm.SHARE)
    if total > limit:
        each = ", ".join(f"{name} {size}" for name, size in heaps)
        expected = f"omero.jvmcfg.* with heaps of at most {limit} MB in all, {idr_jvm.SHARE:.0%} of {memory} MB"
        yield idr_check.error(["omero", "server", "config"], expected, None, f"{total} MB ({each})")


def _buffers(pillar, memory):
    given = _mapping(pillar, "postgresql", "parameters").get("shared_buffers")
    match = _BUFFERS.fullmatch(str(given))
    if match and int(match[1]) * _UNITS[match[2].lower()] > memory * BUFFERS_SHARE:
        expected = f"at most {int(memory * BUFFERS_SHARE)}MB, {BUFFERS_SHARE:.0%} of {memory} MB"
        yield idr_check.error(["postgresql", "parameters", "shared_buffers"], expected, None, str(given))


def _keys(pillar, memory):
    zones = _mapping(pillar, "proxy", "cache", "zones")
    sizes = (idr_proxy.size_in_bytes(_mapping(zone).get("keys_zone")) for zone in zones.values())
    total = sum(size for size in sizes if size) / 1024**2
    if total > memory * KEYS_SHARE:
        expected = f"keys_zone of at most {int(memory * KEYS_SHARE)}m in all, {KEYS_SHARE:.0%} of {memory} MB"
        yield idr_check.error(["proxy", "cache", "zones"], expected, None, f"{total:.0f}m")
