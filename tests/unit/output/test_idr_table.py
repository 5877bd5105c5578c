"""The table that an operator sees."""

import copy

import pytest
import salt.config
import salt.loader

ROWS = {
    "idr-x-omeroreadonly-1": {
        "state": "serving",
        "seconds": {"applied": 90.1, "serving": 99.0},
        "tries": 0,
        "error": None,
    },
    "idr-x-omeroreadonly-10": {"state": "failed", "seconds": {}, "tries": 2, "error": "2 states failed"},
}
TEXT = """\
host                    state    seconds                     tries  error
idr-x-omeroreadonly-1   serving  applied 90.1, serving 99.0  0      -
idr-x-omeroreadonly-10  failed   -                           2      2 states failed"""


@pytest.fixture
def table(load):
    """The outputter."""
    return load("output", "idr_table", salt={}).output


def test_columns_are_as_wide_as_what_is_in_them(table):
    assert table(ROWS) == TEXT
    assert table(ROWS, nested_indent=2) == TEXT


def test_rows_may_have_more_or_less(table):
    text = table({"a": {"x": 1, "y": 2}, "b": {"x": 3}, "c": {}})
    assert [line.split() for line in text.splitlines()] == [
        ["host", "x", "y"],
        ["a", "1", "2"],
        ["b", "3", "-"],
        ["c", "-", "-"],
    ]


def test_no_rows_are_nothing(table):
    assert table({}) == "nothing"


@pytest.mark.parametrize("data", ["text", ["a"], None, {"errors": ["no"], "retcode": 1}, {"a": {"x": 1}, "b": 2}])
def test_other_forms_are_shown(table, data):
    assert "no" in table(data) if data and "errors" in data else str(data) in table(data)


def test_a_row_is_one_line(table):
    assert len(table({"a": {"error": "one\ntwo"}}).splitlines()) == 2


def test_salt_finds_it(checkout, tmp_path):
    opts = copy.deepcopy(salt.config.DEFAULT_MASTER_OPTS)
    opts |= {"module_dirs": [str(checkout)], "extension_modules": str(tmp_path), "cachedir": str(tmp_path)}
    table = salt.loader.outputters(opts)["idr_table"]
    assert table(ROWS) == TEXT
    assert "no such environment" in table({"errors": ["no such environment"], "retcode": 1})
