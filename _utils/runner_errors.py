"""
What runners return that did not do what they should.
"""


def failed(context, *lines):
    """
    Return the answer of a runner that failed, and have ``salt-run`` end with exit code 1.

    :param context: the runner's ``__context__``, which orchestrations look at; the command looks at the answer
    :param lines: what is wrong
    """
    context["retcode"] = 1
    return {"errors": list(lines), "retcode": 1}


def answered(answer):
    """
    Return what another runner returned.

    :raises ValueError: it says what went wrong
    """
    if answer.get("errors"):
        raise ValueError("; ".join(map(str, answer["errors"])))
    return answer


def options(function, given, required=(), optional=()):
    """
    Return the arguments of a runner that Python has no name for, such as ``from``.

    :param given: ``**kwargs``; what Salt itself adds to them is dropped
    :raises ValueError: one is unknown or missing
    """
    found = {key: value for key, value in given.items() if not key.startswith("__")}
    known = (*required, *optional)
    for key in sorted(found):
        if key not in known:
            raise ValueError(f"{function}: unknown argument {key}, expected {', '.join(known)}")
    for key in required:
        if not isinstance(found.get(key), str) or not found[key]:
            raise ValueError(f"{function}: expected the argument {key}, a name")
    return found
