"""OMERO's configuration properties: from pillar values to config.xml and back, without side effects."""

import json
import re
import shlex
import xml.etree.ElementTree as ElementTree

KEY = re.compile(r"[A-Za-z0-9._-]+")
SECRET = re.compile(r"pass(word)?$|secret|token", re.IGNORECASE)
MASK = "********"
# of OMERO's own, about the file and not about the server
INTERNAL = ("omero.config.version", "omero.config.profile")


class ConfigError(ValueError):
    """A property that OMERO's configuration cannot hold, or a config.xml that cannot be read."""


def to_text(key, value):
    """Return the text that OMERO stores for `value`, a pillar value, of the property `key`.

    Lists and maps become compact JSON, as omero.web.* expects; True and False become ``true`` and ``false``.
    Raises ConfigError for a name or a value that config.xml or a .omero file cannot hold.
    """
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise ConfigError(f"{key!r}: a property name has only letters, digits, '.', '_' and '-'")
    if isinstance(value, (list, dict)):
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, (str, int, float)):
        text = str(value)
    else:
        raise ConfigError(
            f"{key}: a string, number, boolean, list or map was expected, not {type(value).__name__}"
            " (leave the property out to have OMERO's default)"
        )
    if any(ord(character) < 32 for character in text):
        raise ConfigError(f"{key}: the value must be one line without control characters")
    return text


def to_texts(properties):
    """Return the map property -> stored text of a map of pillar values; see `to_text`."""
    return {key: to_text(key, value) for key, value in sorted(properties.items())}


def from_xml(text):
    """Return the properties of the active profile in `text`, the content of OMERO's etc/grid/config.xml.

    Empty text means a file that nothing was written to: no properties. Raises ConfigError.
    """
    if not text.strip():
        return {}
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ConfigError(f"config.xml is not well-formed: {error}") from None
    profiles = {
        block.get("id"): {item.get("name"): item.get("value", "") for item in block.findall("property")}
        for block in root.findall("properties")
    }
    active = profiles.get("__ACTIVE__", {}).get("omero.config.profile", "default")
    return {key: value for key, value in profiles.get(active, {}).items() if key not in INTERNAL}


def plan(current, wanted, keep=()):
    """Return what makes the properties `current` equal to `wanted`: ``{"set": {key: text}, "remove": [key]}``.

    Properties that are not wanted are removed, except those whose name starts with one of `keep`.
    """
    return {
        "set": {key: text for key, text in sorted(wanted.items()) if current.get(key) != text},
        "remove": sorted(key for key in current if key not in wanted and not key.startswith(tuple(keep))),
    }


def commands(steps):
    """Return the content of a .omero file that carries out `steps`, a result of `plan`."""
    lines = [f"config set -- {key} {shlex.quote(text)}" for key, text in steps["set"].items()]
    lines += [f"config set -- {key}" for key in steps["remove"]]
    return "".join(f"{line}\n" for line in lines)


def masked(key, text, secrets=()):
    """Return `text`, or a mask when `key` is one of `secrets` or its name says that it holds a secret."""
    return MASK if text and (key in secrets or SECRET.search(key)) else text


def changes(current, steps, secrets=()):
    """Return the `changes` of a state for `steps`: ``{key: {"old": text, "new": text}}``, secrets masked.

    A secret that changes shows a mask on both sides; an absent side is None.
    """

    def side(key, text):
        return None if text is None else masked(key, text, secrets)

    found = {key: {"old": side(key, current.get(key)), "new": side(key, text)} for key, text in steps["set"].items()}
    found.update({key: {"old": side(key, current[key]), "new": None} for key in steps["remove"]})
    return found
