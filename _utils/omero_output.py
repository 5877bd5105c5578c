"""What OMERO's and IceGrid's commands print, as data. No side effects."""

import re

# `Blitz-0` in the registry of IceGrid
STATE = re.compile(
    r"(?P<state>\w+)(?: \(pid = (?P<pid>\d+), (?P<enabled>enabled|disabled)\)| \((?P<only>enabled|disabled)\))?"
)
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
# how `omero admin diagnostics` sets its columns
CATEGORY, MESSAGE = 12, 30


def component(text):
    """
    Return IceGrid's word on a server, such as ``active (pid = 4344, enabled)``.

    :returns: ``{"state": str, "pid": int or None, "enabled": bool or None}``
    """
    found = STATE.match(text.strip())
    if not found:
        return {"state": text.strip() or "unknown", "pid": None, "enabled": None}
    word = found["enabled"] or found["only"]
    return {
        "state": found["state"],
        "pid": int(found["pid"]) if found["pid"] else None,
        "enabled": word == "enabled" if word else None,
    }


def heap(options):
    """
    Return the largest heap that options of Java allow, in bytes; None where they do not say.
    """
    found = re.search(r"-Xmx(\d+)([kmgt]?)\b", " ".join(options), re.IGNORECASE)
    return int(found[1]) * UNITS[found[2].lower()] if found else None


def jvm(text):
    """
    Return what ``omero admin jvmcfg`` prints: ``{"blitz": {"options": [str], "heap_bytes": int, "settings": str}}``.
    """
    made = {}
    for line in text.splitlines():
        name, equals, rest = line.partition("=")
        if not equals or not re.fullmatch(r"[\w${}-]+", name):
            continue
        options, _, settings = rest.partition(" # ")
        words = options.split()
        made[name] = {"options": words, "heap_bytes": heap(words), "settings": settings or None}
    return made


def items(text):
    """
    Return the lines of ``omero admin diagnostics`` as ``(category, what, value)``.
    """
    found = []
    for line in text.splitlines():
        category, colon, _ = line.partition(":")
        if not colon or not re.fullmatch(r"[A-Z][\w. -]*", category):
            continue
        rest = line[max(CATEGORY, len(category) + 1) :]
        what, value = (rest[:MESSAGE], rest[MESSAGE:]) if rest[MESSAGE : MESSAGE + 1] == " " else (rest, "")
        found.append((category, what.strip(), value.strip()))
    return found


def _command(value):
    found = re.match(r"(\S+)\s+\((\S+?)(?: -- .*)?\)", value)
    return {"version": found[1], "path": found[2]} if found else {"version": None, "path": None}


def _folder(what, value):
    whole = f"{what} {value}"
    size = re.search(r"\(Size: (\d+)\)", whole)
    return {
        "path": (re.match(r"'(.*?)'", whole) or ["", None])[1],
        "exists": "Exists? True" in whole,
        "writable": "writable? True" in whole,
        **({"bytes": int(size[1])} if size else {}),
    }


def _log(value):
    found = re.search(r"errors=(\d+)\s+warnings=(\d+)", value)
    counts = {"errors": int(found[1]), "warnings": int(found[2])} if found else {"errors": 0, "warnings": 0}
    return {"size": re.split(r"\s{2,}", value)[0], **(counts if value not in ("n/a", "empty") else {})}


def diagnostics(text):
    """
    Return what ``omero admin diagnostics`` prints, with empty maps for what it does not.

    :returns: ``{"commands": {"psql": {"version", "path"}}, "versions": {"OMERO.py": str}, "grid": str, "components":
        {"Blitz-0": as component}, "environment": {"PATH": str or None}, "ports": {"ssl": int}, "folders": {"data":
        {"path", "exists", "writable"}}, "jvm": {"Blitz-${index}": [option]}, "logs": {"Blitz-0.log": {"size", "errors",
        "warnings"}}, "jars": {path: version}, "notes": [str]}``
    """
    found: dict = {key: {} for key in ("commands", "versions", "components", "environment", "ports", "folders", "jvm")}
    found |= {"grid": None, "logs": {}, "jars": {}, "notes": []}
    for category, what, value in items(text):
        port = re.fullmatch(r"\S+ (SSL|TCP) port", category)
        folder = re.fullmatch(r"OMERO (data|temp) dir", category)
        if category == "Commands":
            found["commands"][what.split()[0]] = _command(value)
        elif category == "Component":
            found["versions"][what] = value
        elif category == "Server" and what == "icegridnode":
            found["grid"] = value
        elif category == "Server":
            found["components"][what] = component(value)
        elif category == "Environment":
            name, _, set_to = f"{what} {value}".strip().partition("=")
            found["environment"][name] = None if set_to == "(unset)" else set_to
        elif port:
            found["ports"][port[1].lower()] = int(what) if what.isdigit() else None
        elif folder:
            found["folders"][folder[1]] = _folder(what, value)
        elif category == "JVM settings":
            found["jvm"][what] = value.split()
        elif category == "Log files" and what != "Total size":
            found["logs"][what] = _log(value)
        elif category == "Jar":
            found["jars"][what] = value
        elif category.startswith("Parsing "):
            found["notes"].append(f"{category[8:]} {what} {value}".strip())
    return found


def cleansed(text):
    """
    Return what ``omero admin cleanse --dry-run`` would remove.

    :returns: ``{"files": [path], "folders": [path of an original file's folder, which OMERO leaves], "empty_folders":
        [path in the managed repository]}``
    """
    found: dict = {"files": [], "folders": [], "empty_folders": []}
    empty = False
    for line in text.splitlines():
        empty = empty or line.startswith("Removing empty directories from")
        entry = re.match(r" +\\_ (.*) \((remove|removedir)\)$", line)
        if entry:
            kind = "empty_folders" if empty else "files" if entry[2] == "remove" else "folders"
            found[kind].append(entry[1])
    return {kind: sorted(paths) for kind, paths in found.items()}


def pyramids(text):
    """
    Return what ``omero admin fixpyramids`` or ``removepyramids`` prints.

    :returns: ``{"removed": [file's name or image's number], "failed": {image's number: reason}, "error": str or None}``
    """
    removed = re.findall(
        r"^(?:Would remove|Removing|Would remove pyramid for image|Pyramid removed for image) (\S+)$", text, re.M
    )
    failed = dict(re.findall(r"^Failed to remove for image (\d+): (.*)$", text, re.M))
    error = re.search(r"^Failed to load pyramids: (.*)$", text, re.M)
    return {
        "removed": sorted(int(one) if one.isdigit() else one for one in removed),
        "failed": {int(image): reason for image, reason in failed.items()},
        "error": error[1] if error else None,
    }


def mailed(text):
    """
    Return what ``omero admin email`` prints: ``{"sent", "of", "no_address", "bad_address"}``, all numbers.
    """

    def number(pattern):
        found = re.search(pattern, text)
        return int(found[1]) if found else 0

    return {
        "sent": number(r"Successfully sent (\d+) of"),
        "of": number(r"Successfully sent \d+ of (\d+)"),
        "no_address": number(r"(\d+) users had no email address"),
        "bad_address": number(r"(\d+) email addresses were invalid"),
    }
