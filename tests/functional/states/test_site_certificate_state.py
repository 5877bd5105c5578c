"""site_certificate by Salt's real loaders and real certificates."""

import ssl

import pytest
from twice import twice

HOSTS = ["idr.example", "127.0.0.1"]


@pytest.fixture
def authority(apply, tmp_path):
    def make(**more):
        given = {"key": str(tmp_path / "ca.key"), "common_name": "idr-test local CA"}
        return twice(apply, "site_certificate.authority", str(tmp_path / "ca.pem"), **(given | more))

    return make


@pytest.fixture
def issued(apply, tmp_path):
    given = {
        "key": str(tmp_path / "site.key"),
        "authority": str(tmp_path / "ca.pem"),
        "authority_key": str(tmp_path / "ca.key"),
        "hosts": HOSTS,
        "days_valid": 90,
        "days_remaining": 30,
    }

    def make(check=twice, **more):
        return check(apply, "site_certificate.issued", str(tmp_path / "site.pem"), **(given | more))

    return make


def _handshake(tmp_path, host):
    """A client that knows the authority alone speaks to a server that has the certificate."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "site.pem", tmp_path / "site.key")
    visiting = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    client = visiting.wrap_bio(to_client, to_server, server_hostname=host)
    for _ in range(3):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return client.version()


def test_certificate_of_an_own_authority_is_believed(authority, issued, tmp_path):
    authority()
    issued()
    for host in HOSTS:
        assert _handshake(tmp_path, host) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(tmp_path, "other.example")
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {
        "ca.key": "0o600",
        "ca.pem": "0o644",
        "site.key": "0o600",
        "site.pem": "0o644",
    }


def test_a_renewal_keeps_the_keys(authority, issued, tmp_path):
    authority(days_valid=950)
    issued(days_valid=40)
    keys = [(tmp_path / name).read_text() for name in ("ca.key", "site.key")]
    assert "it ends in 39 days" in issued(days_remaining=60)["comment"]
    assert "it ends in 949 days" in authority(days_remaining=1000)["comment"]
    assert [(tmp_path / name).read_text() for name in ("ca.key", "site.key")] == keys
    # who trusts the authority by its old certificate does so by its key, and the site's own still serves
    assert issued(lambda apply, state, name, **more: apply(state, name, **more))["changes"] == {}
    assert _handshake(tmp_path, HOSTS[0])


@pytest.mark.parametrize("damaged", ["ca.key", "ca.pem", "site.key", "site.pem"])
def test_what_is_damaged_is_made_anew(apply, authority, issued, tmp_path, damaged):
    authority()
    issued()
    (tmp_path / damaged).write_text("x")
    if damaged.startswith("ca"):
        predicted = issued(lambda apply, state, name, **more: apply(state, name, test=True, **more))
        assert predicted["result"] is None
        authority()
    if damaged != "ca.pem":
        issued()
    assert _handshake(tmp_path, HOSTS[0])


def test_other_names_need_another_certificate(authority, issued, tmp_path):
    authority()
    issued()
    assert "it is for 127.0.0.1, idr.example" in issued(hosts=["new.example"])["comment"]
    assert _handshake(tmp_path, "new.example")


def test_temporary_certificate_is_its_own_authority(apply, tmp_path):
    path, key = tmp_path / "fullchain.pem", tmp_path / "privkey.pem"
    twice(apply, "site_certificate.temporary", str(path), key=str(key), hosts=HOSTS)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, key)


def test_what_cannot_be_written_is_an_error_that_names_it(apply, tmp_path):
    ret = apply("site_certificate.temporary", str(tmp_path / "no/a.pem"), key=str(tmp_path / "no/a.key"), hosts=HOSTS)
    assert ret["result"] is False
    assert str(tmp_path / "no/a.pem") in ret["comment"]
