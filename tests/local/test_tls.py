"""HTTPS of the front end: protocols, certificate, its renewal before it ends, and certificates from elsewhere."""

import contextlib
import datetime
import socket
import ssl
import threading
import time

import pytest
import visiting
from cryptography import x509

NAMES = {visiting.PROXY, "localhost", "127.0.0.1"}
OLD = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1]
NEW = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(scope="module")
def proxy(local):
    return local.host(visiting.PROXY)


@pytest.fixture
def authority(proxy):
    return proxy.file("/etc/ssl/idr-ca/ca.pem").content_string


def handshake(context, name="localhost"):
    with (
        socket.create_connection(("127.0.0.1", 8443), 30) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        return secure.version(), secure.selected_alpn_protocol(), secure.getpeercert(binary_form=True)


def trusting(authority, version=None):
    context = ssl.create_default_context(cadata=authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def served(authority=None):
    """The certificate that a visitor is shown."""
    context = trusting(authority) if authority else ssl._create_unverified_context()
    return x509.load_der_x509_certificate(handshake(context)[2])


def names(certificate):
    subject = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in subject}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", OLD)
def test_no_protocol_below_1_2(version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    # or this side would refuse to try
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with pytest.raises(ssl.SSLError, match="TLSV1_ALERT_PROTOCOL_VERSION"):
        handshake(context)


@pytest.mark.parametrize("version", NEW)
def test_newer_ones_speak_http_2(authority, version):
    spoken, application, _ = handshake(trusting(authority, version))
    assert (spoken, application) == (version.name.replace("_", ".").replace("TLSv1.", "TLSv1."), "h2")


def test_a_page_comes_by_http_2(local, proxy, authority):
    done = local.run(
        "curl", "-s", "--cacert", "/dev/stdin", "-o", "/dev/null", "-w", "%{http_version} %{http_code}",
        f"https://{visiting.PROXY}/", stdin=None, input=authority,
    )  # fmt: skip
    assert done.stdout == "2 200", done.stderr


@pytest.mark.parametrize("name", sorted(NAMES))
def test_certificate_is_for_these_names_and_signed_by_the_authority(authority, name):
    # Python's own check of chain and name
    handshake(trusting(authority), name)
    assert names(served(authority)) == NAMES


def test_another_name_is_refused_by_the_client(authority):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(trusting(authority), "other.example")


def test_authority_may_sign_and_the_certificate_may_not(authority):
    signer = x509.load_pem_x509_certificate(authority.encode())
    for certificate, may in ((signer, True), (served(), False)):
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert (constraints.critical, constraints.value.ca) == (True, may)


def test_keys_are_roots_alone(proxy):
    for path in ("/etc/ssl/idr-ca/ca.key", "/etc/nginx/tls/site.key"):
        assert (proxy.file(path).user, proxy.file(path).mode) == ("root", 0o600)


@contextlib.contextmanager
def visitors(authority):
    """New visitors all the time; the list is what went wrong with them."""
    wrong, ended = [], threading.Event()

    def visit():
        while not ended.is_set():
            try:
                context = ssl.create_default_context(cadata=authority)
                with (
                    socket.create_connection(("127.0.0.1", 8443), 30) as plain,
                    context.wrap_socket(plain, server_hostname="localhost") as secure,
                ):
                    secure.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    answer = b"".join(iter(lambda: secure.recv(65536), b""))
                    if not answer.startswith(b"HTTP/1.1 200 "):
                        wrong.append(answer[:60])
            except OSError as error:
                wrong.append(repr(error))
            ended.wait(0.05)

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        yield wrong
    finally:
        ended.set()
        thread.join()


def test_certificate_is_renewed_before_it_ends_and_nobody_notices(local, authority):
    before = served(authority)
    left = before.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(days=29) < left <= datetime.timedelta(days=90)
    assert not visiting.apply(local, sls="tls")["tls-certificate"]["changes"]
    # due when fewer days are left than that
    with visitors(authority) as wrong:
        states = visiting.apply(local, {"tls": {"days_remaining": 90}}, "tls")
        time.sleep(2)
    assert states["tls-certificate"]["changes"]
    assert states["nginx-service"]["comment"] == "Service reloaded"
    assert wrong == []
    after = served(authority)
    assert after.serial_number != before.serial_number
    assert after.not_valid_after_utc > before.not_valid_after_utc
    assert not visiting.apply(local, sls="tls")["tls-certificate"]["changes"]
