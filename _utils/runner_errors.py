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
