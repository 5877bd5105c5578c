"""
Public keys for SSH, as Nova keeps them: with a comment, which carries the mark of ours.
"""

import base64
import binascii

import openstack_marks
from cloud_errors import CloudError


def parse(text):
    """
    The key alone.

    :param text: a line as in ``id_ed25519.pub``
    :returns: its type and its base64, with a blank between
    :raises CloudError: it is no such line; says nothing of it, as it may be a private key
    """
    words = text.split() if isinstance(text, str) and len(text.strip().splitlines()) == 1 else []
    if len(words) >= 2 and _inner(words[1]) == words[0]:
        return f"{words[0]} {words[1]}"
    raise CloudError("public_key: expected one line such as in id_ed25519.pub: type, base64, comment")


def _inner(encoded):
    """The type that is inside a key as well."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return None
    return raw[4 : 4 + int.from_bytes(raw[:4], "big")].decode("ascii", "replace")


def marked(text, owner):
    """
    The key with the mark of ``owner`` as its comment.

    :raises CloudError: as :func:`parse`
    """
    return f"{parse(text)} {openstack_marks.mark(owner)}"
