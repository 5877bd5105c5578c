"""Test double of Salt's mine, for rendering without a master: it knows what the test's options say."""

import re


def get(tgt, fun, tgt_type="glob"):
    """Data of the minions that a ``pcre`` target matches."""
    if tgt_type != "pcre":
        raise AssertionError(f"only exact patterns keep environments apart, found {tgt_type} {tgt}")
    known = __opts__["test_mine"].get(fun, {})
    return {minion: data for minion, data in known.items() if re.match(tgt, minion)}


def update():
    """Nothing to do: the data are there."""
    return True
