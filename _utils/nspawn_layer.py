"""A host's own layer over its image: what :mod:`nspawn_launcher` mounts, and the files that are in it before a boot."""

import os
from pathlib import Path


def write(folder, files):
    """
    Make a host's layer in its ``folder`` unless it has one, and write ``files`` into it, a list of
    :class:`nspawn_files.File`; what was at their paths is replaced.
    """
    for name in ("upper", "work", "root"):
        (folder / name).mkdir(exist_ok=True)
    for file in files:
        _write(folder / "upper", file)


def _write(layer, file):
    path = Path(layer) / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if file.link:
        path.symlink_to(file.link)
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, file.mode)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        os.fchmod(stream.fileno(), file.mode)
        stream.write(file.content)
