"""
SCRAM-SHA-256 verifiers as PostgreSQL keeps them (RFC 5802, RFC 7677).

A verifier made here goes to the server in the password's place, so that the password itself is in no statement
and no server log.
"""

import base64
import hashlib
import hmac
import os
import re

ITERATIONS = 4096

_VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)")


def verifier(password, salt=None, iterations=ITERATIONS):
    """
    Make a verifier.

    :param password: ASCII text (other text would need SASLprep, which is not done here)
    :param salt: bytes, random by default
    :returns: ``SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>``
    :raises ValueError: the password is empty or not ASCII.
    """
    if not password or not password.isascii():
        raise ValueError("password: expected ASCII text that is not empty")
    salt = os.urandom(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(_mac(salted, b"Client Key")).digest()
    server = _mac(salted, b"Server Key")
    return f"SCRAM-SHA-256${iterations}:{_text(salt)}${_text(stored)}:{_text(server)}"


def matches(password, known):
    """
    Tell whether a verifier was made of a password; False for anything that is no verifier.
    """
    match = _VERIFIER.fullmatch(known or "")
    if not match:
        return False
    made = verifier(password, base64.b64decode(match[2]), int(match[1]))
    return hmac.compare_digest(made, known)


def _mac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def _text(value):
    return base64.b64encode(value).decode()
