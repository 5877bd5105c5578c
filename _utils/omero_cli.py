"""Reading what the `omero` command prints, and writing what it reads."""

import json
import shlex


def rows(output):
    """
    The rows of a listing made with ``--style json``, among the command's other lines.

    :returns: list of maps from heading to text
    :raises ValueError: there is no listing in the output.
    """
    lines = output.splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("[")]
    for start in starts:
        for end in range(start, len(lines)):
            if lines[end].endswith("]"):
                return json.loads("\n".join(lines[start : end + 1]))
    raise ValueError("the omero command printed no listing")


def line(*words):
    """
    One line of a .omero file.
    """
    return shlex.join(str(word) for word in words) + "\n"


def user_of(listing, name):
    """
    A user of ``omero user list --long --style json``, or None.

    :returns: ``{"id": int, "name": str, "active": bool, "admin": bool, "groups": [int, ...]}``
    """
    for row in listing:
        if row["login"] == name:
            groups = f"{row['member of']},{row['owner of']}".split(",")
            return {
                "id": int(row["id"]),
                "name": name,
                "active": row["active"] == "Yes",
                "admin": row["admin"] == "Yes",
                "groups": sorted({int(group) for group in groups if group.strip()}),
            }
    return None


def group_of(listing, name):
    """
    A group of ``omero group list --style json``, or None.

    :returns: ``{"id": int, "name": str, "perms": str}``, perms such as ``rwr---``
    """
    for row in listing:
        if row["name"] == name:
            return {"id": int(row["id"]), "name": name, "perms": row["perms"]}
    return None
