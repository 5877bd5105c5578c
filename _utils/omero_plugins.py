"""OMERO.web's plug-ins: which Django apps and which Python packages follow from pillar. No side effects."""

import contextlib
import json
import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class PluginError(ValueError):
    """Plug-ins in pillar that cannot be installed."""


def canonical(requirement):
    """Return the name of a package in the one form that all spellings of it have: ``omero-iviewer``."""
    match = _NAME.match(requirement)
    if not match:
        raise PluginError(f"{requirement!r}: a requirement of pip was expected, such as omero-iviewer==0.19.1")
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def pinned(text):
    """
    What a list of pinned packages says.

    :param text: lines ``name==version``, each with its ``--hash`` on lines of its own that a backslash announces
    :returns: ``{name: requirement with hashes, on one line}``
    """
    lines = text.replace("\\\n", " ").splitlines()
    wanted = [" ".join(line.split()) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return {canonical(line): line for line in wanted}


def _chosen(plugins):
    """Plug-ins without those that an environment left out, by ``null`` or ``false``."""
    return {app: plugin for app, plugin in (plugins or {}).items() if isinstance(plugin, dict)}


def listed(config, name):
    """
    A property that is a list.

    :param config: properties of OMERO.web; a text is read as JSON, as OMERO's manual writes it
    :raises PluginError: it is none
    """
    value = config.get(name, [])
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = json.loads(value)
    if not isinstance(value, list):
        raise PluginError(f"{name}: expected a list")
    return value


def apps(config, plugins):
    """
    Django apps of OMERO.web: those of ``omero.web.apps`` first, then those of the plug-ins, in pillar's order.

    :param config: properties of OMERO.web
    :param plugins: ``{app: {...}}``
    :returns: list of names
    :raises PluginError: ``omero.web.apps`` is not a list
    """
    return list(dict.fromkeys([*listed(config, "omero.web.apps"), *_chosen(plugins)]))


def requirements(plugins, known):
    """
    What pip has to install for the plug-ins.

    :param plugins: ``{app: {"requirement": str, "hashes": [str]}}``; without a requirement it is named like its app
    :param known: the text of the project's list of plug-ins: gives version and hashes where pillar names neither
    :returns: ``{"hashed": [line], "plain": [line]}``, sorted; what has no hash cannot be in one file with what has
    """
    pins = pinned(known)
    found: dict[str, list[str]] = {"hashed": [], "plain": []}
    for app, plugin in _chosen(plugins).items():
        wanted = plugin.get("requirement") or app.replace("_", "-")
        hashes = plugin.get("hashes") or []
        line = pins.get(canonical(wanted), "")
        if hashes:
            found["hashed"].append(" ".join([wanted, *(f"--hash={one}" for one in hashes)]))
        elif line and wanted in (canonical(wanted), line.split()[0]):
            found["hashed"].append(line)
        else:
            found["plain"].append(wanted)
    return {kind: sorted(lines) for kind, lines in found.items()}


def constraints(locked, own):
    """
    Versions that later packages must not move.

    :param locked: texts of the lists that are installed first
    :param own: text of the list that follows; what it names itself is not held
    :returns: lines ``name==version``, without hashes, with which pip would ask for those of everything
    """
    held = {name: line.split()[0] for text in locked for name, line in pinned(text).items()}
    return "".join(f"{pin}\n" for name, pin in sorted(held.items()) if name not in pinned(own))
