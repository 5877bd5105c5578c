"""
State of OMERO.server's certificate: part of the state module ``omero``.
"""

import pwd

import key_file
import omero_certificate
from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

__virtualname__ = "omero"


def __virtual__():
    return __virtualname__


def certificate(name, key, host, user, days_valid=3650, days_remaining=90):
    """
    A certificate signed by its own key, both readable by a system user. Clients of OMERO do not verify it.

    :param name: path of the certificate, ``key`` of its private key
    :param host: the name that it is for
    :param days_valid: of a new one
    :param days_remaining: with fewer left it is made anew

    .. code-block:: yaml

        /opt/omero/server/certificates/server.pem:
          omero.certificate:
            - key: /opt/omero/server/certificates/server.key
            - host: idr-local-omeroreadwrite
            - user: omero-server
    """
    reason = omero_certificate.wrong(name, key, host, days_remaining)
    if reason is None:
        return _ret(name, True, "The certificate serves")
    if __opts__["test"]:
        return _ret(name, None, f"Would be made: {reason}", {name: reason})
    try:
        owner = pwd.getpwnam(user)
        text = __salt__["x509.create_private_key"](keysize=3072)
        key_file.write(key, text, 0o600, owner)
        made = __salt__["x509.create_certificate"](
            signing_private_key=key, CN=host, O="OMERO.server", subjectAltName=f"DNS:{host}", days_valid=days_valid
        )
        key_file.write(name, made, 0o644, owner)
    except (CommandExecutionError, KeyError, OSError) as exc:
        return _ret(name, False, str(exc))
    return _ret(name, True, f"Made: {reason}", {name: reason})
