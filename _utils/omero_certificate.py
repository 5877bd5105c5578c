"""Whether a certificate file still serves, by what Python itself brings: nothing has to be loaded or started."""

import _ssl
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
