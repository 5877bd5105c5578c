"""OMERO's digests of passwords, as its table `password` holds them."""

import base64
import hashlib
import hmac
import struct


def digest(password, user_id=None):
    """Base64 of the MD5 of the password; salted with the user's id (8 bytes, big-endian, in front) where one is given.

    OMERO takes the password's ISO-8859-1 bytes; characters outside of it become question marks, as in Java.
    """
    data = password.encode("iso-8859-1", "replace")
    if user_id is not None:
        data = struct.pack(">q", user_id) + data
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def accepts(stored, password, user_id, password_required=True):
    """Whether `password` opens the account whose stored digest is `stored`.

    None is a locked account; an empty digest lets anybody in, but only where no password is required.
    """
    if stored is None:
        return False
    if not stored.strip():
        return not password_required
    return any(
        hmac.compare_digest(stored.encode(), known.encode()) for known in (digest(password, user_id), digest(password))
    )
