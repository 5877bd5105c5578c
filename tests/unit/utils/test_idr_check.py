import json

import idr_check
import pytest

WHOLE = {"type": "object", "required": ["common"]}
COMMON = {
    "type": "object",
    "required": ["locale"],
    "properties": {
        "locale": {"type": "string"},
        "port": {"type": "integer", "maximum": 10},
        "password": {"type": "integer"},
    },
    "additionalProperties": False,
}


@pytest.fixture
def validators(tmp_path):
    (tmp_path / "pillar.json").write_text(json.dumps(WHOLE))
    (tmp_path / "common.json").write_text(json.dumps(COMMON))
    return idr_check.schemas(tmp_path)


@pytest.mark.parametrize(
    ("pillar", "path", "expected", "found"),
    [
        ({}, [], "the keys common", "no keys"),
        ({"common": {}}, ["common"], "the keys locale", "no keys"),
        ({"common": {"locale": 1}}, ["common", "locale"], "string", "1"),
        ({"common": {"locale": "C", "port": 11}}, ["common", "port"], "maximum 10", "11"),
        (
            {"common": {"locale": "C", "x": 1}},
            ["common"],
            "no other keys than locale, password, port",
            "the keys locale, x",
        ),
        ({"common": {"locale": "C", "password": "hidden"}}, ["common", "password"], "integer", "str"),
    ],
)
def test_error_says_where_what_and_instead_of_what(validators, pillar, path, expected, found):
    assert idr_check.errors(pillar, validators) == [{"path": path, "expected": expected, "found": found}]


def test_good_pillar_has_no_errors(validators):
    assert idr_check.errors({"common": {"locale": "C"}, "unknown": 1}, validators) == []


@pytest.mark.parametrize("text", ["{", '{"type": "no such type"}'])
def test_bad_schema_is_named(tmp_path, text):
    (tmp_path / "pillar.json").write_text(text)
    with pytest.raises(ValueError, match=r"pillar\.json"):
        idr_check.schemas(tmp_path)


def test_schema_of_the_whole_is_required(tmp_path):
    with pytest.raises(ValueError, match=r"pillar\.json"):
        idr_check.schemas(tmp_path)


COMPILED = {"common": {"a": {"b": 1}}, "env.x": {"a": {"c": [{"d": 1}]}}, "role.y": {"a": {"b": 2}}}


@pytest.mark.parametrize(
    ("path", "sls"),
    [
        (["a", "b"], "role.y"),
        (["a", "c", "0", "d"], "env.x"),
        (["a", "c", "7"], "env.x"),
        (["a", "missing"], "role.y"),
        (["z"], None),
        ([], None),
    ],
)
def test_source_is_the_last_that_gives_the_key(path, sls):
    assert idr_check.source(path, COMPILED) == sls


def test_our_schemas_refuse_a_wrong_pillar(checkout):
    validators = idr_check.schemas(checkout / "pillar/schemas")
    paths = [
        error["path"] for error in idr_check.errors({"volumes": {"db": {"label": "much-too-long-label"}}}, validators)
    ]
    assert ["volumes", "db"] in paths
    assert ["volumes", "db", "label"] in paths
    assert [] in paths
