"""What the reactor's files make of tags and data that anybody may have written."""

import idr_ids
import pytest
import salt.config
import salt.utils.templates
import salt.utils.yaml
from hypothesis import given
from hypothesis import strategies as st

PREFIX = "salt/engines/hook/scale-out/"
ODD = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(categories=["Cc", "Zl", "Zp", "Zs", "Po"]), max_size=20),
    st.sampled_from(
        ['x"\n- fun: cmd.run', "{{ 7*7 }}", "{% raw %}", "a: b", "'", "\\", "\x85", "\u2028", "😀", "x" * 300]
    ),
    st.from_regex(idr_ids.pattern("idr-local"), fullmatch=True),
)


class Unreadable(Exception):
    """Salt drops such a reaction, and logs it."""


def _reaction(checkout, name, tag, data, **functions):
    result = salt.utils.templates.JINJA(
        str(checkout / f"reactor/{name}.sls"),
        to_str=True,
        context={"tag": tag, "data": data},
        opts=dict(salt.config.DEFAULT_MASTER_OPTS),
        saltenv="base",
        salt={key.replace("__", "."): function for key, function in functions.items()},
    )
    assert result["result"], result["data"]
    try:
        return salt.utils.yaml.safe_load(result["data"])
    except salt.utils.yaml.YAMLError as exc:
        raise Unreadable from exc


def _unreadable(text):
    """YAML has no such characters, and ids neither."""
    return any(character == "\x7f" or ord(character) > 0xFFFF for character in text)


@given(minion_id=ODD)
def test_an_id_comes_to_the_runner_as_it_is_or_not_at_all(checkout, minion_id):
    try:
        reaction = _reaction(checkout, "minion_start", f"salt/minion/{minion_id}/start", {"id": minion_id})
    except Unreadable:
        assert _unreadable(minion_id)
        return
    assert reaction == {"join": {"runner.join.started": [{"args": [{"minion_id": minion_id}]}]}}


@given(
    minion_id=ODD, other=ODD, around=st.sampled_from(["salt/minion/{}/start", "salt/minion/{}/stop", "salt/{}/start"])
)
def test_a_tag_of_another_calls_nothing(checkout, minion_id, other, around):
    tag = around.format(other)
    if tag != f"salt/minion/{minion_id}/start":
        assert _reaction(checkout, "minion_start", tag, {"id": minion_id, "data": {"id": other}}) is None


@pytest.mark.parametrize("minion_id", [None, 1, True, ["idr-local-proxy"], {"idr-local-proxy": 1}, b"idr-local-proxy"])
def test_an_id_that_is_no_text_calls_nothing(checkout, minion_id):
    for tag in (f"salt/minion/{minion_id}/start", "salt/minion/idr-local-proxy/start"):
        assert _reaction(checkout, "minion_start", tag, {"id": minion_id}) is None


def _scaled(checkout, tag, data, *allowed):
    asked = []

    def allows(environment, headers):
        asked.append((environment, headers))
        return environment in allowed

    return _reaction(checkout, "scale_out", tag, data, idr_hook__allows=allows), asked


def test_who_is_allowed_calls_the_runner(checkout):
    reaction, asked = _scaled(checkout, f"{PREFIX}idr-local", {"headers": {"a": "b"}, "post": {"x": 1}}, "idr-local")
    assert reaction == {"scale-out": {"runner.idr.scale_out": [{"args": [{"environment": "idr-local"}]}]}}
    assert asked == [("idr-local", {"a": "b"})]


@given(environment=ODD, data=st.dictionaries(st.sampled_from(["headers", "id", "post"]), ODD))
def test_who_is_not_allowed_calls_nothing(checkout, environment, data):
    assert _scaled(checkout, f"{PREFIX}{environment}", data, "idr-local-x")[0] is None


@given(tag=st.one_of(ODD, ODD.map(f"{PREFIX}{{}}/idr-local".format), ODD.map(f"x/{PREFIX}{{}}".format)))
def test_any_other_tag_asks_nobody(checkout, tag):
    environment = tag.rpartition("/")[2]
    if tag != f"{PREFIX}{environment}":
        assert _scaled(checkout, tag, {"headers": {}}, environment, "idr-local") == (None, [])


@given(environment=ODD.filter(lambda text: "/" not in text))
def test_an_environment_cannot_break_out_of_its_place(checkout, environment):
    try:
        reaction, _ = _scaled(checkout, f"{PREFIX}{environment}", {}, environment)
    except Unreadable:
        assert _unreadable(environment)
        return
    assert reaction == {"scale-out": {"runner.idr.scale_out": [{"args": [{"environment": environment}]}]}}
