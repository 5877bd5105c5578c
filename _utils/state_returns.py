"""
What Salt's states return.
"""


def ret(name, result, comment, changes=None):
    """
    Return a state's answer, of exactly the four keys that Salt expects.

    :param result: True, False, or None in test mode for what would be changed
    :param changes: map, empty by default
    """
    return {"name": name, "result": result, "comment": comment, "changes": changes or {}}
