"""
States of OMERO.server and OMERO.web: configuration, users, and being up. Other subjects have files of their own.

Passwords are named by the pillar key that holds them.
"""

import re

import omero_wait
from omero_host import given
from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret


def __virtual__():
    return True if "omero.config_load" in __salt__ else (False, "the execution module omero is not loaded")


def config(
    name,
    properties,
    secrets=None,
    keep=None,
    remove_unknown=True,
    lock_timeout=60,
    omerodir=None,
    venv=None,
    user=None,
):
    """
    The configuration of an installation holds these properties and, unless told otherwise, no others.

    :param name: what is configured, for the reader; without ``omerodir`` also the installation's folder
    :param properties: map from property to string, number, boolean, list or map (the latter become JSON)
    :param secrets: map from property to the pillar key of its value; shown masked
    :param keep: beginnings of names of properties that are left alone
    :param remove_unknown: False leaves all properties alone that are not listed
    :param lock_timeout: seconds to wait for another process that holds the configuration's lock
    :param venv: virtual environment with the ``omero`` command
    :param user: system user who runs it

    .. code-block:: yaml

        /opt/omero/server/OMERO.server:
          omero.config:
            - properties: {omero.db.poolsize: 25}
            - secrets: {omero.db.pass: "secrets:database:omero"}
    """
    test, how = __opts__["test"], {"keep": keep, "remove_unknown": remove_unknown, "lock_timeout": lock_timeout}
    where = given(omerodir=omerodir or name, venv=venv, user=user)
    try:
        changes = __salt__["omero.config_load"](properties, secrets=secrets, test=test, **how, **where)
    except CommandExecutionError as error:
        return _ret(name, False, str(error))
    if not changes:
        return _ret(name, True, f"All {len(properties) + len(secrets or {})} properties are as they should be")
    if test:
        return _ret(name, None, f"{len(changes)} properties would be changed", changes)
    return _ret(name, True, f"{len(changes)} properties were changed", changes)


def running(name, timeout=300, read_only=None, version=None, login="public", password=None):
    """
    The server is up by its own word: its session manager answers. Changes nothing, waits.

    :param timeout: seconds to wait
    :param read_only: what it must say of its database and its repository, True or False; not asked without
    :param version: release that it must say it is, such as ``5.6.13``; only the numbers count; not asked without
    :param login: OMERO user to ask as
    :param password: pillar key of its password, by default ``secrets:omero:<login>``
    """
    test = __opts__["test"]

    def up():
        try:
            said = __salt__["omero.look"](login=login, password=password)
        except CommandExecutionError as error:
            return False, str(error)
        return _judged(said, read_only, version, login)

    done, state = omero_wait.until(up, 0 if test else timeout, interval=3)
    if done:
        return _ret(name, True, f"The server is up: {state}")
    if test:
        return _ret(name, None, f"Would wait up to {timeout} s for the server: {state}")
    return _ret(name, False, f"The server was not as it should be within {timeout} s: {state}")


def _judged(said, read_only, version, login):
    """Whether what the server says of itself is as it should be, and what it says."""
    if read_only is None and version is None:
        return True, "it answers"
    known = {key: said[key] for key in ("db", "repo", "version") if key in said}
    if not known:
        return False, f"it refuses the user {login}"
    told = []
    if version is not None:
        told.append((_numbers(known.get("version")) == _numbers(version), f"its version is {known.get('version')}"))
    if read_only is not None:
        flags = {key: known[key] for key in ("db", "repo") if key in known}
        told.append((set(flags.values()) == {read_only}, f"its read-only status is {flags}"))
    return all(good for good, _ in told), ", ".join(text for _, text in told)


def _numbers(version):
    """What counts of a version: an archive's name says more than the server."""
    return re.findall(r"\d+", str(version).partition("-")[0])


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
