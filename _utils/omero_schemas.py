"""Which steps lead from one version of OMERO's database schema to another, without talking to a database."""

import collections
import re

import omero_database

_LABEL = re.compile(r"(OMERO[0-9A-Za-z.]+)__(\d+)")


class SchemaError(ValueError):
    """The schema cannot be brought to where the release needs it."""


def parse(label):
    """
    The version that a label such as ``OMERO5.4__0`` names.

    :returns: ``{"version": "OMERO5.4", "patch": 0}``
    :raises ValueError: it is none
    """
    match = _LABEL.fullmatch(label)
    if not match:
        raise ValueError(f"a schema version such as OMERO5.4__0 was expected, not {label!r}")
    return {"version": match[1], "patch": int(match[2])}


def order(version):
    """
    What sorts versions from old to new; OMERO5.4DEV comes before OMERO5.4.
    """
    numbers = tuple(int(number) for number in re.findall(r"\d+", version["version"]))
    return numbers, not version["version"].endswith("DEV"), version["patch"]


def ways(files):
    """
    The single steps that a release has SQL for.

    :param files: paths below its ``sql/psql``; OMERO names folders by the new schema, files in them by the old
    :returns: map from label to the list of labels that are one step away
    """
    found = collections.defaultdict(list)
    for file in sorted(files):
        new, _, old = file.removesuffix(".sql").partition("/")
        if file.endswith(".sql") and _LABEL.fullmatch(new) and _LABEL.fullmatch(old):
            found[old].append(new)
    return dict(found)


def chain(steps, old, new):
    """
    The shortest way from one label to another.

    :param steps: a result of :func:`ways`
    :returns: list of labels from ``old`` to ``new``; None where there is no way
    """
    came, queue = {old: None}, collections.deque([old])
    while queue and new not in came:
        here = queue.popleft()
        for there in steps.get(here, []):
            if there not in came:
                came[there] = here
                queue.append(there)
    if new not in came:
        return None
    found = [new]
    while came[found[-1]]:
        found.append(came[found[-1]])
    return found[::-1]


def plan(found, needed, files):
    """
    What is to be done with a database.

    :param found: its schema version, as :func:`parse` has it; None where it has no OMERO schema
    :param needed: that of the release
    :param files: paths below the release's ``sql/psql``
    :returns: ``{"do": "nothing", "create" or "patch", "old": label or None, "new": label, "steps": [label, ...]}``, the
        steps after ``old`` up to ``new``
    :raises SchemaError: the database is newer than the release, or the release has no way from there
    """
    new = omero_database.label(needed)
    if found is None:
        return {"do": "create", "old": None, "new": new, "steps": []}
    old = omero_database.label(found)
    if found == needed:
        return {"do": "nothing", "old": old, "new": new, "steps": []}
    told = f"The database has the schema {old}, this release needs {new}: not touched."
    if order(found) > order(needed):
        raise SchemaError(
            f"{told} A schema never goes back by itself. Set the release that the database belongs to in pillar, or"
            " return to an earlier release with its own database: salt-run state.orchestrate orch.rollback"
        )
    way = chain(ways(files), old, new)
    if way is None:
        known = sorted(label for label in ways(files) if label != new and chain(ways(files), label, new))
        raise SchemaError(
            f"{told} The release has no SQL from there; it knows the way from {', '.join(known) or 'none'}"
        )
    return {"do": "patch", "old": old, "new": new, "steps": way[1:]}
