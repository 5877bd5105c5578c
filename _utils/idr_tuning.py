"""
Parameters of PostgreSQL that follow from the host, for one that does nothing else, with volumes that seek quickly.
"""

# What hosts of this role have when nothing tells otherwise: PostgreSQL's own default.
CONNECTIONS = 100

# Extensions that work only if the server loads them when it starts.
PRELOADED = ("pg_stat_statements",)

_MAX_MAINTENANCE = 2048
_MIN_WORK = 4
# Sorts and hashes that one connection may do at a time, so that all connections together stay in memory.
_AT_ONCE = 3


def memory(total, limits):
    """
    Memory of a host.

    :param total: what the kernel shows, in MB; in a container that is its machine's
    :param limits: texts of cgroup files in bytes (``max`` or v1's largest number for none), and numbers in MB
    :returns: the least of them, in MB
    """
    known = [int(total)]
    for limit in limits:
        if isinstance(limit, int):
            known.append(limit)
        elif str(limit).strip().isdigit():
            known.append(int(limit) // 1024**2)
    return min(value for value in known if value > 0)


def parameters(megabytes, cpus=1, connections=CONNECTIONS, extensions=()):
    """
    Compute parameters.

    :param megabytes: memory of the host
    :param cpus: number of CPUs
    :param connections: ``max_connections``
    :param extensions: names of the extensions of all databases
    :returns: ``{name: value}``, memory with its unit, as PostgreSQL's files have it
    """
    shared = megabytes // 4
    work = max(_MIN_WORK, (megabytes - shared) // (connections * _AT_ONCE))
    found = {
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{megabytes * 3 // 4}MB",
        "maintenance_work_mem": f"{min(_MAX_MAINTENANCE, megabytes // 16)}MB",
        "work_mem": f"{work}MB",
        "max_connections": connections,
        # fewer checkpoints while a study is imported
        "min_wal_size": "1GB",
        "max_wal_size": "4GB",
        "checkpoint_completion_target": 0.9,
        "wal_compression": True,
        "random_page_cost": 1.1,
        "effective_io_concurrency": 200,
    }
    if cpus >= 4:
        found |= {
            "max_worker_processes": max(8, cpus),
            "max_parallel_workers": cpus,
            "max_parallel_workers_per_gather": min(4, cpus // 2),
            "max_parallel_maintenance_workers": min(4, cpus // 2),
        }
    preloaded = sorted(set(extensions) & set(PRELOADED))
    return found | ({"shared_preload_libraries": ",".join(preloaded)} if preloaded else {})
