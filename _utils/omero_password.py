"""OMERO's password digests, so that a password need not be given to a command to be hashed."""

import base64
import hashlib
import struct


class PasswordError(ValueError):
    """A password, or an SQL script, in which a digest cannot be put. Never holds the password."""


def digest(password, user_id):
    """Return the salted digest that OMERO keeps in its table ``password`` for the user's number `user_id`.

    It is OMERO's: base64 of the MD5 of the number as eight bytes, then the password in Latin-1.
    """
    if not password or not password.strip():
        raise PasswordError("an empty password was given: OMERO would let anyone in")
    try:
        salted = struct.pack(">q", user_id) + password.encode("latin-1")
    except UnicodeEncodeError:
        raise PasswordError("OMERO passwords can only have characters of Latin-1") from None
    return base64.b64encode(hashlib.md5(salted, usedforsecurity=False).digest()).decode()


def replace(script, throwaway, password, user_id=0):
    """Return the SQL of `omero db script`, made with the password `throwaway`, for `password` instead.

    `omero db script` hands the password to another command's arguments, which every user of the host can
    read. So it gets one that is worth nothing. That its digest is found exactly once proves that the
    release hashes passwords as `digest` does; otherwise PasswordError is raised.
    """
    old, new = digest(throwaway, user_id), digest(password, user_id)
    if script.count(old) != 1:
        raise PasswordError(
            f"the release's SQL was expected to hold the password's digest once, found {script.count(old)} times:"
            " does this release hash passwords in another way?"
        )
    return script.replace(old, new)
