"""
What an OMERO.server has in its data folder.
"""

import os
import pathlib

# Where uploads, pixels, attachments and the marks of the database are that they belong to.
_PARTS = (".omero", "Files", "ManagedRepository", "Pixels")


def first(data):
    """
    A file of the repository in a data folder, by which one can tell that it is somebody's.

    :param data: path of the folder
    :returns: path of one file; None where there are no more than folders, or not even these
    """
    for part in _PARTS:
        for folder, _, names in os.walk(pathlib.Path(data, part)):
            if names:
                return str(pathlib.Path(folder, min(names)))
    return None
