"""
Certificates of two hosts that know one secret in common, and nobody else.

The authority's key follows from the secret, so each host signs its own certificate and knows the other's without a
file that goes from one to the other. Whoever has one of the two hosts can pretend to be the other, but only to that
host itself: each lets in the other one alone.
"""

import datetime
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# Of hosts whose clocks differ.
_EARLIER = datetime.timedelta(days=1)


def authority(secret):
    """
    The private key of the authority that follows from a secret.

    :param secret: at least 16 characters
    :raises ValueError: it is none
    """
    if not isinstance(secret, str) or len(secret) < 16:
        raise ValueError("expected a secret of at least 16 characters")
    number = int.from_bytes(hashlib.sha512(b"idr-salt pgbackrest " + secret.encode()).digest(), "big")
    return ec.derive_private_key(number % (_ORDER - 1) + 1, _CURVE)


def is_of(certificate, secret):
    """
    Whether a certificate, as PEM, has the key of the authority of a secret.
    """
    try:
        found = x509.load_pem_x509_certificate(certificate)
    except ValueError:
        return False
    return found.public_key() == authority(secret).public_key()


def made(secret, environment, names, days, now=None):
    """
    A new key and certificate of a host, and the authority's certificate.

    :param environment: for the authority's name
    :param names: of the host; the first is its common name
    :param days: for which they are valid
    :returns: ``{"ca.pem": bytes, "certificate.pem": bytes, "key.pem": bytes}``
    """
    now = now or datetime.datetime.now(datetime.UTC)
    signer, key = authority(secret), ec.generate_private_key(_CURVE)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{environment} backups")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    own = _builder(issuer, issuer, signer, days, now).add_extension(x509.BasicConstraints(True, 0), critical=True)
    host = _builder(subject, issuer, key, days, now).add_extension(x509.BasicConstraints(False, None), critical=True)
    host = host.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    host = host.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    pem = serialization.Encoding.PEM
    return {
        "ca.pem": own.sign(signer, hashes.SHA256()).public_bytes(pem),
        "certificate.pem": host.sign(signer, hashes.SHA256()).public_bytes(pem),
        "key.pem": key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    }


def _builder(subject, issuer, key, days, now):
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + datetime.timedelta(days=days))
    )
