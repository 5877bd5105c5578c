"""Which hosts an orchestration works with."""

import idr_keys
import idr_site
import pytest
from farm import DATABASE, ENV, ONE, PROXY, THREE, TWO, WRITER


def test_readers_are_those_that_exist_and_the_others_those_of_the_map(farm):
    farm.accept(THREE, ONE, "idr-y-omeroreadonly-1", "stranger")
    farm.accept(TWO, state="minions_rejected")
    # Neither a second database that somebody is making nor a management host that is no part of the map.
    farm.accept(f"{ENV}-database-2", f"{ENV}-management")
    assert idr_site.managed(farm.opts, ENV) == [DATABASE, ONE, THREE, WRITER, PROXY]


def test_a_host_of_the_map_counts_without_its_key(farm, tmp_path):
    (tmp_path / f"pki/minions/{PROXY}").unlink()
    assert PROXY in idr_site.managed(farm.opts, ENV)


def test_an_environment_without_a_map_is_refused(farm):
    farm.accept("idr-y-omeroreadonly-1")
    with pytest.raises(ValueError, match="idr-y"):
        idr_site.managed(farm.opts, "idr-y")


def test_keys_are_told_apart(farm):
    farm.accept(ONE)
    farm.accept(TWO, state="minions_pre")
    farm.accept(THREE, state="minions_rejected")
    listed = idr_keys.listed(farm.opts)
    assert (listed["accepted"], listed["pending"], listed["rejected"]) == (
        [DATABASE, ONE, WRITER, PROXY],
        [TWO],
        [THREE],
    )
    assert idr_keys.readers(farm.opts, ENV) == [ONE]
    assert idr_keys.readers(farm.opts, "idr-y") == []
