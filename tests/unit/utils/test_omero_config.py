"""omero_config: pillar values, config.xml and .omero files."""

import shlex

import omero_config
import pytest

XML = """<icegrid><!-- made by OmeroConfig -->
<properties id="__ACTIVE__">
  <property name="omero.config.profile" value="default"/><property name="omero.config.version" value="5.1.0"/>
  <property name="omero.db.name" value="stale copy"/>
</properties>
<properties id="default">
  <property name="omero.config.version" value="5.1.0"/>
  <property name="omero.db.name" value="omero"/><property name="omero.db.pass" value="a&amp;b"/>
</properties>
<properties id="other"><property name="omero.db.name" value="not this"/></properties>
<include file="templates.xml"/></icegrid>"""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("500", "500"),
        (500, "500"),
        (0.5, "0.5"),
        (True, "true"),
        (False, "false"),
        ("", ""),
        (["a", 1, True], '["a",1,true]'),
        ({"b": [], "a": {"x": None}}, '{"a":{"x":null},"b":[]}'),
        ("^/(?!a|b)", "^/(?!a|b)"),
    ],
)
def test_to_text(value, text):
    assert omero_config.to_text("omero.web.x", value) == text


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("omero.web.x", None, "leave the property out"),
        ("omero.web.x", object(), "not object"),
        ("omero.web.x", "two\nlines", "one line"),
        ("omero web", "x", "only letters"),
        ("", "x", "only letters"),
        (7, "x", "only letters"),
        ("a=b", "x", "only letters"),
    ],
)
def test_to_text_refuses(key, value, expected):
    with pytest.raises(omero_config.ConfigError, match=expected) as caught:
        omero_config.to_text(key, value)
    assert str(key) in str(caught.value)


def test_an_error_does_not_show_the_value():
    with pytest.raises(omero_config.ConfigError) as caught:
        omero_config.to_text("omero.db.pass", "sec\nret")
    assert "sec" not in str(caught.value)


@pytest.mark.parametrize("text", ["a\x00b", "a\x1fb", "\ud800", "\ufffe", "two\rlines"])
def test_what_xml_cannot_hold_is_refused(text):
    with pytest.raises(omero_config.ConfigError, match="that XML can hold"):
        omero_config.to_text("omero.web.x", text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("25", 25),
        ("-1", -1),
        ("0.5", 0.5),
        ("[1,true]", [1, True]),
        ('{"a":null}', {"a": None}),
        ("007", "007"),
        ("1.50", "1.50"),
        ("9" * 30, "9" * 30),
        ("True", "True"),
        ("null", "null"),
        ("[not json", "[not json"),
        ("", ""),
        ("%user%/%year%", "%user%/%year%"),
    ],
)
def test_typed_values_are_stored_as_the_same_text_again(text, value):
    found = omero_config.typed(text)
    assert (found, type(found)) == (value, type(value))
    assert omero_config.to_text("x", found) == text


def test_lines():
    assert omero_config.from_lines("a=1\nb.c=x=y\n\nnoise\nwith blank=1\nd=\n") == {"a": "1", "b.c": "x=y", "d": ""}


def test_a_password_in_an_address_is_masked_alone():
    shown = omero_config.masked("omero.web.caches", '{"LOCATION":"redis://:hidden@host:6379/0"}')
    assert shown == f'{{"LOCATION":"redis://:{omero_config.MASK}@host:6379/0"}}'
    assert omero_config.masked("omero.web.x", "http://host:80/@me") == "http://host:80/@me"


def test_from_xml_reads_the_active_profile():
    assert omero_config.from_xml(XML) == {"omero.db.name": "omero", "omero.db.pass": "a&b"}
    other = XML.replace('omero.config.profile" value="default"', 'omero.config.profile" value="other"')
    assert omero_config.from_xml(other) == {"omero.db.name": "not this"}


def test_from_xml_of_a_file_without_properties():
    assert omero_config.from_xml("\n") == {}
    with pytest.raises(omero_config.ConfigError, match="not well-formed"):
        omero_config.from_xml("<icegrid>")


def test_plan_sets_changes_and_removes_what_is_not_wanted():
    current = {"a": "1", "b": "2", "old": "x", "kept.one": "y"}
    steps = omero_config.plan(current, {"a": "1", "b": "3", "c": "4"}, keep=("kept.",))
    assert steps == {"set": {"b": "3", "c": "4"}, "remove": ["old"]}
    assert omero_config.plan({"a": "1"}, {"a": "1"}) == {"set": {}, "remove": []}


def test_commands_survive_the_shell_words_of_omero_load():
    nasty = 'it\'s "quoted" \\ $HOME # and -v'
    lines = omero_config.commands({"set": {"x": nasty, "y": "-1", "z": ""}, "remove": ["old"]}).splitlines()
    assert [shlex.split(line) for line in lines] == [
        ["config", "set", "--", "x", nasty],
        ["config", "set", "--", "y", "-1"],
        ["config", "set", "--", "z", ""],
        ["config", "set", "--", "old"],
    ]


@pytest.mark.parametrize(
    "key",
    ["omero.db.pass", "omero.web.public.password", "omero.web.secret_key", "omero.x.Token", "omero.ldap.PASSWORD"],
)
def test_secrets_are_masked_by_their_name(key):
    assert omero_config.masked(key, "hunter2") == omero_config.MASK
    assert omero_config.masked(key, "") == ""


def test_changes_mask_both_sides():
    current = {"omero.db.pass": "old", "omero.custom": "old", "omero.db.user": "a", "gone.password": "old"}
    wanted = {"omero.db.pass": "new", "omero.custom": "new", "omero.db.user": "b"}
    steps = omero_config.plan(current, wanted)
    mask = omero_config.MASK
    assert omero_config.changes(current, steps, secrets=("omero.custom",)) == {
        "omero.db.pass": {"old": mask, "new": mask},
        "omero.custom": {"old": mask, "new": mask},
        "omero.db.user": {"old": "a", "new": "b"},
        "gone.password": {"old": mask, "new": None},
    }
