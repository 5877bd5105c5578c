"""
Files of the master that are whole or not there.
"""

import contextlib
import json
import os
import pathlib
import tempfile


def replace_json(path, data):
    """
    Replace a file with data as JSON, whole or not at all. It and a folder that is made for it are for root alone.

    :raises OSError: it cannot be written; the old one is as it was
    """
    replace_text(path, json.dumps(data, indent=2, sort_keys=True) + "\n")


def replace_text(path, text, mode=0o600):
    """
    Replace a text file, whole or not at all. A folder that is made for it is for root alone.

    :raises OSError: it cannot be written; the old one is as it was
    """
    path = pathlib.Path(path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        pathlib.Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            pathlib.Path(temporary).unlink()
        raise


def read_json(path, kind=dict):
    """
    The data of such a file, or None without one.

    :param kind: type that it must have
    :raises ValueError: it is no JSON, or of another type
    """
    path = pathlib.Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as exc:
        raise ValueError(f"{path}: {exc}") from None
    if not isinstance(data, kind):
        raise ValueError(f"{path}: expected {kind.__name__}, found {type(data).__name__}")
    return data
