"""Who may ask for a server more."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TOKEN = "a-long-random-token"
GOOD = {"X-Idr-Token": TOKEN, "Content-Type": "application/json"}


@pytest.fixture
def option(tmp_path):
    """The master's option, whose environment has a token."""
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    return {"idr-x": {"token_file": str(tmp_path / "token"), "most": 4}}


@pytest.fixture
def allows(load, option):
    """The function on that master."""
    return load("modules", "idr_hook", opts={"idr_scale_out": option}).allows


@pytest.mark.parametrize("name", ["X-Idr-Token", "x-idr-token", "X-IDR-TOKEN"])
def test_who_has_the_token_may(allows, name):
    assert allows("idr-x", {"Host": "x", name: TOKEN}) is True


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        [],
        "X-Idr-Token",
        {"X-Idr-Token": ""},
        {"X-Idr-Token": None},
        {"X-Idr-Token": TOKEN[:-1]},
        {"X-Idr-Token": f"{TOKEN} "},
        {"X-Idr-Token": TOKEN.upper()},
        {"X-Idr-Token": [TOKEN]},
        {"X-Idr-Token": {TOKEN: TOKEN}},
        {"X-Idr-Token": True},
        {"X-Idr-Token": "\udc80"},
        {"X-Idr-Tokens": TOKEN},
        {"Authorization": TOKEN},
        {1: TOKEN, None: TOKEN},
    ],
)
def test_others_may_not(allows, headers):
    assert allows("idr-x", headers) is False


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=5,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(environment=st.sampled_from(["idr-x", "idr-y"]) | ODD, headers=ODD, value=ODD)
def test_whatever_comes_is_no_token(allows, environment, headers, value):
    assert allows(environment, headers) is False
    assert allows("idr-x", {"X-Idr-Token": value}) is False
    assert allows("idr-y", GOOD) is False


@pytest.mark.parametrize("environment", ["idr", "idr-y", "", None, ["idr-x"], {"idr-x": 1}])
def test_only_the_environment_that_the_option_names(allows, environment):
    assert allows(environment, GOOD) is False


@pytest.mark.parametrize(
    "opts", [{}, {"idr_scale_out": None}, {"idr_scale_out": {}}, {"idr_scale_out": {"idr-x": None}}]
)
def test_it_is_off_by_default(load, opts):
    assert load("modules", "idr_hook", opts=opts).allows("idr-x", GOOD) is False


@pytest.mark.parametrize("text", [b"", b"\n", b" \n", b"\xff\xfe"])
def test_a_file_without_a_token_lets_nobody_in(allows, tmp_path, text):
    (tmp_path / "token").write_bytes(text)
    for value in ("", text.decode(errors="replace"), TOKEN):
        assert allows("idr-x", {"X-Idr-Token": value}) is False


def test_a_missing_file_lets_nobody_in(allows, tmp_path):
    (tmp_path / "token").unlink()
    assert allows("idr-x", GOOD) is False


@pytest.mark.parametrize("entry", [{"most": 4}, {"token_file": None}, "token"])
def test_a_wrong_option_lets_nobody_in(load, entry):
    assert load("modules", "idr_hook", opts={"idr_scale_out": {"idr-x": entry}}).allows("idr-x", GOOD) is False


def test_the_token_is_read_anew(allows, tmp_path):
    (tmp_path / "token").write_text("another")
    assert allows("idr-x", GOOD) is False
    assert allows("idr-x", {"x-idr-token": "another"}) is True
