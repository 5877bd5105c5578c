"""omero_certificate.facts and fits, on certificates that openssl makes."""

import shlex
import subprocess

import omero_certificate
import pytest


@pytest.fixture
def made(tmp_path):
    words = shlex.split("req -x509 -newkey rsa:2048 -nodes -keyout key -out pem -days 10 -subj /O=Lab/CN=host")
    subprocess.run(
        ["openssl", *words, "-addext", "subjectAltName=DNS:b,DNS:a"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    return tmp_path


def test_facts(made):
    found = omero_certificate.facts(made / "pem")
    told = subprocess.run(
        ["openssl", "x509", "-in", made / "pem", "-noout", "-fingerprint", "-sha256"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert found["sha256"] == told.stdout.split("=")[1].strip().replace(":", "").lower()
    assert found["subject"] == found["issuer"] == "organizationName=Lab, commonName=host"
    assert found["names"] == ["a", "b"]
    assert found["days_left"] in (9, 10)
    assert found["begins"] < found["ends"]


@pytest.mark.parametrize(
    "text", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate(tmp_path, text):
    path = tmp_path / "pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=f"{path}: a certificate in PEM was expected"):
        omero_certificate.facts(path)


def test_keys_that_fit(made, tmp_path):
    assert omero_certificate.fits(made / "pem", made / "key")
    assert not omero_certificate.fits(made / "pem", made / "none")
    locked = tmp_path / "locked"
    subprocess.run(
        ["openssl", "rsa", "-aes256", "-passout", "pass:x", "-in", made / "key", "-out", locked],
        check=True,
        capture_output=True,
    )
    # never asks for its password
    assert not omero_certificate.fits(made / "pem", locked)
