"""
What blkid and xfs_info print.
"""

import re

# XFS leaves a tail that is too small for an allocation group: less than this is not growth.
WORTH = 16 * 1024 * 1024

MAX_LABEL = 12
_LABEL = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_LABEL}}}")
_DATA = re.compile(r"^data\s+=\s+bsize=(\d+)\s+blocks=(\d+)", re.MULTILINE)


def check_label(label):
    """
    Return ``label`` if it can be the label of an XFS filesystem.

    :raises ValueError: it is longer than XFS allows, or of other characters than letters, digits and ``._-``.
    """
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        raise ValueError(f"label {label!r}: expected 1 to {MAX_LABEL} letters, digits or any of ._-")
    return label


def devices(text):
    """
    Parse the output of ``blkid -o export``.

    :returns: list of dictionaries, one a device
    """
    blocks = (block for block in text.split("\n\n") if block.strip())
    return [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]


def growth(device_bytes, xfs_info):
    """
    How many bytes of a device an XFS filesystem does not use yet; 0 if too few to matter.

    :param device_bytes: size of the device
    :param xfs_info: what ``xfs_info`` printed
    :raises ValueError: the text has no size of the data section.
    """
    match = _DATA.search(xfs_info)
    if not match:
        raise ValueError(f"xfs_info: expected a line 'data = bsize=... blocks=...', found {xfs_info!r}")
    spare = device_bytes - int(match[1]) * int(match[2])
    return spare if spare >= WORTH else 0
