"""
The mine as the master keeps it.
"""

import salt.cache
import salt.utils.mine

_BANK = "mine"


def said(opts, host, alias):
    """
    What a host said under an alias, or None.

    :param opts: options of the master
    """
    entry = (salt.cache.factory(opts).fetch(_BANK, host) or {}).get(alias)
    # With an allow_tgt the mine keeps it beside the data.
    return entry.get(salt.utils.mine.MINE_ITEM_ACL_DATA) if isinstance(entry, dict) else entry


def address(opts, host):
    """
    The first address of a host in its environment's network, or None.
    """
    return next(iter(said(opts, host, "address") or []), None)


def serving(opts, host):
    """
    Whether a host says that it may have visitors.
    """
    return bool(said(opts, host, "serving"))


def withdraw(opts, host):
    """
    Forget that a host may have visitors, until it says so again.

    :returns: whether it had said so
    """
    cache = salt.cache.factory(opts)
    known = cache.fetch(_BANK, host) or {}
    if "serving" not in known:
        return False
    was = serving(opts, host)
    cache.store(_BANK, host, {alias: data for alias, data in known.items() if alias != "serving"})
    return was


def forget(opts, host):
    """
    Forget all that a host said.
    """
    salt.cache.factory(opts).flush(_BANK, host)
