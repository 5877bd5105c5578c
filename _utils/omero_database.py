"""What OMERO's states know of the database, without talking to it."""

# For psql. No row where there is no OMERO schema.
PATCH_QUERY = """\
select to_regclass('dbpatch') is not null as made \\gset
\\if :made
select currentpatch, currentversion from dbpatch order by id desc limit 1;
\\endif
"""


def settings(configured, host):
    """
    Where OMERO's database is.

    :param configured: the pillar map ``omero:db``, with any of host, port, name, user
    :param host: where it is by default, None if nothing says
    :returns: ``{"host": str, "port": int, "name": str, "user": str}``
    :raises ValueError: an unknown key, a bad port, or no host.
    """
    found: dict = {
        "host": host,
        "port": 5432,
        "name": "omero",
        "user": "omero",
    }
    unknown = sorted(set(configured) - set(found))
    if unknown:
        raise ValueError(f"omero:db: unknown {', '.join(unknown)}; expected {', '.join(found)}")
    found.update(configured)
    if isinstance(found["port"], bool) or not str(found["port"]).isdigit() or not 0 < int(found["port"]) < 65536:
        raise ValueError(f"omero:db:port: a number from 1 to 65535 was expected, not {found['port']!r}")
    for key in ("host", "name", "user"):
        if not isinstance(found[key], str) or not found[key]:
            raise ValueError(f"omero:db:{key}: a name was expected, not {found[key]!r}")
    return {**found, "port": int(found["port"])}


def pgpass(database, password):
    """
    The line of a password file (PGPASSFILE) for a result of :func:`settings`.
    """

    def quoted(word):
        return str(word).replace("\\", "\\\\").replace(":", "\\:")

    fields = (database["host"], database["port"], database["name"], database["user"], password)
    return ":".join(quoted(field) for field in fields) + "\n"


def patch_of_row(row):
    """
    The schema version in a row ``currentpatch|currentversion`` of the table dbpatch, as psql prints it.

    :returns: ``{"version": str, "patch": int}``
    :raises ValueError: the row has another form.
    """
    patch, separator, version = row.strip().partition("|")
    if not (separator and version and patch.isdigit()):
        raise ValueError(f"table dbpatch: a row such as 0|OMERO5.4 was expected, not {row.strip()!r}")
    return {"version": version, "patch": int(patch)}


def patch_of_release(defaults):
    """
    The schema version that a release needs.

    :param defaults: the release's default properties, ``key=value`` lines
    :returns: ``{"version": str, "patch": int}``
    :raises ValueError: the release does not say.
    """
    found = dict(line.split("=", 1) for line in defaults.splitlines() if line.startswith("omero.db."))
    return patch_of_row(f"{found.get('omero.db.patch', '')}|{found.get('omero.db.version', '')}")


def label(version):
    """
    ``OMERO5.4__0``, as OMERO itself names a schema version; ``none`` for None.
    """
    return f"{version['version']}__{version['patch']}" if version else "none"
