"""
Volume specifications of cloud profiles and of ``salt-cloud -f`` and ``-a`` arguments, as all our drivers read them.

Nothing here has side effects. Errors are :class:`cloud_errors.CloudError` and name the place, the key and what was
expected.
"""

import json
import re
from dataclasses import dataclass

from cloud_errors import CloudError

MAX_NAME = 32
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
RESOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")
# Clouds keep metadata as texts of so many characters.
MAX_TEXT = 255
# What the metadata of a snapshot says of its set: a set that is not of one instant is nobody's source.
COMPLETE = "complete"
KEYS = ("name", "size", "snapshot", "source", "delete_on_termination")


@dataclass(frozen=True)
class Spec:
    """
    One entry of a profile's ``volumes``.

    ``size`` is in GB (GiB, as OpenStack counts) and None for "as large as what it is cloned from". ``type`` is the
    cloud's name of a kind of volume, None for its usual one.
    """

    name: str
    size: int | None = None
    snapshot: str | None = None
    source: str | None = None
    delete_on_termination: bool = False
    type: str | None = None


def cloud_name(host, name):
    """Return the cloud's name of the volume that ``host``'s profile calls ``name``: ``<host>-<name>``."""
    return f"{host}-{name}"


def device_link(volume_id):
    """Return the path under which a host sees the volume: a virtio disk's serial is 20 characters long."""
    return f"/dev/disk/by-id/virtio-{volume_id[:20]}"


def size_in_gb(value, where):
    """Return ``value`` as a whole number of GB, at least 1; command lines give it as a string of digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise CloudError(f"{where}: size: expected a whole number of GB, at least 1, got {value!r}")
    return value


def resource_name(value, where):
    """Return ``value`` when it can name a volume or a snapshot."""
    if not isinstance(value, str) or not RESOURCE.fullmatch(value):
        raise CloudError(f"{where}: expected a name of letters, digits and _.-, got {value!r}")
    return value


def parse(volumes, where, types=False):
    """
    Return a profile's ``volumes`` as a list of :class:`Spec`.

    volumes
        The list as read from the profile or the map; None counts as empty.
    where
        Names the profile and host in errors.
    types
        Whether the cloud has types of volumes; where it has none, the key ``type`` is unknown.
    """
    if volumes is None:
        return []
    if not isinstance(volumes, list):
        raise CloudError(f"{where}: volumes: expected a list of {{name: ..., size: ...}}, got {volumes!r}")
    keys = (*KEYS, "type") if types else KEYS
    specs = [_entry(entry, f"{where}: volumes[{index}]", keys) for index, entry in enumerate(volumes)]
    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise CloudError(f"{where}: volumes: the name {name!r} is given more than once")
    return specs


def _entry(entry, where, keys):
    if not isinstance(entry, dict):
        raise CloudError(f"{where}: expected a mapping with the keys {', '.join(keys)}, got {entry!r}")
    unknown = sorted(str(key) for key in entry if key not in keys)
    if unknown:
        raise CloudError(f"{where}: unknown key {unknown[0]!r}, expected only {', '.join(keys)}")
    name = entry.get("name")
    if not isinstance(name, str) or len(name) > MAX_NAME or not LABEL.fullmatch(name):
        raise CloudError(f"{where}: name: expected 1 to {MAX_NAME} of a-z, 0-9 and -, got {name!r}")
    origins = {key: resource_name(entry[key], f"{where}: {key}") for key in ("snapshot", "source") if key in entry}
    if len(origins) > 1:
        raise CloudError(f"{where}: expected either snapshot or source, got both")
    size = entry.get("size")
    if "size" in entry or not origins:
        if isinstance(size, str):
            raise CloudError(f"{where}: size: expected a whole number of GB, at least 1, got {size!r}")
        size = size_in_gb(size, where)
    delete = entry.get("delete_on_termination", False)
    if not isinstance(delete, bool):
        raise CloudError(f"{where}: delete_on_termination: expected true or false, got {delete!r}")
    kind = resource_name(entry["type"], f"{where}: type") if "type" in entry else None
    return Spec(name=name, size=size, delete_on_termination=delete, type=kind, **origins)


def plan(spec, host, volume, where):
    """
    Return what has to be done for ``spec``: ``create``, ``attach`` or ``extend`` (and attach).

    volume
        What the cloud has under :func:`cloud_name`, a mapping with ``size`` (GB) and ``attached_to``, or None.
    """
    if volume is None:
        return "create"
    name = cloud_name(host, spec.name)
    if volume["attached_to"] not in (None, host):
        raise CloudError(f"{where}: {name} exists and is attached to {volume['attached_to']}")
    if spec.size is None or spec.size == volume["size"]:
        return "attach"
    if spec.size < volume["size"]:
        raise CloudError(
            f"{where}: {name} exists with {volume['size']} GB, more than the {spec.size} GB asked for; "
            f"expected size: {volume['size']} or more, as a volume cannot shrink"
        )
    return "extend"


def clone_size(asked, origin_size, where):
    """Return the size in GB of a clone of something of ``origin_size`` GB, ``asked`` may be None."""
    if asked is None:
        return origin_size
    if asked < origin_size:
        raise CloudError(f"{where}: size: expected at least the {origin_size} GB of what is cloned, got {asked}")
    return asked


def names(value, where):
    """Return a list of names, which a command line gives with commas between them; each may be there once."""
    found = value.split(",") if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(name, str) and name for name in found):
        raise CloudError(f"{where}: expected names with commas between them, got {value!r}")
    for name in found:
        if found.count(name) > 1:
            raise CloudError(f"{where}: {name!r} is given more than once")
    return found


def metadata(value, where):
    """Return metadata, ``{name: text}`` or that as JSON from a command line, when a cloud can keep it."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise CloudError(f"{where}: expected a JSON object of texts, got {value!r}") from None
    if not isinstance(value, dict):
        raise CloudError(f"{where}: expected a mapping of names to texts, got {value!r}")
    for key, text in value.items():
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            raise CloudError(f"{where}: {key}: expected a text of at most {MAX_TEXT} characters, got {text!r}")
    return value


def refuse_incomplete(name, marks, where):
    """Refuse a snapshot as a source whose metadata says that its set is not complete."""
    if (marks or {}).get(COMPLETE, "true") != "true":
        raise CloudError(f"{where}: snapshot {name} is of a set that is not complete, expected one that is")
