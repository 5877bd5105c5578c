"""Certificates from the pillar, and from an authority that speaks ACME (Debian's pebble, a test server for it)."""

import datetime
import ipaddress
import json
import os
import signal
import ssl
import subprocess

import pytest
import visiting
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from testbed.paths import CHECKOUT, GATEWAY

CERTBOT = ["/etc/letsencrypt", "/etc/nginx/tls/acme", "/etc/nginx/tls/temporary", "/var/lib/idr-acme"]


@pytest.fixture
def proxy(local):
    return local.host(visiting.PROXY)


def served():
    """The certificate that a visitor is shown."""
    return x509.load_pem_x509_certificate(ssl.get_server_certificate(("127.0.0.1", 8443), timeout=30).encode())


def self_signed(*subjects):
    """(key, certificate) as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subjects[0])])
    now = datetime.datetime.now(datetime.UTC)
    shown = [x509.DNSName(s) if s[0].isalpha() else x509.IPAddress(ipaddress.ip_address(s)) for s in subjects]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(shown), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def test_a_certificate_from_the_pillar(local, proxy):
    key, certificate = self_signed("given.example")
    before = served()
    tls = {"source": "pillar", "names": ["given.example"]}
    try:
        given = {"tls": tls, "secrets": {"tls": {"key": key, "certificate": certificate}}}
        states = visiting.apply(local, given)
        assert served() == x509.load_pem_x509_certificate(certificate.encode())
        assert "PRIVATE" not in json.dumps(states)
        assert not visiting.apply(local, given)["tls-certificate"]["changes"]
        # a key that does not belong to it is never installed
        other = {"tls": tls, "secrets": {"tls": {"key": self_signed("other.example")[0], "certificate": certificate}}}
        answer = local.salt(visiting.PROXY, "state.apply", "tls", f"pillar={json.dumps(other)}")[visiting.PROXY]
        assert "key values mismatch" in next(s["comment"] for s in answer.values() if s["__id__"] == "tls-certificate")
        assert proxy.run("nginx -t").succeeded
    finally:
        visiting.apply(local)
        proxy.run("rm -f /etc/nginx/tls/given.pem")
    assert served() == before


@pytest.fixture
def pebble(tmp_path):
    """An ACME server within the network; PEM of the certificate by which it is known."""
    key, certificate = self_signed(GATEWAY)
    for name, text in (("key", key), ("cert", certificate)):
        (tmp_path / name).write_text(text)
    settings = {
        "listenAddress": f"{GATEWAY}:14000",
        "managementListenAddress": f"{GATEWAY}:15000",
        "certificate": str(tmp_path / "cert"),
        "privateKey": str(tmp_path / "key"),
        "httpPort": 80,
        "tlsPort": 443,
    }
    (tmp_path / "config").write_text(json.dumps({"pebble": settings}))
    command = [CHECKOUT / "bin/local", "pebble", "-config", tmp_path / "config"]
    # It turns down one request in twenty, to try its clients; Debian's certbot then fails with an exception of its own.
    environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
    with (tmp_path / "log").open("w") as log:
        # bin/local stands before it in a session of their own
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        visiting.wait(lambda: "Listening on" in (tmp_path / "log").read_text(), 20)
        yield certificate
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def test_a_certificate_by_acme_and_its_renewal(local, proxy, pebble):
    before = served()
    acme = {"email": "root@idr-local.example", "directory": f"https://{GATEWAY}:14000/dir", "ca_bundle": pebble}
    tls = {"source": "acme", "names": [visiting.PROXY], "acme": acme}
    try:
        visiting.apply(local, {"tls": tls})
        first = served()
        assert "Pebble" in first.issuer.rfc4514_string()
        again = visiting.apply(local, {"tls": tls})
        assert not [name for name, state in again.items() if state["changes"]]
        assert proxy.service("certbot.timer").is_running
        assert proxy.service("certbot.timer").is_enabled
        # as the timer does it, but now
        bundle = "REQUESTS_CA_BUNDLE=/etc/letsencrypt/idr-ca.pem"
        assert bundle in proxy.run("systemctl show certbot -p Environment").stdout
        renewed = proxy.run(f"{bundle} certbot -q renew --force-renewal --no-random-sleep-on-renew")
        assert renewed.succeeded, renewed.stderr + proxy.run("tail -20 /var/log/letsencrypt/letsencrypt.log").stdout
        visiting.wait(lambda: served().serial_number != first.serial_number, 20)
        assert "Pebble" in served().issuer.rfc4514_string()
    finally:
        visiting.apply(local)
        proxy.run("apt-get purge -y -qq certbot && rm -rf " + " ".join(CERTBOT))
        proxy.run("rm -rf /etc/systemd/system/certbot.service.d && systemctl daemon-reload")
    assert served() == before
