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
        "size": {"type": "string", "pattern": "^[0-9]+g$", "description": "a size such as 10g"},
        "kind": {"enum": ["a", "b"]},
        "either": {"anyOf": [{"type": "integer"}, {"type": "string", "minLength": 2}]},
        "named": {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}},
        "many": {"type": "object", "additionalProperties": {"type": "integer"}},
        "patterned": {"type": "object", "patternProperties": {"^x": {}}, "additionalProperties": False},
    },
    "additionalProperties": False,
}
KEYS = ", ".join(sorted(COMMON["properties"]))


@pytest.fixture
def validators(tmp_path):
    (tmp_path / "pillar.json").write_text(json.dumps(WHOLE))
    (tmp_path / "common.json").write_text(json.dumps(COMMON))
    return idr_check.schemas(tmp_path)


@pytest.mark.parametrize(
    ("common", "path", "expected", "found"),
    [
        ({}, "locale", "a value", "nothing"),
        ({"locale": 1}, "locale", "string", "1"),
        ({"port": 11}, "port", "maximum 10", "11"),
        ({"port": {"x": 1}}, "port", "integer", "the keys x"),
        ({"port": []}, "port", "integer", "a list"),
        ({"x": 1}, "x", f"no such key, but one of {KEYS}", "1"),
        ({"password": "hidden"}, "password", "integer", "a text"),
        ({"size": "10"}, "size", "a size such as 10g", "'10'"),
        ({"kind": "c"}, "kind", "one of a, b", "'c'"),
        ({"either": "x"}, "either", "integer or minLength 2", "'x'"),
        ({"named": {"A": 1}}, "named:A", 'a name, pattern "^[a-z]+$"', "'A'"),
        ({"many": {"A": "x"}}, "many:A", "integer", "'x'"),
        ({"patterned": {"x1": 1, "y": 1}}, "patterned:y", "no keys here", "1"),
        ({"locale": ["x"] * 99}, "locale", "string", "a list"),
        ({"kind": "x" * 99}, "kind", "one of a, b", f"'{'x' * 79}..."),
    ],
)
def test_error_says_where_what_and_instead_of_what(validators, common, path, expected, found):
    pillar = {"common": {"locale": "C", **common} if common else {}}
    assert idr_check.errors(pillar, validators) == [
        {"path": ["common", *path.split(":")], "expected": expected, "found": found}
    ]


def test_missing_and_unknown_keys_of_the_whole(validators):
    assert idr_check.errors({"_errors": []}, validators) == [
        {"path": ["common"], "expected": "a value", "found": "nothing"}
    ]
    assert idr_check.errors({"common": {"locale": "C"}, "commn": {}}, validators) == [
        {"path": ["commn"], "expected": "no such key, but one of common", "found": "no keys"}
    ]


def test_missing_secret_says_how_to_make_it(tmp_path):
    (tmp_path / "pillar.json").write_text(
        json.dumps({"properties": {"secrets": {"properties": {"database": {"required": ["omero"]}}}}})
    )
    (tmp_path / "secrets.json").write_text("{}")
    (error,) = idr_check.errors({"secrets": {"database": {}}}, idr_check.schemas(tmp_path))
    assert error["path"] == ["secrets", "database", "omero"]
    assert "salt-run idr.secrets" in error["expected"]


def test_good_pillar_has_no_errors(validators):
    assert idr_check.errors({"common": {"locale": "C"}}, validators) == []


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
    assert ["volumes", "db", "path"] in paths
    assert ["volumes", "db", "label"] in paths
    assert ["roles"] in paths
