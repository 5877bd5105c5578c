import datetime
import ipaddress

import idr_tls
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NAMES = ["a.example", "127.0.0.1"]


def make(folder, name, signer=None, names=(), days=90):
    """Write a key and a certificate; returns both."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuer_key, issuer = (signer[0], signer[1].subject) if signer else (key, subject)
    now = datetime.datetime.now(datetime.UTC)
    ends = now + datetime.timedelta(days=days, minutes=-1)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), now, ends)
    if names:
        shown = [x509.DNSName(n) if n[0].isalpha() else x509.IPAddress(ipaddress.ip_address(n)) for n in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(shown), critical=False)
    certificate = builder.sign(issuer_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{name}.key").write_bytes(key.private_bytes(pem, *plain))
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem))
    return key, certificate


@pytest.fixture
def authority(tmp_path):
    return make(tmp_path, "ca", days=3650)


@pytest.fixture
def due(tmp_path, authority):
    def due(names=NAMES, days=30, key="site"):
        files = [tmp_path / "site.pem", tmp_path / f"{key}.key", tmp_path / "ca.pem"]
        return idr_tls.due(*map(str, files), names, days)

    return due


def test_a_good_one_serves(due, tmp_path, authority):
    make(tmp_path, "site", authority, NAMES)
    assert due() is None
    assert due(names=NAMES[::-1], days=89) is None


def test_an_authority_serves_without_a_name(tmp_path, authority):
    own = [str(tmp_path / name) for name in ("ca.pem", "ca.key", "ca.pem")]
    assert idr_tls.due(*own, [], 900) is None
    assert "ends in 3649 days" in idr_tls.due(*own, [], 3650)


def test_reasons(due, tmp_path, authority):
    assert "site.pem is missing" in due()
    make(tmp_path, "site", authority, NAMES)
    assert due(days=90) == "it ends in 89 days"
    assert due(names=["b.example"]) == "it is for 127.0.0.1, a.example"
    assert "ca.key is not its key" in due(key="ca")
    (tmp_path / "site.key").write_text("")
    assert "cannot be used" in due()


def test_one_of_another_authority_does_not_serve(due, tmp_path, authority):
    (tmp_path / "other").mkdir()
    make(tmp_path, "site", make(tmp_path / "other", "ca"), NAMES)
    assert "is not signed by" in due()
    make(tmp_path, "site", make(tmp_path / "other", "other"), NAMES)
    assert "cannot be used" in due()
