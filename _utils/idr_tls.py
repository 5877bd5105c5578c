"""
Whether the certificate of a site still serves, which is asked often; to make one takes more, and is done seldom.
"""

import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization


def due(certificate, key, authority, names, days):
    """
    Why a certificate has to be made anew, or None.

    :param certificate: path of a PEM file, ``key`` the path of its private key, ``authority`` that of who signed it
    :param names: DNS names and addresses that it must have, and no others; none for an authority's own
    :param days: for which it must still be valid
    """
    try:
        found, signer = _certificate(certificate), _certificate(authority)
        private = _private(key)
        found.verify_directly_issued_by(signer)
        shown = _names(found)
    except FileNotFoundError as exc:
        return f"{exc.filename} is missing"
    except (OSError, TypeError, ValueError) as exc:
        return f"it cannot be used: {exc}"
    except InvalidSignature:
        return not_signed(authority)
    if private.public_key() != found.public_key():
        return f"{key} is not its key"
    if shown != set(names):
        return f"it is for {', '.join(sorted(shown)) or 'nobody'}"
    left = found.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    return None if left >= datetime.timedelta(days=days) else f"it ends in {left.days} days"


def not_signed(authority):
    """
    Return the reason that :func:`due` has for a certificate of another authority.
    """
    return f"it is not signed by {authority}"


def belongs(certificate, key):
    """
    Return whether a certificate and a private key can both be read and are of one pair.
    """
    try:
        return _private(key).public_key() == _certificate(certificate).public_key()
    except (OSError, TypeError, ValueError):
        return False


def usable(key):
    """
    Return whether the file of a private key is there and can be read without a password.
    """
    try:
        _private(key)
    except (OSError, TypeError, ValueError):
        return False
    return True


def _private(path):
    with open(path, "rb") as stream:
        return serialization.load_pem_private_key(stream.read(), password=None)


def _certificate(path):
    with open(path, "rb") as stream:
        return x509.load_pem_x509_certificate(stream.read())


def _names(certificate):
    try:
        subject = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {str(name.value) for name in subject}
