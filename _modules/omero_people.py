"""
OMERO's users and groups: part of the execution module ``omero``.

They are read from the database, also while the server is down, and changed by the running server in a session of root.
"""

import omero_accounts
import omero_errors
import omero_host
from omero_host import OMERODIR, ROOT, USER, VENV, Installation
from salt.exceptions import CommandExecutionError

__virtualname__ = "omero"

LIMIT = 180


def __virtual__():
    return __virtualname__


def _at(omerodir=OMERODIR, venv=VENV, user=USER):
    return Installation(__salt__, omerodir, venv, user)


def _have(user):
    return omero_accounts.current(_at(user=user).query(omero_accounts.QUERY))


def _secret(key):
    return omero_host.secret(__salt__, key)


def _apply(steps, root_password, port, omerodir, venv, user):
    _at(omerodir, venv, user).client("apply", "root", root_password or ROOT, port, timeout=LIMIT, steps=steps)


def _known(have, kind, name):
    if name not in have[kind]:
        raise omero_errors.NoSuchThing.because(f"{kind[:-1]} {name}; there are {', '.join(sorted(have[kind]))}")
    return have[kind][name]


def accounts(
    groups,
    users,
    root_password=None,
    complete=True,
    test=False,
    port=4064,
    omerodir=OMERODIR,
    venv=VENV,
    user=USER,
):
    """
    Make OMERO have these groups and users, and its user root its password; others are left alone.

    Compares by one query of the database, changes in one session of root.

    :param groups: ``{name: {"type": "private", "read-only", "read-annotate" or "read-write"}}``
    :param users: ``{name: {"groups": [...], "owner_of": [...], "firstname", "lastname", "email", "institution": str,
        "password": pillar key}}``, of the groups the default first; names, email, institution and password are left
        alone where they are not given; a new user without a password cannot log in, and has its name for both names
    :param root_password: pillar key, ``secrets:omero:root`` by default
    :param complete: False lets users be in groups that only the database has, and leaves root's password alone
    :param test: True changes nothing
    :returns: what is (or would be) changed, without passwords
    :raises CommandExecutionError: something could not be changed within 180 s, or was and is still not so

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.accounts '{public: {type: read-only}}' '{}' test=True
    """
    try:
        have = _have(user)
        # what a test may not find yet another state may make before the run gets here
        known = () if complete else None if test else have["groups"]
        wanted = omero_accounts.wanted(groups, users, _secret, known)
        sql = omero_accounts.root(have, _secret(root_password or ROOT)) if complete else None
        steps = omero_accounts.plan(have, wanted)
    except ValueError as error:
        raise CommandExecutionError(str(error)) from None
    found = {**({"user root": [{"password": "changed"}]} if sql else {}), **omero_accounts.changes(steps)}
    if test or not found:
        return found
    if sql:
        _at(user=user).query(sql)
    if steps:
        _apply(steps, root_password, port, omerodir, venv, user)
        left = omero_accounts.plan(_have(user), wanted)
        if left:
            raise CommandExecutionError(f"still to be changed: {omero_accounts.changes(left)}")
    return found


def root_password(password=None, test=False, user=USER):
    """
    Give OMERO's user root its password, in the database: it may be a clone of another environment's, whose password
    nobody here knows. The server may be up or down.

    :param password: pillar key, ``secrets:omero:root`` by default
    :param test: True changes nothing
    :returns: whether it is (or would be) changed
    :raises CommandExecutionError: the database does not answer within 60 s, or has no schema

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.root_password test=True
    """
    try:
        sql = omero_accounts.root(_have(user), _secret(password or ROOT))
    except ValueError as error:
        raise CommandExecutionError(str(error)) from None
    if sql and not test:
        _at(user=user).query(sql)
    return bool(sql)


def users(user=USER):
    """
    OMERO's users, from the database.

    :returns: ``{name: {"id": int, "firstname", "lastname", "email", "institution": str, "groups": [the default first],
        "owner_of": [str], "active": whether it may log in, "admin": bool}}``
    :raises CommandExecutionError: the database does not answer within 60 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.users
    """
    return omero_accounts.people(_have(user))


def groups(user=USER):
    """
    OMERO's groups, from the database; the one of all users is left out.

    :returns: ``{name: {"permissions": "rwr---", "type": "read-only" or None, "members": [str], "owners": [str]}}``
    :raises CommandExecutionError: the database does not answer within 60 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.groups
    """
    return omero_accounts.circles(_have(user))


