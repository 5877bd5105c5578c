"""Two hosts that know one secret make certificates that each other trusts."""

import datetime

import idr_backup_tls
import idr_tls
import pytest
from cryptography import x509

SECRET = "x" * 48


def _write(folder, made):
    folder.mkdir(exist_ok=True)
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return [str(folder / name) for name in ("certificate.pem", "key.pem", "ca.pem")]


def test_each_host_knows_the_other_one_s_certificate(tmp_path):
    one = _write(tmp_path / "one", idr_backup_tls.made(SECRET, "idr-x", ["idr-x-database"], 100))
    two = _write(tmp_path / "two", idr_backup_tls.made(SECRET, "idr-x", ["idr-x-management"], 100))
    assert idr_tls.due(one[0], one[1], two[2], ["idr-x-database"], 99) is None
    assert idr_tls.due(two[0], two[1], one[2], ["idr-x-management"], 99) is None
    assert "ends in" in idr_tls.due(*two, ["idr-x-management"], 101)


def test_another_secret_is_another_authority(tmp_path):
    made = idr_backup_tls.made(SECRET, "idr-x", ["idr-x-database"], 100)
    other = _write(tmp_path / "two", idr_backup_tls.made("y" * 48, "idr-x", ["idr-x-management"], 100))
    one = _write(tmp_path / "one", made)
    assert "not signed by" in idr_tls.due(one[0], one[1], other[2], ["idr-x-database"], 1)
    assert idr_backup_tls.is_of(made["ca.pem"], SECRET)
    assert not idr_backup_tls.is_of(made["ca.pem"], "y" * 48)
    assert not idr_backup_tls.is_of(b"no certificate", SECRET)


def test_clocks_may_differ():
    now = datetime.datetime(2026, 1, 31, tzinfo=datetime.UTC)
    made = idr_backup_tls.made(SECRET, "idr-x", ["idr-x-database"], 10, now)
    found = x509.load_pem_x509_certificate(made["certificate.pem"])
    assert found.not_valid_before_utc < now - datetime.timedelta(hours=12)
    assert SECRET.encode() not in made["key.pem"] + made["ca.pem"]


@pytest.mark.parametrize("secret", ["", "short", None])
def test_what_is_no_secret(secret):
    with pytest.raises(ValueError, match="at least 16"):
        idr_backup_tls.authority(secret)
