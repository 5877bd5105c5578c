"""
Memory of OMERO.server's Java processes, as omero-py's ``omero.install.jvmcfg`` computes it. No side effects.

In MB. By default each has a percent of the host's memory, which is taken to be within two bounds.
"""

import re

PERCENTS = {"Blitz": 15, "Indexer": 10, "PixelData": 15, "Repository": 10}
# of omero.server.nodedescriptors, where nothing else is said
RUNNING = ("Blitz", "Indexer", "PixelData")
BOUNDS = (3414, 48000)
HEAP = 512

# Of a host's memory all heaps together may have this part: each process needs more than its heap, and others run there.
SHARE = 0.8

_UNITS = {"b": 1024**-2, "k": 1024**-1, "m": 1, "g": 1024}
_SIZE = re.compile(r"(?:-Xmx)?(\d+)([bkmg]?)", re.IGNORECASE)


def runs(pillar):
    """Whether OMERO.server runs on the host of a pillar: one of its roles says so."""
    roles = pillar.get("roles")
    return any(str(role).startswith("omero") for role in (roles if isinstance(roles, list) else []))


def processes(config):
    """
    Java processes that run with these properties of OMERO.server.

    :returns: list of names, such as ``["Blitz"]``
    """
    nodes = config.get("omero.server.nodedescriptors")
    if not isinstance(nodes, str) or not nodes.strip():
        return list(RUNNING)
    return [name for part in re.split(r"[:,\s]+", nodes) if (name := part.rsplit("-", 1)[0]) in PERCENTS]


def heaps(config, memory):
    """
    The largest heap of each Java process.

    :param config: properties of OMERO.server
    :param memory: of the host in MB
    :returns: list of ``(process, MB)``
    """
    return [(name, _heap(config, name, memory)) for name in processes(config)]


def _setting(config, name, key, default):
    """A setting of one process, or else that of all; what has no right form is not ours to refuse."""
    for full in (f"omero.jvmcfg.{key}.{name.lower()}", f"omero.jvmcfg.{key}"):
        if config.get(full) not in (None, ""):
            return config[full]
    return default


def _number(value, default):
    return int(value) if str(value).isdigit() else default


def _heap(config, name, memory):
    size = _SIZE.fullmatch(str(_setting(config, name, "heap_size", "")))
    if size:
        return int(int(size[1]) * _UNITS[size[2].lower() or "m"])
    if _setting(config, name, "strategy", "percent") == "manual":
        return HEAP
    least = _number(_setting(config, name, "min_system_memory", BOUNDS[0]), BOUNDS[0])
    most = _number(_setting(config, name, "max_system_memory", BOUNDS[1]), BOUNDS[1])
    total = _number(_setting(config, name, "system_memory", memory), memory)
    percent = _number(_setting(config, name, "percent", PERCENTS[name]), PERCENTS[name])
    return max(min(total, most), least) * percent // 100
