"""Which package archives this machine uses, read off its own apt configuration. Pure parsing, no side effects."""

import pathlib
import re
from typing import NamedTuple


class Archive(NamedTuple):
    """One Debian archive: its address and the suites and components the machine takes from it."""

    uri: str
    suites: tuple
    components: tuple


def _deb822(text):
    for stanza in re.split(r"\n\s*\n", text):
        fields, key = {}, None
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in " \t" and key:
                fields[key] += " " + line.strip()
            elif ":" in line:
                key, _, value = line.partition(":")
                key = key.strip().lower()
                fields[key] = value.strip()
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
            for uri in fields.get("uris", "").split():
                yield uri, fields.get("suites", "").split(), fields.get("components", "").split()


def _one_line(text):
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.+?)\s*(?:#.*)?$", line.strip())
        if match:
            yield match[1], [match[2]], match[3].split()


def archives(folder, codename):
    """The archives below the apt configuration folder that carry suites of `codename`.

    folder: usually `/etc/apt`. codename: release, e.g. `bookworm`.
    Returns a list of Archive, one for each address, in the order of first appearance; archives of other
    publishers (suites that do not start with the code name) and unreachable kinds (cdrom, file) are left out.
    """
    folder = pathlib.Path(folder)
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    found = {}
    for path in files:
        if path.suffix not in (".list", ".sources") or not path.is_file():
            continue
        parse = _deb822 if path.suffix == ".sources" else _one_line
        for uri, suites, components in parse(path.read_text()):
            suites = [s for s in suites if re.fullmatch(rf"{codename}(-updates|-security)?(/updates)?", s)]
            if suites and "main" in components and uri.startswith(("http://", "https://")):
                known = found.setdefault(uri.rstrip("/"), ([], []))
                known[0].extend(s for s in suites if s not in known[0])
                known[1].extend(c for c in components if c not in known[1])
    return [Archive(uri, tuple(suites), tuple(components)) for uri, (suites, components) in found.items()]


def main_archive(found, codename):
    """The archive of `found` that carries the release itself, or None."""
    return next((a for a in found if codename in a.suites), None)


def remaps(found):
    """apt-cacher-ng's lines that serve archive N of `found` as /archive-N."""
    return "".join(f"Remap-archive{n}: /archive-{n} ; {a.uri}/\n" for n, a in enumerate(found))


def sources_list(found, base):
    """sources.list for the hosts, who know the cache at `base` (e.g. http://10.99.0.1:3142) and nothing else."""
    return "".join(
        f"deb {base}/archive-{n} {suite} {' '.join(a.components)}\n" for n, a in enumerate(found) for suite in a.suites
    )
