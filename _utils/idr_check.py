"""
Compiled pillar against the JSON Schemas of ``pillar/schemas``.

``<key>.json`` describes the top-level key of its name. ``pillar.json`` describes the whole, in particular which keys a
role must have.
"""

import json
import pathlib

import jsonschema

_HIDDEN = ("secrets", "password", "secret")


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
        except (OSError, ValueError, jsonschema.SchemaError) as exc:
            raise ValueError(f"{path}: {exc}") from exc
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
    found = []
    for key, validator in validators.items():
        if key is None:
            found += [_describe(error, []) for error in validator.iter_errors(pillar)]
        elif key in pillar:
            found += [_describe(error, [key]) for error in validator.iter_errors(pillar[key])]
    return sorted(found, key=lambda error: (error["path"], error["expected"]))


def _describe(error, prefix):
    path = prefix + [str(part) for part in error.absolute_path]
    return {"path": path, "expected": _expected(error), "found": _found(error, path)}


def _expected(error):
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return f"the keys {', '.join(missing)}"
    if error.validator == "additionalProperties":
        return f"no other keys than {', '.join(sorted(error.schema.get('properties', {})))}"
    if error.validator == "type":
        kinds = error.validator_value
        return kinds if isinstance(kinds, str) else " or ".join(kinds)
    return f"{error.validator} {json.dumps(error.validator_value)}"


def _found(error, path):
    value = error.instance
    if isinstance(value, dict):
        return f"the keys {', '.join(sorted(map(str, value)))}" if value else "no keys"
    if any(word in part for part in path for word in _HIDDEN):
        return type(value).__name__
    return repr(value)


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
