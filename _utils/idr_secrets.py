"""
Random secrets of an environment, in one file for each role, which holds only what that role needs.
"""

import fcntl
import os
import pathlib
import re
import secrets
import tempfile

import idr_ids
import yaml

# Who needs which secret. Roles that are named together share its value.
NEEDED = {
    "database:omero": ("database", "omeroreadwrite"),
    "database:omeroreadonly": ("database", "omeroreadonly"),
    "omero:root": ("omeroreadwrite",),
    "omero:public": ("omeroreadonly", "omeroreadwrite"),
    "pgbackrest:authority": ("database", "management"),
    "web:secret_key": ("omeroreadonly", "omeroreadwrite"),
}

# Those that pillar asks for by their keys: the passwords of OMERO's users, which its read-write server sets.
_ACCOUNTS = ("omeroreadwrite",)
_KEY = re.compile(r"secrets:(?P<name>[a-z]+:[a-z][a-z0-9_]*)")

_HEADER = "# Made by salt-run idr.secrets. Not for git.\n"


def of_users(pillar):
    """
    Who needs which secret for the users of a pillar's ``omero:users``, beside :data:`NEEDED`.

    :param pillar: the compiled pillar of a read-write server
    :returns: ``{"omero:curator": (roles, ...)}``
    :raises ValueError: a user's password is no pillar key of the form ``secrets:GROUP:NAME``
    """
    found = {}
    for name, user in sorted((pillar.get("omero", {}).get("users") or {}).items()):
        key = user.get("password")
        match = _KEY.fullmatch(key) if isinstance(key, str) else None
        if key is not None and not match:
            raise ValueError(f"omero:users:{name}:password: expected a key of pillar, such as secrets:omero:{name}")
        if match and match["name"] not in NEEDED:
            found[match["name"]] = _ACCOUNTS
    return found


def make(folder, environment, more=None):
    """
    Make what is missing. Values that exist are never changed; a role's file is replaced whole or not at all.

    :param folder: ``pillar/secrets``
    :param environment: name of the environment
    :param more: who needs which secret beside :data:`NEEDED`, as :func:`of_users` tells
    :returns: ``{"made": [...], "kept": [...]}``, sorted names ``<role>:<secret>``, never a value
    :raises ValueError: a file is not of the form made here, or two files give one secret different values
    """
    place = pathlib.Path(folder) / idr_ids.check_environment(environment)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(place / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = {role: _read(place / f"{role}.sls") for role in idr_ids.ROLES}
        return _complete(place, found, NEEDED | (more or {}))


def _complete(place, found, needed):
    made: list[str] = []
    kept: list[str] = []
    changed = set()
    for name, roles in sorted(needed.items()):
        value = _agreed(place, name, {role: _get(found[role], name) for role in roles})
        for role in roles:
            (kept if _get(found[role], name) else made).append(f"{role}:{name}")
            if not _get(found[role], name):
                _set(found[role], name, value)
                changed.add(role)
    for role in idr_ids.ROLES:
        path = place / f"{role}.sls"
        if role in changed or not path.exists():
            _write(path, found[role])
        else:
            path.chmod(0o600)
    return {"made": sorted(made), "kept": sorted(kept)}


def _agreed(place, name, values):
    """The one value that the roles have, or a new one."""
    known = {value for value in values.values() if value}
    if len(known) > 1:
        files = ", ".join(str(place / f"{role}.sls") for role, value in sorted(values.items()) if value)
        raise ValueError(f"secrets:{name}: expected the same value in {files}")
    # Hexadecimal is safe in every file format that a secret ends up in.
    return known.pop() if known else secrets.token_hex(24)


def _get(data, name):
    group, key = name.split(":")
    return data["secrets"].get(group, {}).get(key)


def _set(data, name, value):
    group, key = name.split(":")
    data["secrets"].setdefault(group, {})[key] = value


def _read(path):
    if not path.exists():
        return {"secrets": {}}
    text = path.read_text(encoding="utf-8")
    if text.startswith("#!"):
        raise ValueError(f"{path}: has a renderer line ({text.splitlines()[0]}): only plain YAML is added to")
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as exc:
        # Not the exception's own text: it quotes the line, which may hold a secret.
        mark = getattr(exc, "problem_mark", None)
        raise ValueError(f"{path}: not YAML{f', line {mark.line + 1}' if mark else ''}") from None
    if not isinstance(data, dict) or not isinstance(data.get("secrets"), dict):
        raise ValueError(f"{path}: expected the key 'secrets' with groups of secrets below it")
    for group, values in data["secrets"].items():
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            raise ValueError(f"{path}: secrets:{group}: expected names with texts")
    return data


def _write(path, data):
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(_HEADER + yaml.safe_dump(data, default_flow_style=False))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
