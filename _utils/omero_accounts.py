"""OMERO's groups and users: what the database has, what pillar wants, and the steps between. No side effects."""

import json

import omero_password

TYPES = {"private": "rw----", "read-only": "rwr---", "read-annotate": "rwra--", "read-write": "rwrw--"}
# what a group's owner and OMERO itself keep everybody in
EVERYBODY = "user"
ADMINISTRATORS = "system"
ROOT = {"name": "root", "id": 0}
# left alone where they are not given
DETAILS = ("firstname", "lastname", "email", "institution")

QUERY = """\
select json_build_object(
  'groups', (select json_object_agg(name, permissions) from experimentergroup),
  'users', (select json_object_agg(e.omename, json_build_object(
    'id', e.id, 'firstname', e.firstname, 'lastname', e.lastname, 'email', e.email, 'institution', e.institution,
    'hash', p.hash,
    'groups', (select coalesce(json_agg(json_build_array(g.name, m.owner) order by m.child_index), '[]')
               from groupexperimentermap m join experimentergroup g on g.id = m.parent where m.child = e.id)))
    from experimenter e left join password p on p.experimenter_id = e.id));
"""


class AccountError(ValueError):
    """Accounts in pillar that OMERO cannot have. Never holds a password."""


def permissions(number):
    """Return a group's permissions, such as ``rwr---``, for the number in the database: four bits of each rank."""

    def rank(bits):
        return ("r" if bits & 4 else "-") + ("w" if bits & 2 else "a" if bits & 1 else "-")

    return rank(number >> 8) + rank(number >> 4) + rank(number)


def current(answer):
    """
    What the database has.

    :param answer: what :data:`QUERY` gives
    :returns: ``{"groups": {name: "rwr---"}, "users": {name: {"id", "firstname", "lastname", "email", "institution",
        "hash", "active", "groups": [names, the default first], "owner_of": [names]}}}``
    """
    found = json.loads(answer)
    users = {}
    for name, user in (found["users"] or {}).items():
        joined = [(group, owner) for group, owner in user["groups"] if group != EVERYBODY]
        users[name] = {
            **user,
            "active": any(group == EVERYBODY for group, _ in user["groups"]),
            "groups": [group for group, _ in joined],
            "owner_of": sorted(group for group, owner in joined if owner),
        }
    return {"groups": {name: permissions(n) for name, n in (found["groups"] or {}).items()}, "users": users}


def people(have):
    """
    The users of what :func:`current` gives, as a reader wants them: without digests.

    :returns: ``{name: {"id", "firstname", "lastname", "email", "institution", "groups": [the default first],
        "owner_of": [str], "active": whether it may log in, "admin": bool}}``
    """
    shown = ("id", *DETAILS, "groups", "owner_of", "active")
    return {
        name: {key: user.get(key) for key in shown} | {"admin": ADMINISTRATORS in user["groups"]}
        for name, user in sorted(have["users"].items())
    }


def circles(have):
    """
    The groups of what :func:`current` gives.

    :returns: ``{name: {"permissions": "rwr---", "type": "read-only" or None, "members": [str], "owners": [str]}}``
    """
    types = {permissions: kind for kind, permissions in TYPES.items()}

    def having(key, group):
        return sorted(name for name, user in have["users"].items() if group in user[key])

    return {
        name: {
            "permissions": permissions,
            "type": types.get(permissions),
            "members": having("groups", name),
            "owners": having("owner_of", name),
        }
        for name, permissions in sorted(have["groups"].items())
        if name != EVERYBODY
    }


def wanted(groups, users, secret, known=()):
    """
    What pillar wants.

    :param groups: ``{name: {"type": str}}``
    :param users: ``{name: {"groups": [...], "owner_of": [...], "firstname", "lastname", "email", "institution",
        "password": pillar key}}``
    :param secret: function that gives the value of a pillar key
    :param known: names of more groups; None for any
    :raises AccountError: a type or group that is not there, or a user in none
    """
    for name, group in groups.items():
        if group.get("type") not in TYPES:
            raise AccountError(f"omero:groups:{name}:type: expected one of {', '.join(TYPES)}, not {group.get('type')}")
    made = {}
    for name, user in sorted(users.items()):
        joined, owned = list(user.get("groups") or []), sorted(user.get("owner_of") or [])
        there = {*groups, *(known or ())}
        unknown = sorted({*joined, *owned} - there - {ADMINISTRATORS}) if known is not None else []
        if unknown or not joined:
            names = ", ".join(sorted(there)) or "the groups"
            raise AccountError(f"omero:users:{name}:groups: expected some of {names}, not {', '.join(unknown) or '[]'}")
        made[name] = {
            **{key: user[key] for key in DETAILS if user.get(key) is not None},
            "groups": [*joined, *(group for group in owned if group not in joined)],
            "owner_of": owned,
            "password": secret(user["password"]) if user.get("password") else None,
        }
    return {"groups": {name: TYPES[group["type"]] for name, group in sorted(groups.items())}, "users": made}


