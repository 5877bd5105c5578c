"""omero.certificate by Salt's real loaders and real certificates."""

import getpass
import ssl

import pytest
from twice import twice


@pytest.fixture
def certificate(apply, tmp_path):
    given = {"key": str(tmp_path / "server.key"), "host": "idr-test-omeroreadonly-1", "user": getpass.getuser()}

    def make(check=twice, **more):
        return check(apply, "omero.certificate", str(tmp_path / "server.pem"), **(given | more))

    return make


def test_certificate(certificate, tmp_path):
    certificate()
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    assert (tmp_path / "server.key").stat().st_mode & 0o777 == 0o600
    first = (tmp_path / "server.pem").read_text()
    certificate(host="another")
    assert (tmp_path / "server.pem").read_text() != first


@pytest.mark.parametrize("damage", ["key", "pem"])
def test_certificate_that_does_not_serve_is_made_anew(certificate, tmp_path, damage):
    certificate()
    (tmp_path / f"server.{damage}").write_text("x")
    assert "cannot be read" in certificate()["comment"]


def test_certificate_is_made_anew_before_it_ends(certificate):
    certificate(days_valid=30, days_remaining=10)
    assert "it ends in 30 days" in certificate(days_valid=3650, days_remaining=90)["comment"]
