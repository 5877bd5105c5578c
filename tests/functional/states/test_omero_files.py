"""What is installed for OMERO, by Salt's real loaders, real archives, real virtual environments, real certificates."""

import getpass
import hashlib
import ssl
import sys
import zipfile

import pytest


def _archive(folder, text):
    path = folder / "OMERO.server-1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("OMERO.server-1/etc/omero.properties", text)
    return {"source": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "user": getpass.getuser()}


def _twice(apply, state, name, **arguments):
    """Apply as a user would: predicted, done as predicted, then nothing to do."""
    predicted = apply(state, name, test=True, **arguments)
    assert predicted["result"] is None, predicted
    ret = apply(state, name, **arguments)
    assert (ret["result"], ret["changes"]) == (True, predicted["changes"]), ret
    for test in (True, False):
        again = apply(state, name, test=test, **arguments)
        assert (again["result"], again["changes"]) == (True, {})
    return ret


def test_release(apply, tmp_path):
    folder = tmp_path / "OMERO.server-1"
    first = _archive(tmp_path, "one")
    assert _twice(apply, "omero_files.release", str(folder), **first)["changes"]["old"] is None
    assert folder.stat().st_mode & 0o777 == 0o750
    second = _archive(tmp_path, "two")
    ret = _twice(apply, "omero_files.release", str(folder), **second)
    assert ret["changes"] == {"old": first["sha256"], "new": second["sha256"]}
    assert (folder / "etc/omero.properties").read_text() == "two"


def test_release_is_predicted_where_its_user_is_not_there_yet(apply, tmp_path):
    given = {"source": "http://127.0.0.1:1/x.zip", "sha256": "0" * 64, "user": "no-such-user"}
    ret = apply("omero_files.release", str(tmp_path / "OMERO.server-1"), test=True, **given)
    assert ret["result"] is None


def test_release_of_another_digest_is_refused(apply, tmp_path):
    given = _archive(tmp_path, "one") | {"sha256": "0" * 64}
    ret = apply("omero_files.release", str(tmp_path / "OMERO.server-1"), **given)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert not (tmp_path / "OMERO.server-1").exists()


def test_venv(apply, tmp_path):
    folder = tmp_path / "venv3"
    folder.mkdir()
    (folder / "locked.txt").write_text("# none\n")
    (folder / "extra.txt").write_text("# nor here\n")
    given = {"python": sys.executable, "requirements": ["locked.txt", "extra.txt"]}
    _twice(apply, "omero_files.venv", str(folder), **given)
    assert (folder / "bin/pip").exists()
    # what could not be installed is tried again
    (folder / "extra.txt").write_text("/no/such/folder\n")
    for _ in range(2):
        ret = apply("omero_files.venv", str(folder), **given)
        assert (ret["result"], ret["changes"]) == (False, {})
        assert "pip failed" in ret["comment"]


@pytest.fixture
def certificate(apply, tmp_path):
    given = {"key": str(tmp_path / "server.key"), "host": "idr-test-omeroreadonly-1", "user": getpass.getuser()}

    def make(check=_twice, **more):
        return check(apply, "omero_files.certificate", str(tmp_path / "server.pem"), **(given | more))

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
