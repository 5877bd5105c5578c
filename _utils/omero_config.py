"""OMERO's configuration properties: from pillar values to config.xml and back, without side effects."""

import json
import re
import shlex
import xml.etree.ElementTree as ElementTree

KEY = re.compile(r"[A-Za-z0-9._-]+")
SECRET = re.compile(r"pass(word)?$|secret|token", re.IGNORECASE)
# user and password in an address, such as that of a cache
CREDENTIALS = re.compile(r"(?<=://)([^\s/@:\"]*):[^\s/@\"]+@")
# what config.xml cannot hold, or `omero load` would take for the end of a line
UNSTORABLE = re.compile("[\x00-\x1f\ud800-\udfff\ufffe\uffff]")
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]+)?")
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
    if UNSTORABLE.search(text):
        raise ConfigError(f"{key}: the value must be one line of characters that XML can hold, no control characters")
    return text


def typed(text):
    """Return the value that a stored text stands for: a boolean, number, list or map, otherwise the text itself.

    What comes back is stored as the same text again, but for the blanks and the order in JSON.
    """
    if text in ("true", "false"):
        return text == "true"
    if NUMBER.fullmatch(text):
        number = float(text) if "." in text else int(text)
        return number if str(number) == text else text
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError:
            return text
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


def command(*words):
    """Return a line of a .omero file: `omero config` with some words, quoted as `omero load` reads them."""
    return f"config {shlex.join(words)}\n"


def commands(steps):
    """Return the content of a .omero file that carries out `steps`, a result of `plan`."""
    lines = [command("set", "--", key, text) for key, text in steps["set"].items()]
    return "".join([*lines, *(command("set", "--", key) for key in steps["remove"])])


def from_lines(text):
    """Return the properties in ``key=value`` lines, such as `omero config parse` prints."""
    pairs = (line.partition("=") for line in text.splitlines())
    return {key: value for key, equals, value in pairs if equals and KEY.fullmatch(key)}


def masked(key, text, secrets=()):
    """Return `text`, or a mask when `key` is one of `secrets` or its name says that it holds a secret.

    A password within an address is masked alone.
    """
    if text and (key in secrets or SECRET.search(key)):
        return MASK
    return CREDENTIALS.sub(rf"\1:{MASK}@", text)


def changes(current, steps, secrets=()):
    """Return the `changes` of a state for `steps`: ``{key: {"old": text, "new": text}}``, secrets masked.

    A secret that changes shows a mask on both sides; an absent side is None.
    """

    def side(key, text):
        return None if text is None else masked(key, text, secrets)

    found = {key: {"old": side(key, current.get(key)), "new": side(key, text)} for key, text in steps["set"].items()}
    found.update({key: {"old": side(key, current[key]), "new": None} for key in steps["remove"]})
    return found
