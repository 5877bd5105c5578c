#!/usr/bin/env python3
"""Build the archive of the OMERO.server stand-in, byte for byte the same wherever it is built.

Usage: python testbed/standin_release.py OUTPUT_DIR [--version VERSION]
Prints the archive's path and its sha256. The archive unpacks to OMERO.server-VERSION/, as OMERO's own does.
"""

import argparse
import hashlib
import pathlib
import re
import zipfile

SOURCE = pathlib.Path(__file__).resolve().parent / "omero_standin"
VERSION = "5.6.18-standin"
STAMP = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip archive can name
PROGRAMS = "standin/bin/"


def check_version(version):
    """The version, if it says that it is a stand-in's; OMERO's clients expect three numbers in front."""
    if not re.fullmatch(r"\d+\.\d+\.\d+-standin[\w.]*", version):
        raise SystemExit(f"version: expected three numbers and -standin, like {VERSION}, not {version!r}")
    return version


def contents(version):
    """Sorted list of (name in the release's folder, bytes)."""
    files = {}
    for path in SOURCE.rglob("*"):
        name = path.relative_to(SOURCE).as_posix()
        if path.is_file() and "__pycache__" not in path.parts:
            files[name] = path.read_bytes()
    properties = files["etc/omero.properties"].decode()
    shown = f"omero.version={version.replace('standin', 'STANDIN')}"
    files["etc/omero.properties"] = re.sub(r"(?m)^omero\.version=.*$", shown, properties).encode()
    return sorted(files.items())


def write(path, version):
    """Write the archive; entries are stored, not compressed: compressors differ between machines."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in contents(version):
            entry = zipfile.ZipInfo(f"OMERO.server-{version}/{name}", STAMP)
            entry.create_system = 3  # Unix, so that the modes count
            mode = 0o755 if name.startswith(PROGRAMS) else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, data)


def build(output, version=VERSION):
    """(path, sha256) of the archive made in the folder `output`."""
    path = pathlib.Path(output) / f"OMERO.server-{check_version(version)}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    write(partial, version)
    partial.replace(path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", help="folder for the archive")
    parser.add_argument("--version", default=VERSION, help=f"default: {VERSION}")
    arguments = parser.parse_args()
    print(*build(arguments.output, arguments.version))


if __name__ == "__main__":
    main()
