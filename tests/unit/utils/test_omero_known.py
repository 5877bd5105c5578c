"""omero_known: values that OMERO would not understand, names that it does not know."""

import omero_known
import pytest

RIGHT = {
    "omero.web.debug": [True, False, "true", "false"],
    "omero.web.page_size": [0, 500, "500"],
    "omero.db.poolsize": [1, "25"],
    "omero.jvmcfg.percent.blitz": [1, "50", 100],
    "omero.jvmcfg.heap_size": ["24G", "512m", 2048, "-Xmx2g"],
    "omero.ports.ssl": [4064, "4064"],
    "omero.data.dir": ["/data/OMERO"],
    "omero.managed.dir": ["${omero.data.dir}/ManagedRepository"],
    "omero.web.apps": [[], ["a"], '["a"]'],
    "omero.web.caches": [{"default": {}}, '{"default": {}}'],
    "omero.web.public.url_filter": ["^/(a|b)"],
    "omero.web.plate_layout": ["shrink"],
    "omero.jvmcfg.strategy.indexer": ["manual"],
}
WRONG = {
    "omero.web.debug": ["yes", 1, "True", []],
    "omero.web.page_size": [-1, "many", True, 1.5, [1]],
    "omero.db.poolsize": [0, "x"],
    "omero.jvmcfg.percent.blitz": [0, 101, "50%"],
    "omero.jvmcfg.heap_size": ["24 G", "lots", -1],
    "omero.ports.ssl": [0, 70000, "ssl"],
    "omero.data.dir": ["data", 3],
    "omero.web.apps": ["a", '{"a": 1}', 3],
    "omero.web.caches": [[], "[]", "{"],
    "omero.web.public.url_filter": ["^/(a", 3],
    "omero.web.plate_layout": ["big"],
    "omero.jvmcfg.strategy.indexer": ["auto"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in RIGHT.items() for value in values])
def test_values_of_omeros_manual_are_right(name, value):
    assert omero_known.wrong({name: value, "omero.web.unknown": object()}) == []


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_what_omero_would_not_understand_is_named(name, value):
    ((found, expected),) = omero_known.wrong({name: value})
    assert found == name
    assert expected


def test_null_takes_out():
    properties = {"a": None, "omero.web.debug": None, "b": {"c": None, "d": {"e": None, "f": 1}}, "g": [None]}
    assert omero_known.wrong(properties) == []
    assert omero_known.chosen(properties) == {"b": {"d": {"f": 1}}, "g": [None]}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("omero.web.page_sise", "omero.web.page_size"),
        ("omero.web.public.url_filtr", "omero.web.public.url_filter"),
        ("omero.jvmcfg.percent.blizt", "omero.jvmcfg.percent.blitz"),
        ("omero.web.page_size", None),
        ("omero.web.my_plugin.colour", None),
        ("Ice.IPv6", None),
    ],
)
def test_misspelt_names_get_a_hint(name, meant):
    assert omero_known.misspelt({name: 1}) == ([(name, meant)] if meant else [])


def test_every_name_is_of_one_kind():
    names = [name for names, _, _ in omero_known._KINDS for name in names] + list(omero_known._CHOICES)
    assert sorted({*names, *omero_known._TEXTS}) == omero_known.NAMES
    assert len(names) + len(omero_known._TEXTS) == len(omero_known.NAMES)
