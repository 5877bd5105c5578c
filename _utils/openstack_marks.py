"""
The mark by which our own in a cloud are known: the end of their description, which is given in the request that makes
them, so that there is no moment in which one of ours has none.

What has no description is known otherwise: a key pair by the comment of its public key, a server group by its name,
which begins with that of its environment.
"""

import re

import idr_ids
from cloud_errors import CloudError

_OWNER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 255


def check(name, owner):
    """
    :raises CloudError: they cannot be the name of something in a cloud, and of an environment
    """
    if not isinstance(name, str) or not name.strip() or len(description(name, owner)) > _LONGEST:
        raise CloudError(f"name: expected a text that leaves room for its owner's mark, found {name!r}")
    if not isinstance(owner, str) or not _OWNER.fullmatch(owner):
        raise CloudError(f"owner: expected lower-case words joined by dashes, such as idr-prod, found {owner!r}")


def mark(owner):
    """
    The mark of an environment.
    """
    return f"[idr-salt:{owner}]"


def description(name, owner):
    """
    The description of what is called ``name`` and belongs to ``owner``.
    """
    return f"{name} {mark(owner)}"


def ours(description, owner):
    """
    Whether a description, or the comment of a key, ends with the mark of ``owner``.
    """
    return isinstance(description, str) and description.endswith(mark(owner))


def own_group(name, owner):
    """
    Whether a server group, by its name, is that of a role of ``owner``: ``<owner>-<role>``.
    """
    try:
        parsed = idr_ids.parse(name)
    except ValueError:
        return False
    return parsed["environment"] == owner and parsed["number"] is None


def refusal(kind, name, owner, what, where="description"):
    """
    Return the error for what would have to be done to something that is not ours.

    :param what: what is not done, such as "changed"
    :param where: what ends with the mark of ours
    """
    return CloudError(
        f"{kind} {name} is not {what}, because its {where} does not end with {mark(owner)}: give it this end to hand "
        "it over, or choose another name"
    )
