#!/usr/bin/env python3
"""Build archives of the OMERO.server stand-in, byte for byte the same wherever they are built.

Usage: python testbed/standin_release.py OUTPUT_DIR [--version VERSION] [--fault FAULT]
Prints each archive's path and its sha256: of both versions, or of the one that is asked for. An archive unpacks to
OMERO.server-VERSION/, as OMERO's own does. All versions are one source tree; each folder of omero_overlays/ is laid
over it from the version on that it is named after. FAULT breaks a release, for tests of what must then happen.
"""

import argparse
import hashlib
import pathlib
import re
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE, OVERLAYS = HERE / "omero_standin", HERE / "omero_overlays"
VERSION, NEXT = "5.6.18-standin", "5.7.0-standin"
STAMP = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip archive can name
PROGRAMS = "standin/bin/"
PROPERTIES = "etc/omero.properties"
SQL = "sql/psql"
# the patch's part between these lines is what its schema has and the one before has not
PATCH = re.compile(r"(?s)(?<=--\n-- Actual upgrade\n--\n).*?(?=--\n-- FINISHED\n--\n)")
FAULTS = {
    "start": "no server starts",
    "start-readonly": "no read-only server starts",
    "patch": "the schema patch fails in its middle",
}


def check_version(version):
    """The version, if it says that it is a stand-in's; OMERO's clients expect three numbers in front."""
    if not re.fullmatch(r"\d+\.\d+\.\d+-standin[\w.]*", version):
        raise SystemExit(f"version: expected three numbers and -standin, like {VERSION}, not {version!r}")
    return version


def numbers(version):
    """The three numbers in front, to compare with."""
    return tuple(map(int, re.match(r"\d+\.\d+\.\d+", version).group().split(".")))


def tree(folder):
    """{name: bytes} of the folder's files."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def set_property(files, key, value):
    """Put the property's value into etc/omero.properties, which must have the key."""
    text, found = re.subn(rf"(?m)^{re.escape(key)}=.*$", f"{key}={value}", files[PROPERTIES].decode())
    if found != 1:
        raise SystemExit(f"{PROPERTIES}: expected one line of {key}, found {found}")
    files[PROPERTIES] = text.encode()


def patch_of(overlay):
    """(new schema, old schema, the patch's file) of the overlay's one patch, named as OMERO names them."""
    (path,) = sorted((overlay / SQL).glob("*/*.sql"))
    return path.parent.name, path.stem, path


def add_schema(files, overlay):
    """The new schema is the old one and what the patch between them adds."""
    new, old, path = patch_of(overlay)
    for name in ("schema", "views", "psql-header", "psql-footer"):
        files[f"{SQL}/{new}/{name}.sql"] = files[f"{SQL}/{old}/{name}.sql"]
    added = PATCH.search(path.read_text(encoding="utf-8"))
    files[f"{SQL}/{new}/schema.sql"] += added.group().encode()
    version, patch = new.split("__")
    set_property(files, "omero.db.version", version)
    set_property(files, "omero.db.patch", patch)


def break_patch(files, overlays):
    """Let the newest patch fail after all that it changes, before it says that it is finished."""
    if not overlays:
        raise SystemExit("--fault patch: this version has no patch")
    new, old, _ = patch_of(overlays[-1])
    name = f"{SQL}/{new}/{old}.sql"
    broken = "\\g<0>SELECT 1 / 0 AS \"STAND-IN fault 'patch'\";\n\n"
    files[name] = PATCH.sub(broken, files[name].decode()).encode()


def contents(version, fault=None):
    """Sorted list of (name in the release's folder, bytes)."""
    files = tree(SOURCE)
    overlays = [o for o in OVERLAYS.iterdir() if numbers(o.name) <= numbers(version)]
    overlays.sort(key=lambda overlay: numbers(overlay.name))
    for overlay in overlays:
        files |= tree(overlay)
        add_schema(files, overlay)
    shown = version.replace("standin", "STANDIN")
    set_property(files, "omero.version", shown)
    if fault == "patch":
        break_patch(files, overlays)
    elif fault:
        set_property(files, "standin.fault", fault)
    return sorted(files.items())


def write(path, version, fault):
    """Write the archive; entries are stored, not compressed: compressors differ between machines."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in contents(version, fault):
            entry = zipfile.ZipInfo(f"{path.stem}/{name}", STAMP)
            entry.create_system = 3  # Unix, so that the modes count
            mode = 0o755 if name.startswith(PROGRAMS) else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, data)


def build(output, version=VERSION, fault=None):
    """(path, sha256) of the archive made in the folder `output`; a fault is part of the version and of its name."""
    if fault and fault not in FAULTS:
        raise SystemExit(f"fault: expected one of {', '.join(FAULTS)}, not {fault!r}")
    named = check_version(version) + (f".fault_{fault.replace('-', '_')}" if fault else "")
    path = pathlib.Path(output) / f"OMERO.server-{named}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    write(partial, named, fault)
    partial.replace(path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", help="folder for the archives")
    parser.add_argument("--version", help=f"default: both {VERSION} and {NEXT}; with a fault {NEXT}")
    parser.add_argument("--fault", choices=FAULTS, help="; ".join(f"{name}: {what}" for name, what in FAULTS.items()))
    arguments = parser.parse_args()
    versions = [arguments.version] if arguments.version else [NEXT] if arguments.fault else [VERSION, NEXT]
    for version in versions:
        print(*build(arguments.output, version, arguments.fault))


if __name__ == "__main__":
    main()