def plan(have, want):
    """
    Steps for :class:`omero_client.Accounts` that lead from ``have`` to ``want``; what is not wanted by name stays.
    """
    steps = []
    for name, perms in want["groups"].items():
        if have["groups"].get(name) != perms:
            steps.append(
                {"do": "permit" if name in have["groups"] else "add_group", "group": name, "permissions": perms}
            )
    for name, user in want["users"].items():
        steps += _user(name, have["users"].get(name), user)
    return steps


def _user(name, have, want):
    if have is None:
        # OMERO has nobody without names
        fields = {"firstname": name, "lastname": name}
        fields |= {key: want[key] for key in (*DETAILS, "groups", "password") if key in want}
        return [{"do": "add_user", "user": name, **fields}, *_ranks(name, [], want["owner_of"])]
    steps: list[dict] = []
    given = {key: want[key] for key in DETAILS if key in want}
    # OMERO has an empty detail as none
    if any((have.get(key) or "") != value for key, value in given.items()):
        steps.append({"do": "describe", "user": name, **given})
    more = [group for group in want["groups"] if group not in have["groups"]]
    less = [group for group in have["groups"] if group not in want["groups"]]
    # first in, then out: nobody may be without a group
    steps += [{"do": "join", "user": name, "groups": more}] if more else []
    steps += [{"do": "leave", "user": name, "groups": less}] if less else []
    if have["groups"][:1] != want["groups"][:1]:
        steps.append({"do": "default", "user": name, "group": want["groups"][0]})
    steps += _ranks(name, [group for group in have["owner_of"] if group not in less], want["owner_of"])
    return steps + (password(name, have, want["password"]) if want["password"] else [])


def password(name, have, wanted):
    """
    The step that gives a user, as :func:`current` has it, a password; none if it has it.
    """
    same = have["hash"] == omero_password.digest(wanted, have["id"])
    return [] if same else [{"do": "password", "user": name, "password": wanted}]


def move(name, have, action, groups, owner):
    """
    The steps by which a user, as :func:`current` has it, joins or leaves groups.

    :param action: join or leave
    :param owner: join: True makes it an owner as well; leave: True leaves the owners alone
    :raises AccountError: it would be in no group
    """
    if action == "join":
        new = [group for group in groups if group not in have["groups"]]
        joined = [{"do": "join", "user": name, "groups": new}] if new else []
        return joined + _ranks(name, have["owner_of"], [*have["owner_of"], *groups] if owner else have["owner_of"])
    if owner:
        return _ranks(name, have["owner_of"], [group for group in have["owner_of"] if group not in groups])
    gone = [group for group in have["groups"] if group in groups]
    if len(gone) == len(have["groups"]):
        raise AccountError(f"{name}: would be in no group without {', '.join(gone)}")
    return [{"do": "leave", "user": name, "groups": gone}] if gone else []


def _ranks(name, have, want):
    own = [{"do": "own", "user": name, "group": group} for group in want if group not in have]
    return own + [{"do": "disown", "user": name, "group": group} for group in have if group not in want]


def root(have, password):
    """
    The SQL that gives root its password, or None if it has it. OMERO itself offers no other way without the old one.
    """
    digest = omero_password.digest(password, ROOT["id"])
    if have["users"].get(ROOT["name"], {}).get("hash") == digest:
        return None
    return (
        f"insert into password (experimenter_id, hash) values ({ROOT['id']}, '{digest}')"
        " on conflict (experimenter_id) do update set hash = excluded.hash;\n"
    )


def changes(steps):
    """
    The ``changes`` of a state for some steps: ``{"group X": ..., "user Y": ...}``, without passwords.
    """
    found: dict = {}
    for step in steps:
        whose = f"user {step['user']}" if "user" in step else f"group {step['group']}"
        about = {key: value for key, value in step.items() if key not in ("do", "user", "password")}
        if whose.startswith("group"):
            about.pop("group")
        found.setdefault(whose, []).append({step["do"].replace("_", " "): about or "changed"})
    return found
