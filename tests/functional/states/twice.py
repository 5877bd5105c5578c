"""What every state has to stand."""


def twice(apply, state, name, **arguments):
    """Apply as a user would: predicted, done as predicted, then nothing to do."""
    predicted = apply(state, name, test=True, **arguments)
    assert predicted["result"] is None, predicted
    ret = apply(state, name, **arguments)
    assert (ret["result"], ret["changes"]) == (True, predicted["changes"]), ret
    for test in (True, False):
        again = apply(state, name, test=test, **arguments)
        assert (again["result"], again["changes"]) == (True, {}), again
    return ret
