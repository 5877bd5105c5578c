import idr_tuning
import pytest


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([], 24105),
        (["max\n"], 24105),
        (["4294967296\n"], 4096),
        (["9223372036854771712\n"], 24105),
        ([4096], 4096),
        ([0], 24105),
        (["2147483648", 4096], 2048),
    ],
)
def test_memory_is_the_least_that_anything_tells(limits, expected):
    assert idr_tuning.memory(24105, limits) == expected


@pytest.mark.parametrize(
    ("megabytes", "connections", "expected"),
    [
        (512, 100, ("128MB", "384MB", "32MB", "4MB")),
        (4096, 200, ("1024MB", "3072MB", "256MB", "5MB")),
        (16384, 100, ("4096MB", "12288MB", "1024MB", "40MB")),
        (262144, 300, ("65536MB", "196608MB", "2048MB", "218MB")),
    ],
)
def test_memory_is_shared_out(megabytes, connections, expected):
    found = idr_tuning.parameters(megabytes, connections=connections)
    names = ("shared_buffers", "effective_cache_size", "maintenance_work_mem", "work_mem")
    assert tuple(found[name] for name in names) == expected


@pytest.mark.parametrize("megabytes", [1024, 4096, 16384, 262144])
@pytest.mark.parametrize("connections", [20, 200, 300])
def test_all_together_fits(megabytes, connections):
    found = idr_tuning.parameters(megabytes, connections=connections)
    size = {name: int(value.removesuffix("MB")) for name, value in found.items() if str(value).endswith("MB")}
    least = idr_tuning._MIN_WORK
    assert size["work_mem"] == least or size["shared_buffers"] + connections * size["work_mem"] * 3 <= megabytes


def test_parallel_workers_only_with_cpus_for_them():
    assert "max_parallel_workers" not in idr_tuning.parameters(4096, cpus=2)
    found = idr_tuning.parameters(4096, cpus=16)
    assert (found["max_worker_processes"], found["max_parallel_workers_per_gather"]) == (16, 4)


def test_extension_is_loaded_with_the_server():
    assert "shared_preload_libraries" not in idr_tuning.parameters(4096, extensions=["hstore"])
    found = idr_tuning.parameters(4096, extensions=["hstore", "pg_stat_statements"])
    assert found["shared_preload_libraries"] == "pg_stat_statements"
