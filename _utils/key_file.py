"""
Files of keys and certificates, which are whole at any instant and never readable by more than they should be.
"""

import os
import pathlib


def write(path, text, mode, owner=None):
    """
    Replace a file; it has its owner and mode before it has its content.

    :param path: of the file, in a folder that is there
    :param mode: such as ``0o600``
    :param owner: entry of :mod:`pwd`; whoever calls, by default
    :raises OSError: it cannot be written; what was there is as it was
    """
    fresh = f"{path}.new"
    pathlib.Path(fresh).unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        if owner:
            os.chown(fresh, owner.pw_uid, owner.pw_gid)
        os.chmod(fresh, mode)
        file.write(text)
    os.replace(fresh, path)
