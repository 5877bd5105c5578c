"""
What proves that the clone of a set is good: what its PostgreSQL is started with, and OMERO's files against its rows.
"""

import os
import pathlib

DATABASES_QUERY = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1"
# Those that are not PostgreSQL's own.
TABLES_QUERY = (
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
)
# Rows that are asked for at a time.
PAGE = 50000
# Pixels that OMERO keeps itself have a file of their own; those of imported files are read from these.
PIXELS_QUERY = (
    "SELECT p.id, p.sizex::bigint * p.sizey * p.sizez * p.sizec * p.sizet, t.value, coalesce(p.path, ''), "
    "coalesce(p.name, '') FROM pixels p JOIN pixelstype t ON t.id = p.pixelstype WHERE p.id > {after} "
    f"ORDER BY p.id LIMIT {PAGE}"
)
# Without a hash the upload is not done yet: the row is there before its file is.
FILES_QUERY = (
    "SELECT id, coalesce(size, 0), coalesce(repo, ''), path, name, coalesce(mimetype, '') FROM originalfile "
    "WHERE hash IS NOT NULL AND hash <> '' AND id > {after} "
    f"ORDER BY id LIMIT {PAGE}"
)
_BYTES = {
    "bit": 1 / 8, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "float": 4, "double": 8,
    "complex": 8, "double-complex": 16,
}  # fmt: skip
REPOSITORY = "ManagedRepository"
DIRECTORY = "Directory"


def place(number):
    """
    Where OMERO keeps the file of a number below its folder: ``999``, ``Dir-001/1000``, ``Dir-001/Dir-234/1234567``.
    """
    folders: list = []
    rest = int(number)
    while rest > 999:
        rest //= 1000
        folders.insert(0, f"Dir-{rest % 1000:03}")
    return "/".join([*folders, str(number)])


def pixels_missing(root, rows):
    """
    Pixels without their file.

    :param root: OMERO's data folder
    :param rows: of :data:`PIXELS_QUERY`, as texts
    :yields: one line for each that has neither a file of its own, of its full size, nor that which it was imported from
    """
    for number, samples, kind, path, name in rows:
        file = pathlib.Path(root, "Pixels", place(number))
        # Where each image has several files, path and name are those of one of them.
        imported = pathlib.Path(root, REPOSITORY, path.lstrip("/"), name) if name else None
        try:
            found = file.stat().st_size
        except FileNotFoundError:
            if imported and os.path.lexists(imported):
                continue
            yield f"pixels {number}: expected the file {file}{f' or {imported}' if imported else ''}, found none"
            continue
        size = _BYTES.get(kind, 0) * int(samples)
        if size and found < size:
            yield f"pixels {number}: {file}: expected {int(size)} bytes, found {found}"


def files_missing(root, rows):
    """
    Original files that are not as their rows say.

    :param root: OMERO's data folder
    :param rows: of :data:`FILES_QUERY`, as texts
    :yields: one line for each that is missing or has another size
    """
    for number, size, repository, path, name, kind in rows:
        if repository:
            file = pathlib.Path(root, REPOSITORY, path.lstrip("/"), name)
        else:
            file = pathlib.Path(root, "Files", place(number))
        if not os.path.lexists(file):
            yield f"originalfile {number}: expected the file {file}, found none"
        # What was imported in place is a link to where the clone may not reach.
        elif kind != DIRECTORY and not file.is_symlink() and file.stat().st_size != int(size):
            yield f"originalfile {number}: {file}: expected {size} bytes, found {file.stat().st_size}"


def configuration(data, run):
    """
    The configuration of a PostgreSQL that only looks at a cluster: nobody but this host's own users reach it.

    :param data: the cluster's folder
    :param run: folder of its socket and of ``pg_hba.conf``
    :returns: text of ``postgresql.conf``
    """
    settings = {
        "data_directory": data,
        "hba_file": f"{run}/pg_hba.conf",
        "ident_file": "/dev/null",
        "external_pid_file": "",
        "listen_addresses": "",
        "unix_socket_directories": run,
        "shared_preload_libraries": "",
        "archive_mode": "off",
        "autovacuum": "off",
        "ssl": "off",
        # A clone that is thrown away.
        "fsync": "off",
        "full_page_writes": "off",
    }
    return "".join(f"{name} = '{value}'\n" for name, value in settings.items())


ACCESS = "local all postgres peer\n"


def counts(expected, found):
    """
    Databases that have not as many tables as their manifest says.

    :param expected: ``{database: [least, most]}``
    :param found: ``{database: how many}``
    :returns: list of lines
    """
    lines = []
    for name, (least, most) in sorted(expected.items()):
        if name not in found:
            lines.append(f"database {name}: expected, found none of this name")
        elif not least <= found[name] <= most:
            wanted = least if least == most else f"{least} to {most}"
            lines.append(f"database {name}: expected {wanted} tables, found {found[name]}")
    return lines
