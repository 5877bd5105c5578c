"""
Compiled pillar against the JSON Schemas of ``pillar/schemas``.

``<key>.json`` describes the top-level key of its name; a key without a schema is an error. ``pillar.json`` describes
the whole, in particular which keys a role must have. Where a schema has a ``description``, an error quotes it as what
was expected.
"""

import json
import pathlib
import re

import jsonschema

# Under these names no value is ever shown.
_HIDDEN = re.compile(r"(^|_)(secrets?|passwords?|secret_key)$")
# What Salt itself puts into a compiled pillar.
_SALTS = ("_errors",)

_SHOWN = 80

_KINDS = {dict: "no keys", list: "a list", str: "a text", bool: "a boolean", type(None): "nothing"}


def schemas(folder):
    """
    Read the schemas.

    :returns: ``{top-level key, or None for the whole: validator}``
    :raises ValueError: a file is not a JSON Schema
    """
    found = {}
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        try:
            schema = json.loads(path.read_text(encoding="utf-8"))
            jsonschema.Draft202012Validator.check_schema(schema)
        except (OSError, ValueError) as exc:
            raise ValueError(f"{path}: {exc}") from exc
        except jsonschema.SchemaError as exc:
            raise ValueError(f"{path}: {exc.json_path}: {exc.message}") from None
        found[None if path.stem == "pillar" else path.stem] = jsonschema.Draft202012Validator(schema)
    if None not in found:
        raise ValueError(f"{folder}/pillar.json: expected this schema of the whole pillar")
    return found


def errors(pillar, validators):
    """
    What a compiled pillar has wrong.

    :param pillar: the compiled pillar of one host
    :param validators: as :func:`schemas` returns them
    :returns: sorted list of ``{"path": [key, ...], "expected": str, "found": str}``; never the value of a secret
    """
    known = sorted(key for key in validators if key)
    found = [
        error([key], f"no such key, but one of {', '.join(known)}", pillar[key])
        for key in pillar
        if key not in known and key not in _SALTS
    ]
    for key, validator in validators.items():
        if key is None:
            found += [one for wrong in validator.iter_errors(pillar) for one in _describe(wrong, [])]
        elif key in pillar:
            found += [one for wrong in validator.iter_errors(pillar[key]) for one in _describe(wrong, [key])]
    return ordered(found)


def ordered(found):
    """
    Return errors sorted, each once.
    """
    once = {(tuple(one["path"]), one["expected"], one["found"]): one for one in found}
    return [once[key] for key in sorted(once)]


def error(path, expected, value, found=None):
    """
    Return one error as :func:`errors` lists them, with a value in words that may be shown.

    :param found: these words, where they do not follow from the value
    """
    path = [str(part) for part in path]
    return {"path": path, "expected": expected, "found": found or _found(value, path)}


def find(data, *path):
    """
    What is at a place in a pillar; None where there is nothing.
    """
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def mapping(data, *path):
    """
    The map at a place in a pillar; an empty one where there is none.
    """
    found = find(data, *path)
    return found if isinstance(found, dict) else {}


def _describe(wrong, prefix):
    path = prefix + [str(part) for part in wrong.absolute_path]
    if wrong.validator == "required":
        missing = [key for key in wrong.validator_value if key not in wrong.instance]
        return [error([*path, key], _needed([*path, key]), None) for key in missing]
    if wrong.validator == "additionalProperties" and wrong.validator_value is False:
        return [error([*path, key], _other(wrong.schema), wrong.instance[key]) for key in _extra(wrong)]
    if "propertyNames" in wrong.absolute_schema_path:
        return [error([*path, wrong.instance], f"a name, {_expected(wrong)}", wrong.instance)]
    return [error(path, _expected(wrong), wrong.instance)]


def _needed(path):
    return "a secret (salt-run idr.secrets makes it)" if path[0] == "secrets" else "a value"


def _other(schema):
    names = sorted(schema.get("properties", {}))
    return f"no such key, but one of {', '.join(names)}" if names else "no keys here"


def _extra(wrong):
    patterns = wrong.schema.get("patternProperties", {})
    return [
        key
        for key in wrong.instance
        if key not in wrong.schema.get("properties", {}) and not any(re.search(one, key) for one in patterns)
    ]


def _expected(wrong):
    if "description" in wrong.schema:
        return wrong.schema["description"]
    if wrong.validator == "type":
        kinds = wrong.validator_value
        return kinds if isinstance(kinds, str) else " or ".join(kinds)
    if wrong.validator == "enum":
        return f"one of {', '.join(map(str, wrong.validator_value))}"
    if wrong.validator == "const":
        return str(wrong.validator_value)
    if wrong.validator in ("anyOf", "oneOf") and wrong.context:
        return " or ".join(dict.fromkeys(_expected(one) for one in wrong.context))
    return f"{wrong.validator} {json.dumps(wrong.validator_value)}"


def _found(value, path):
    if isinstance(value, dict) and value:
        return f"the keys {', '.join(sorted(map(str, value)))}"
    hidden = any(_HIDDEN.search(part) for part in path)
    if value is None or isinstance(value, (dict, list)) or hidden:
        return _KINDS.get(type(value), "a number")
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def source(path, compiled):
    """
    The SLS that gives a pillar key its value, or the deepest key above it that any gives.

    :param path: list of keys
    :param compiled: ``{sls: its data without what it includes}``, in the order of merging
    :returns: name of the SLS, or None
    """
    for depth in range(len(path), 0, -1):
        having = [sls for sls, data in compiled.items() if _has(data, path[:depth])]
        if having:
            return having[-1]
    return None


def _has(data, path):
    for key in path:
        if isinstance(data, list) and key.isdigit() and int(key) < len(data):
            data = data[int(key)]
        elif isinstance(data, dict) and key in data:
            data = data[key]
        else:
            return False
    return True
