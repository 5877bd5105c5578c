"""
States of single OMERO users and groups. ``omero.accounts`` makes all of an environment's at once, and is quicker.
"""

from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

__virtualname__ = "omero"


def __virtual__():
    return __virtualname__ if "omero.accounts" in __salt__ else (False, "the execution module omero is not loaded")


def _present(name, groups, users, root_password):
    test = __opts__["test"]
    try:
        changes = __salt__["omero.accounts"](groups, users, root_password=root_password, complete=False, test=test)
    except CommandExecutionError as error:
        return _ret(name, None if test else False, str(error))
    if not changes:
        return _ret(name, True, f"{name} is as it should be")
    return _ret(name, None if test else True, f"{name} {'would be' if test else 'was'} changed", changes)


def root_password(name, password=None):
    """
    OMERO's user root has its password, also where the database is a clone of another environment's. The server may be
    down.

    :param password: pillar key, ``secrets:omero:root`` by default

    .. code-block:: yaml

        omero-root:
          omero.root_password: []
    """
    test = __opts__["test"]
    try:
        changed = __salt__["omero.root_password"](password, test=test)
    except CommandExecutionError as error:
        # a test may come before the schema
        return _ret(name, None if test else False, str(error))
    if not changed:
        return _ret(name, True, "root has its password")
    told = "would get" if test else "got"
    return _ret(
        name, None if test else True, f"root {told} its password", {"password": {"old": "another", "new": "changed"}}
    )


def group_present(name, type, root_password=None):
    """
    OMERO has this group, with these permissions. The server has to be up where there is something to change.

    :param type: private, read-only, read-annotate or read-write
    :param root_password: pillar key of root's password, ``secrets:omero:root`` by default

    .. code-block:: yaml

        curators:
          omero.group_present:
            - type: read-annotate
    """
    return _present(name, {name: {"type": type}}, {}, root_password)


def user_present(
    name,
    groups,
    owner_of=None,
    firstname=None,
    lastname=None,
    email=None,
    institution=None,
    password=None,
    root_password=None,
):
    """
    OMERO has this user, in exactly these groups. The server has to be up where there is something to change.

    :param groups: names of groups that are there, the default first
    :param owner_of: names of groups that it owns; it is in these as well
    :param firstname: left alone where it is not given, as are ``lastname``, ``email`` and ``institution``
    :param password: pillar key of its password; without it is left alone, and nobody can log in as a new user
    :param root_password: pillar key of root's password, ``secrets:omero:root`` by default

    .. code-block:: yaml

        curator:
          omero.user_present:
            - groups: [curators, public]
            - password: secrets:omero:curator
            - require:
              - omero: curators
    """
    given = {
        "groups": groups,
        "owner_of": owner_of,
        "firstname": firstname,
        "lastname": lastname,
        "email": email,
        "institution": institution,
        "password": password,
    }
    return _present(name, {}, {name: given}, root_password)