def user_groups(name, user=USER):
    """
    The groups that a user has joined.

    :returns: ``{"default": str, "groups": [the default first], "owner_of": [str]}``
    :raises NoSuchThing: there is no such user

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.user_groups public
    """
    found = _known(_have(user), "users", name)
    default = found["groups"][0] if found["groups"] else None
    return {"default": default, "groups": found["groups"], "owner_of": found["owner_of"]}


def user_add(name, groups, root_password=None, port=4064, omerodir=OMERODIR, venv=VENV, user=USER, **described):
    """
    Add a user.

    :param groups: names, the default first
    :param described: of ``firstname``, ``lastname``, ``email``, ``institution``, ``owner_of`` (names of groups) and
        ``password``, a pillar key; without the last nobody can log in as this user
    :param root_password: pillar key of root's password, ``secrets:omero:root`` by default
    :returns: what was changed, without passwords
    :raises ExistsAlready: there is a user of this name
    :raises CommandExecutionError: a group is not there, or the server does not answer within 180 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.user_add curator '[public]' password=secrets:omero:curator
    """
    # what Salt adds to a call
    given = {key: value for key, value in described.items() if not key.startswith("__")}
    unknown = sorted(set(given) - {"owner_of", "password", *omero_accounts.DETAILS})
    if unknown:
        raise CommandExecutionError(f"user_add: unknown {', '.join(unknown)}")
    if name in _have(user)["users"]:
        raise omero_errors.ExistsAlready.because(f"user {name}")
    where = {"omerodir": omerodir, "venv": venv, "user": user}
    return accounts({}, {name: {**given, "groups": groups}}, root_password, complete=False, port=port, **where)


def group_add(name, type="private", root_password=None, port=4064, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Add a group.

    :param type: private, read-only, read-annotate or read-write
    :param root_password: pillar key of root's password, ``secrets:omero:root`` by default
    :returns: what was changed
    :raises ExistsAlready: there is a group of this name
    :raises CommandExecutionError: no such type, or the server does not answer within 180 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.group_add curators read-annotate
    """
    if name in _have(user)["groups"]:
        raise omero_errors.ExistsAlready.because(f"group {name}")
    where = {"omerodir": omerodir, "venv": venv, "user": user}
    return accounts({name: {"type": type}}, {}, root_password, complete=False, port=port, **where)


def user_password(name, password, root_password=None, port=4064, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Give a user a password.

    :param password: pillar key of it
    :param root_password: pillar key of root's password, ``secrets:omero:root`` by default; not needed for root itself,
        who gets it in the database
    :returns: True if it was another
    :raises NoSuchThing: there is no such user
    :raises CommandExecutionError: the server does not answer within 180 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.user_password public secrets:omero:public
    """
    have = _have(user)
    found = _known(have, "users", name)
    try:
        if name == omero_accounts.ROOT["name"]:
            sql = omero_accounts.root(have, _secret(password))
            if sql:
                _at(user=user).query(sql)
            return bool(sql)
        steps = omero_accounts.password(name, found, _secret(password))
    except ValueError as error:
        raise CommandExecutionError(str(error)) from None
    if steps:
        _apply(steps, root_password, port, omerodir, venv, user)
    return bool(steps)


def _move(name, groups, action, port, root_password, omerodir, venv, user, owner):
    """
    Let a user join or leave groups; return its groups afterwards.
    """
    have = _have(user)
    found = _known(have, "users", name)
    for group in groups:
        _known(have, "groups", group)
    try:
        steps = omero_accounts.move(name, found, action, groups, owner)
    except ValueError as error:
        raise CommandExecutionError(str(error)) from None
    if steps:
        _apply(steps, root_password, port, omerodir, venv, user)
    return user_groups(name, user)


def user_join(name, groups, owner=False, root_password=None, port=4064, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Let a user join groups; it stays in those it is in.

    :param groups: list of names
    :param owner: True makes it an owner of them as well
    :param root_password: pillar key of root's password, ``secrets:omero:root`` by default
    :returns: as :func:`user_groups`, afterwards
    :raises NoSuchThing: there is no such user or group
    :raises CommandExecutionError: the server does not answer within 180 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.user_join curator '[public]' owner=True
    """
    return _move(name, groups, "join", port, root_password, omerodir, venv, user, owner)


def user_leave(name, groups, owner=False, root_password=None, port=4064, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Let a user leave groups.

    :param groups: list of names
    :param owner: True lets it leave the groups' owners alone, and stay a member
    :param root_password: pillar key of root's password, ``secrets:omero:root`` by default
    :returns: as :func:`user_groups`, afterwards
    :raises NoSuchThing: there is no such user or group
    :raises CommandExecutionError: it would be in no group, or the server does not answer within 180 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.user_leave curator '[public]'
    """
    return _move(name, groups, "leave", port, root_password, omerodir, venv, user, owner)
