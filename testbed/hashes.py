"""Write the sha256 of all files that suit a Linux host into lists of pinned Python packages.

They come from the package index that pip is configured for; where it offers fewer files than the public one, only
those are written, and other systems build from the source that is among them.

Usage: python testbed/hashes.py LIST...     with a Python that has pip; after a change of versions in a LIST
"""

import pathlib
import re
import sys

from pip._internal.commands.install import InstallCommand

# CPython 3.11 and 3.12, the stable interface and plain Python; glibc on x86_64 and aarch64
SUITS = re.compile(r"-(cp31[12]-cp31[12]|cp3\d+-abi3|(?:py2\.)?py3-none)-(any|.*manylinux.*(x86_64|aarch64).*)\.whl$")


def _finder():
    """pip's own client, as its configuration has it; it has no public interface."""
    command = InstallCommand("install", "")
    options, _ = command.parse_args([])
    return command._build_package_finder(options, command._build_session(options))


def hashed(pin, finder):
    """The lines of one pin: `name==version` and the digests of its files, sorted."""
    name, version = pin.split("==")
    links = [one.link for one in finder.find_all_candidates(name) if str(one.version) == version]
    digests = {
        link.hash
        for link in links
        if link.hash_name == "sha256" and (SUITS.search(link.filename) or link.filename.endswith(".tar.gz"))
    }
    if not digests:
        raise SystemExit(f"{pin}: the index offers no file of it with a sha256")
    return " \\\n".join([pin, *(f"    --hash=sha256:{digest}" for digest in sorted(digests))])


def main(paths):
    finder = _finder()
    for path in map(pathlib.Path, paths):
        lines = path.read_text().splitlines()
        kept = [line for line in lines if line.startswith("#")]
        pins = sorted({line.split()[0] for line in lines if re.match(r"[A-Za-z0-9]", line)})
        path.write_text("\n".join([*kept, *(hashed(pin, finder) for pin in pins)]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
