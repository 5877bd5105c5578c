"""Keys of minions as a master keeps them."""

import pathlib

STATES = ("minions", "minions_pre", "minions_rejected", "minions_denied")
KEY = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"


def put(opts, *minion_ids, state="minions"):
    """Have the master know keys, by default as accepted ones."""
    for minion_id in minion_ids:
        pathlib.Path(opts["pki_dir"], state, minion_id).write_text(KEY)


def known(opts, state="minions"):
    """Ids of the keys in one of the states."""
    return sorted(path.name for path in pathlib.Path(opts["pki_dir"], state).iterdir())
