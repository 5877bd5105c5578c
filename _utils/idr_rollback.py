"""
Where a rollback goes, and which dump it needs, decided from what an environment is.
"""

import idr_upgrade


def target(wanted, releases):
    """
    The release to go back to: the one before, or the one that still is the current one when the way to ``wanted`` did
    not get that far.

    :param wanted: the release that pillar asks for
    :param releases: answer of ``omero.releases`` of the read-write server
    :returns: ``{"version", "url", "sha256"}``
    :raises ValueError: there is none, or it is no older one
    """
    current = next((one for one in releases if one["current"]), None)
    if current and current["version"] != wanted["version"]:
        found = current
    else:
        found = next((one for one in releases if one["previous"]), None)
    if not found:
        raise ValueError(f"expected a release before {wanted['version']} on the read-write server, found none")
    if idr_upgrade.order(found["version"]) > idr_upgrade.order(wanted["version"]):
        raise ValueError(
            f"{found['version']} was there before {wanted['version']}, but is newer: nothing to go back to"
        )
    if not found["url"]:
        raise ValueError(
            f"{found['version']}: the read-write server does not know where it came from: set it in pillar"
        )
    return {key: found[key] for key in ("version", "url", "sha256")}


def dump(dumps, database, schema):
    """
    The newest dump of a database with a schema.

    :param dumps: answer of ``omero.db_dumps``
    :raises ValueError: there is none
    """
    fitting = [one for one in dumps if one["database"] == database and one["schema"] == schema]
    if not fitting:
        raise ValueError(
            f"no dump of database {database} with schema {schema}: expected one in omero:backups:dir of the read-write "
            "server; if the upgrade went by a snapshot instead, restore that and run this again"
        )
    return max(fitting, key=lambda one: one["time"])


def databases(name, schema, stamp):
    """
    The databases of a rollback beside the one in use.

    :param schema: of the one in use
    :param stamp: time, as digits
    :returns: ``{"name": the one in use, "meanwhile": that of the read-only servers until all have the release before,
        "next": that which then takes the place of the one in use, "kept": its name from then on}``
    """
    kept = f"{name}_{schema.lower().replace('.', '_')}_{stamp}"
    return {"name": name, "meanwhile": f"{name}_meanwhile", "next": f"{name}_next", "kept": kept}


def prepared(pillar, name, others):
    """
    What pillar has to say beside for the database host to make other databases just as the one in use.

    :param pillar: of the database host
    :raises ValueError: it does not have the database
    """
    found = pillar.get("postgresql", {}).get("databases", {})
    if name not in found:
        raise ValueError(f"postgresql:databases: expected {name}, found {', '.join(sorted(found)) or 'none'}")
    return {"postgresql": {"databases": {other: found[name] for other in others}}}
