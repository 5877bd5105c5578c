"""
States of OMERO's database schema: part of the state module ``omero``.
"""

import omero_database
import omero_repository_files
import omero_wait
from omero_host import given
from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

__virtualname__ = "omero"

_EMPTY = (
    "the database is empty, but the repository is not: it has {file}. Expected the database of this repository. Bring "
    "its rows here first: omero.db_restore (docs/all-in-one.md) or orch.restore (docs/backups.md). Nothing was changed"
)


def __virtual__():
    return __virtualname__


def _plan(installation, timeout):
    """What has to be done with the database, asked again until it answers."""

    def ask():
        plan = __salt__["omero.schema_plan"](**installation)
        return plan["do"] != "wait", plan

    return omero_wait.until(ask, timeout)[1]


def schema(
    name,
    dump=None,
    snapshot=None,
    keep=3,
    root_password=None,
    timeout=300,
    patch_timeout=14400,
    omerodir=None,
    venv=None,
    user=None,
):
    """
    The database has the schema of a release. An empty database gets it. An older one is patched by the release's own
    SQL, after a dump; a newer one is refused and left alone. No server may write meanwhile.

    :param dump: folder for a dump of the database before it is patched
    :param snapshot: id of a snapshot of the database, which takes the place of the dump. Without either nothing is
        patched
    :param keep: how many dumps of this kind stay in the folder
    :param root_password: pillar key of the password that OMERO's user root gets in a new schema, by default
        ``secrets:omero:root``
    :param timeout: seconds to wait for the database to accept the user
    :param patch_timeout: limit in seconds, of the dump and of each step of the patch
    :param omerodir: the release's folder, with ``venv`` and ``user``, by default that of the host's server

    .. code-block:: yaml

        omero-schema:
          omero.schema:
            - omerodir: /opt/omero/server/OMERO.server-5.6.13
            - dump: /data/backups
    """
    test, installation = __opts__["test"], given(omerodir=omerodir, venv=venv, user=user)
    try:
        plan = _plan(installation, 0 if test else timeout)
    except CommandExecutionError as error:
        return _unknown(name, error, installation)
    if plan["do"] == "wait":
        waits = f"Would wait up to {timeout} s: {plan['problem']}"
        return _ret(name, None, waits) if test else _ret(name, False, f"No answer in {timeout} s: {plan['problem']}")
    if plan["do"] == "nothing":
        return _ret(name, True, f"The database has the schema {plan['new']}")
    if plan["do"] == "create":
        done, saved, way = "created", {}, [plan["new"]]
    else:
        done, way = "patched", [plan["old"], *plan["steps"]]
        saved = {"snapshot": snapshot} if snapshot else {"dump": dump}
    changes = {"old": plan["old"], "new": plan["new"], **saved}
    if plan["do"] == "patch" and not (dump or snapshot):
        told = "before that `dump` (a folder) or `snapshot` (an id) was expected. Nothing was changed"
        return _ret(name, False, f"The schema {plan['old']} is to become {plan['new']}, and {told}")
    if test:
        return _ret(name, None, f"The schema would be {done}: {' -> '.join(way)}", changes)
    try:
        if plan["do"] == "create":
            __salt__["omero.schema_create"](root_password=root_password, **installation)
            made = {"dump": None}
        else:
            made = __salt__["omero.schema_patch"](dump, snapshot, keep=keep, timeout=patch_timeout, **installation)
    except CommandExecutionError as error:
        return _ret(name, False, str(error))
    told = f", after a dump: {made['dump']}" if made["dump"] else ""
    return _ret(name, True, f"The schema was {done}: {' -> '.join(way)}{told}", changes)


def _unknown(name, error, installation):
    """In test mode the release may be one that the run before this state extracts."""
    folder = installation.get("omerodir")
    later = __opts__["test"] and not (folder and __salt__["file.directory_exists"](folder))
    return _ret(name, None if later else False, str(error))


def database_fits(name, data, timeout=300, omerodir=None, venv=None, user=None):
    """
    The database has rows where the repository has files: a new and empty one in its place would be a site without its
    data. To be required before OMERO hears of another database.

    :param data: OMERO's data folder
    :param timeout: seconds to wait for the database to accept the user; one without files is not asked
    :param omerodir: the release's folder, with ``venv`` and ``user``, by default that of the host's server

    .. code-block:: yaml

        omero-database-fits:
          omero.database_fits:
            - data: /data/OMERO
    """
    file = omero_repository_files.first(data)
    if not file:
        return _ret(name, True, "There is no file of a repository yet")

    def ask():
        try:
            return True, __salt__["omero.db_version"](**given(user=user))
        except CommandExecutionError as error:
            return False, str(error)

    answered, found = omero_wait.until(ask, 0 if __opts__["test"] else timeout)
    if not answered:
        return _ret(name, None if __opts__["test"] else False, f"No answer in {timeout} s: {found}")
    if not found:
        return _ret(name, False, f"{__salt__['omero.db_settings']()['host']}: {_EMPTY.format(file=file)}")
    return _ret(name, True, f"The database has the schema {omero_database.label(found)}")


def schema_present(name, timeout=600, omerodir=None, venv=None, user=None):
    """
    The database has the schema of a release, made by the read-write server; waits for it.

    :param timeout: seconds to wait
    :param omerodir: the release's folder, with ``venv`` and ``user``, by default that of the host's server
    """
    test, installation = __opts__["test"], given(omerodir=omerodir, venv=venv, user=user)
    asked = {"user": user} if user else {}

    def there():
        try:
            found = __salt__["omero.db_version"](**asked)
        except CommandExecutionError as error:
            return False, str(error)
        return found == needed, f"its schema is {omero_database.label(found)}"

    try:
        needed = __salt__["omero.release_db_version"](**installation)
    except CommandExecutionError as error:
        return _unknown(name, error, installation)
    label = omero_database.label(needed)
    done, state = omero_wait.until(there, 0 if test else timeout, interval=3)
    if done:
        return _ret(name, True, f"The database has the schema {label}")
    if test:
        return _ret(name, None, f"Would wait up to {timeout} s for the schema {label}: {state}")
    return _ret(name, False, f"The database did not get the schema {label} within {timeout} s: {state}")
