"""
States of OMERO.server and OMERO.web: configuration, database schema, users, and being up.

Passwords are named by the pillar key that holds them.
"""

import omero_database
import omero_wait
from salt.exceptions import CommandExecutionError


def __virtual__():
    return True if "omero.config_load" in __salt__ else (False, "the execution module omero is not loaded")


def _ret(name, result, comment, changes=None):
    return {"name": name, "result": result, "comment": comment, "changes": changes or {}}


def _installation(omerodir, venv, user):
    """Only what is given: the execution module knows the server's own places."""
    given = {"omerodir": omerodir, "venv": venv, "user": user}
    return {key: value for key, value in given.items() if value is not None}


def config(name, properties, secrets=None, keep=None, omerodir=None, venv=None, user=None):
    """
    The configuration of an installation holds these properties and no others.

    :param name: what is configured, for the reader; without ``omerodir`` also the installation's folder
    :param properties: map from property to string, number, boolean, list or map (the latter become JSON)
    :param secrets: map from property to the pillar key of its value; shown masked
    :param keep: beginnings of names of properties that are left alone
    :param venv: virtual environment with the ``omero`` command
    :param user: system user who runs it

    .. code-block:: yaml

        /opt/omero/server/OMERO.server:
          omero.config:
            - properties: {omero.db.poolsize: 25}
            - secrets: {omero.db.pass: "secrets:database:omero"}
    """
    installation = _installation(omerodir or name, venv, user)
    load = __salt__["omero.config_load"]
    try:
        changes = load(properties, secrets=secrets, keep=keep, test=__opts__["test"], **installation)
    except CommandExecutionError as error:
        return _ret(name, False, str(error))
    if not changes:
        return _ret(name, True, f"All {len(properties) + len(secrets or {})} properties are as they should be")
    if __opts__["test"]:
        return _ret(name, None, f"{len(changes)} properties would be changed", changes)
    return _ret(name, True, f"{len(changes)} properties were changed", changes)


def _versions(installation):
    """The schema version needed by the release, and a function that asks for the one in the database."""
    needed = __salt__["omero.release_db_version"](**installation)
    user = {key: value for key, value in installation.items() if key == "user"}

    def ask():
        try:
            return "found", __salt__["omero.db_version"](**user)
        except CommandExecutionError as error:
            return "unreachable", str(error)

    return needed, ask


def schema(name, root_password=None, timeout=300, omerodir=None, venv=None, user=None):
    """
    The database has the schema of the installed release. An empty database gets it; one of another schema
    version is refused and left alone.

    :param root_password: pillar key of the password that OMERO's user root gets in a new schema, by default
        ``secrets:omero:root``
    :param timeout: seconds to wait for the database to accept the user
    :param omerodir: the installation, with ``venv`` and ``user``, by default the host's server
    """
    test = __opts__["test"]
    installation = _installation(omerodir, venv, user)
    try:
        needed, ask = _versions(installation)
    except CommandExecutionError as error:
        return _ret(name, None if test else False, f"The release does not tell its schema version: {error}")

    def reachable():
        answer, value = ask()
        return answer == "found", value

    done, found = omero_wait.until(reachable, 0 if test else timeout)
    if not done:
        comment = f"The database did not answer within {timeout} s: {found}"
        return _ret(name, None, f"Would wait up to {timeout} s: {found}") if test else _ret(name, False, comment)
    label = omero_database.label(needed)
    if found == needed:
        return _ret(name, True, f"The database has the schema {label}")
    if found:
        comment = f"The database has the schema {omero_database.label(found)}, this release needs {label}: not touched"
        return _ret(name, False, comment)
    changes = {"old": None, "new": label}
    if test:
        return _ret(name, None, f"The schema {label} would be created", changes)
    try:
        __salt__["omero.schema_create"](root_password=root_password, **installation)
    except CommandExecutionError as error:
        return _ret(name, False, str(error))
    return _ret(name, True, f"The schema {label} was created", changes)


def schema_present(name, timeout=600, omerodir=None, venv=None, user=None):
    """
    The database has the schema of the installed release, made by the read-write server; waits for it.

    :param timeout: seconds to wait
    :param omerodir: the installation, with ``venv`` and ``user``, by default the host's server
    """
    test = __opts__["test"]
    try:
        needed, ask = _versions(_installation(omerodir, venv, user))
    except CommandExecutionError as error:
        return _ret(name, None if test else False, f"The release does not tell its schema version: {error}")

    def there():
        answer, value = ask()
        return answer == "found" and value == needed, (answer, value)

    done, (answer, value) = omero_wait.until(there, 0 if test else timeout, interval=3)
    label = omero_database.label(needed)
    if done:
        return _ret(name, True, f"The database has the schema {label}")
    state = f"its schema is {omero_database.label(value)}" if answer == "found" else value
    if test:
        return _ret(name, None, f"Would wait up to {timeout} s for the schema {label}: {state}")
    return _ret(name, False, f"The database did not get the schema {label} within {timeout} s: {state}")


def running(name, timeout=300, read_only=None, login="public", password=None):
    """
    The server is up by its own word: its session manager answers. Changes nothing, waits.

    :param timeout: seconds to wait
    :param read_only: what it must say of its database and its repository, True or False; not asked without
    :param login: OMERO user to ask as
    :param password: pillar key of its password, by default ``secrets:omero:<login>``
    """
    test = __opts__["test"]

    def up():
        try:
            said = __salt__["omero.look"](login=login, password=password)
        except CommandExecutionError as error:
            return False, str(error)
        if read_only is None:
            return True, "it answers"
        known = {key: said[key] for key in ("db", "repo") if key in said}
        if not known:
            return False, f"it refuses the user {login}"
        return set(known.values()) == {read_only}, f"its read-only status is {known}"

    done, state = omero_wait.until(up, 0 if test else timeout, interval=3)
    if done:
        return _ret(name, True, f"The server is up: {state}")
    if test:
        return _ret(name, None, f"Would wait up to {timeout} s for the server: {state}")
    return _ret(name, False, f"The server was not as it should be within {timeout} s: {state}")


def accounts(name, groups, users, root_password=None):
    """
    OMERO has these groups and users, and its user root the password in pillar. Others are left alone.

    :param groups: map from name to ``{type: private, read-only, read-annotate or read-write}``
    :param users: map from name to ``groups`` (the default first), ``owner_of``, ``firstname``, ``lastname`` and
        ``password``, a pillar key
    :param root_password: pillar key of root's password, ``secrets:omero:root`` by default

    .. code-block:: yaml

        accounts:
          omero.accounts:
            - groups: {public: {type: read-only}}
            - users: {public: {groups: [public], password: "secrets:omero:public"}}
    """
    test = __opts__["test"]
    try:
        changes = __salt__["omero.accounts"](groups, users, root_password=root_password, test=test)
    except CommandExecutionError as error:
        return _ret(name, None if test else False, str(error))
    if not changes:
        return _ret(name, True, f"{len(groups)} groups and {len(users)} users are as they should be")
    comment = f"{len(changes)} accounts {'would be' if test else 'were'} changed"
    return _ret(name, None if test else True, comment, changes)
