"""omero_plugins: from pillar to apps and requirements."""

import omero_plugins
import pytest

KNOWN = """\
# why
omero-iviewer==0.19.1 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
idr_gallery==3.17.1 --hash=sha256:cc
"""


def test_apps_are_those_of_the_property_and_of_the_plug_ins():
    plugins = {"omero_iviewer": {}, "omero_figure": None, "omero_mapr": False, "idr_gallery": {"requirement": "x"}}
    assert omero_plugins.apps({}, plugins) == ["omero_iviewer", "idr_gallery"]
    assert omero_plugins.apps({"omero.web.apps": ["mine", "omero_iviewer"]}, plugins) == [
        "mine",
        "omero_iviewer",
        "idr_gallery",
    ]
    assert omero_plugins.apps({"omero.web.apps": '["mine"]'}, None) == ["mine"]


@pytest.mark.parametrize("value", ["mine", '{"a": 1}', 3])
def test_apps_that_are_no_list_are_refused(value):
    with pytest.raises(omero_plugins.PluginError, match="omero.web.apps: expected a list"):
        omero_plugins.apps({"omero.web.apps": value}, {})


@pytest.mark.parametrize(
    ("plugin", "kind", "line"),
    [
        ({}, "hashed", "omero-iviewer==0.19.1 --hash=sha256:aa --hash=sha256:bb"),
        ({"requirement": "omero-iviewer"}, "hashed", "omero-iviewer==0.19.1 --hash=sha256:aa --hash=sha256:bb"),
        ({"requirement": "omero-iviewer==0.19.1"}, "hashed", "omero-iviewer==0.19.1 --hash=sha256:aa --hash=sha256:bb"),
        ({"requirement": "omero-iviewer==1", "hashes": ["sha256:dd"]}, "hashed", "omero-iviewer==1 --hash=sha256:dd"),
        ({"requirement": "omero-iviewer==1"}, "plain", "omero-iviewer==1"),
        ({"requirement": "Omero.Iviewer>=1"}, "plain", "Omero.Iviewer>=1"),
        ({"requirement": "unknown"}, "plain", "unknown"),
    ],
)
def test_requirement_has_hashes_where_anybody_names_them(plugin, kind, line):
    found = omero_plugins.requirements({"omero_iviewer": plugin}, KNOWN)
    assert found == {"hashed": [], "plain": [], kind: [line]}


def test_what_is_no_requirement_is_refused():
    with pytest.raises(omero_plugins.PluginError, match="requirement of pip"):
        omero_plugins.requirements({"x": {"requirement": "-e ."}}, KNOWN)


def test_later_lists_do_not_move_earlier_ones_but_by_name():
    assert omero_plugins.constraints([KNOWN, "b==2\n"], "") == "b==2\nidr_gallery==3.17.1\nomero-iviewer==0.19.1\n"
    assert omero_plugins.constraints([KNOWN], "IDR.gallery==4\n") == "omero-iviewer==0.19.1\n"
