"""idr_memory, idr_jvm: what in pillar has to fit in a host's memory."""

import idr_jvm
import idr_memory
import pytest

BLITZ = {"omero.server.nodedescriptors": "master:Blitz-0,Tables-0"}


@pytest.mark.parametrize(
    ("config", "memory", "heaps"),
    [
        # omero-py's own defaults: percents of what is within 3414 and 48000 MB
        ({}, 10000, [("Blitz", 1500), ("Indexer", 1000), ("PixelData", 1500)]),
        (BLITZ, 10000, [("Blitz", 1500)]),
        (BLITZ, 1000, [("Blitz", 512)]),
        (BLITZ, 100000, [("Blitz", 7200)]),
        ({**BLITZ, "omero.jvmcfg.percent": 20}, 10000, [("Blitz", 2000)]),
        ({**BLITZ, "omero.jvmcfg.percent": 20, "omero.jvmcfg.percent.blitz": "50"}, 10000, [("Blitz", 5000)]),
        ({**BLITZ, "omero.jvmcfg.max_system_memory": 8000}, 10000, [("Blitz", 1200)]),
        ({**BLITZ, "omero.jvmcfg.system_memory": 6000}, 10000, [("Blitz", 900)]),
        ({**BLITZ, "omero.jvmcfg.heap_size.blitz": "24G"}, 10000, [("Blitz", 24576)]),
        ({**BLITZ, "omero.jvmcfg.heap_size": 700, "omero.jvmcfg.percent": 90}, 10000, [("Blitz", 700)]),
        ({**BLITZ, "omero.jvmcfg.strategy": "manual"}, 10000, [("Blitz", 512)]),
        ({**BLITZ, "omero.jvmcfg.percent": "wrong"}, 10000, [("Blitz", 1500)]),
        ({"omero.server.nodedescriptors": "master:Blitz-0 one:Indexer-0,PixelData-1"}, 10000, None),
    ],
)
def test_heaps_as_omero_computes_them(config, memory, heaps):
    expected = heaps or [("Blitz", 1500), ("Indexer", 1000), ("PixelData", 1500)]
    assert idr_jvm.heaps(config, memory) == expected


def _server(**config):
    return {"roles": ["omeroreadonly"], "omero": {"server": {"config": {**BLITZ, **config}}}}


@pytest.mark.parametrize(("percent", "wrong"), [(80, False), (81, True)])
def test_heaps_fit(percent, wrong):
    found = idr_memory.within(_server(**{"omero.jvmcfg.percent.blitz": percent}), 10000)
    assert bool(found) is wrong
    if wrong:
        assert found[0]["path"] == ["omero", "server", "config"]
        assert "at most 8000 MB in all, 80% of 10000 MB" in found[0]["expected"]
        assert found[0]["found"] == "8100 MB (Blitz 8100)"


def test_only_a_host_that_runs_omero_needs_room_for_it():
    assert idr_memory.within({**_server(), "roles": ["proxy"]}, 100) == []
    assert idr_memory.within({}, 100) == []


@pytest.mark.parametrize(
    ("value", "wrong"),
    [("2GB", False), ("2000MB", False), ("2049MB", True), ("3GB", True), (262144, False), (524288, True), ("x", False)],
)
def test_shared_buffers_leave_room_for_the_kernel(value, wrong):
    found = idr_memory.within({"postgresql": {"parameters": {"shared_buffers": value}}}, 4096)
    assert bool(found) is wrong
    assert not wrong or found[0]["path"] == ["postgresql", "parameters", "shared_buffers"]


@pytest.mark.parametrize(
    ("sizes", "wrong"), [(["300m", "211m"], False), (["300m", "213m"], True), (["1g"], True), (["x"], False)]
)
def test_keys_of_the_caches_fit(sizes, wrong):
    zones = {f"z{number}": {"keys_zone": size} for number, size in enumerate(sizes)}
    assert bool(idr_memory.within({"proxy": {"cache": {"zones": zones}}}, 1024)) is wrong
