"""What a certificate file says, and whether it still serves, by what Python brings: nothing is loaded or started."""

import _ssl
import hashlib
import pathlib
import ssl
import time

DAY = 86400


def wrong(certificate, key, name, days):
    """
    Why a certificate has to be made anew, or None.

    :param certificate: path of a PEM file, ``key`` the path of its private key
    :param name: the host's name that it must have
    :param days: for which it must still be valid
    """
    try:
        # proves that the two belong together
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        # not public, but what ssl's own tests read certificates with
        found = _ssl._test_decode_cert(certificate)  # type: ignore[attr-defined]
    except FileNotFoundError:
        return "there is none"
    except (OSError, ssl.SSLError) as exc:
        return f"it cannot be read: {exc}"
    names = [value for kind, value in found.get("subjectAltName", ()) if kind == "DNS"]
    if name not in names:
        return f"it is for {', '.join(names) or 'nobody'}"
    left = (ssl.cert_time_to_seconds(found["notAfter"]) - time.time()) / DAY
    return None if left >= days else f"it ends in {left:.0f} days"


def fits(certificate, key):
    """
    Return whether a private key is there, can be read, and belongs to a certificate.
    """
    try:
        # with no password an encrypted key would have Python ask at a terminal
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")  # noqa: S106
    except (OSError, ssl.SSLError):
        return False
    return True


def facts(path):
    """
    What a certificate file says.

    :param path: of a PEM file, whose first certificate is read
    :returns: ``{"subject", "issuer", "names": [str], "begins", "ends": ISO 8601, "days_left": int, "sha256": its
        fingerprint}``
    :raises ValueError: there is none, or it cannot be read
    """

    def name(parts):
        return ", ".join(f"{key}={value}" for part in parts for key, value in part)

    def instant(text):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ssl.cert_time_to_seconds(text)))

    try:
        found = _ssl._test_decode_cert(str(path))  # type: ignore[attr-defined]
        text = pathlib.Path(path).read_text(encoding="ascii")
        first = text[text.index(ssl.PEM_HEADER) : text.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)]
    except (OSError, ssl.SSLError, ValueError) as error:
        raise ValueError(f"{path}: a certificate in PEM was expected: {error}") from None
    return {
        "subject": name(found["subject"]),
        "issuer": name(found["issuer"]),
        "names": sorted(value for kind, value in found.get("subjectAltName", ()) if kind == "DNS"),
        "begins": instant(found["notBefore"]),
        "ends": instant(found["notAfter"]),
        "days_left": int((ssl.cert_time_to_seconds(found["notAfter"]) - time.time()) // DAY),
        "sha256": hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest(),
    }
