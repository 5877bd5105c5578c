"""
Certificates of a site from an authority of its own, and one that stands in until another authority has issued.

Salt's ``x509`` states run others within them and ask the master for the whole pillar each time, so that a busy master
makes them fail; these write their files themselves. A key that serves is kept when its certificate is renewed.
"""

import idr_proxy
import idr_tls
import key_file
from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

CURVES = {"authority": 384, "site": 256}
# days; longer than any certificate that it signs
AUTHORITY_REMAINING = 900
AUTHORITY_VALID = 3650


def authority(name, key, common_name, days_valid=AUTHORITY_VALID, days_remaining=AUTHORITY_REMAINING):
    """
    The certificate of an authority, signed by its own key.

    :param name: path of the certificate, ``key`` that of its private key, which root alone can read
    :param common_name: its subject's CN
    :param days_valid: of a new one
    :param days_remaining: with fewer left it is made anew

    .. code-block:: yaml

        /etc/ssl/idr-ca/ca.pem:
          site_certificate.authority:
            - key: /etc/ssl/idr-ca/ca.key
            - common_name: idr-local local CA
    """
    reason = idr_tls.due(name, key, name, [], days_remaining)
    arguments = {
        "signing_private_key": key,
        "CN": common_name,
        "basicConstraints": "critical, CA:TRUE, pathlen:0",
        "keyUsage": "critical, keyCertSign, cRLSign",
        "days_valid": days_valid,
    }
    return _made(name, reason, key, CURVES["authority"], arguments)


def issued(name, key, authority, authority_key, hosts, days_valid, days_remaining):
    """
    A certificate for a site's names, signed by an authority on this host.

    :param name: path of the certificate, ``key`` that of its private key, which root alone can read
    :param authority: path of the authority's certificate, ``authority_key`` that of its private key
    :param hosts: DNS names and addresses that it is for, the first one also as CN
    :param days_valid: of a new one
    :param days_remaining: with fewer left it is made anew

    .. code-block:: yaml

        /etc/nginx/tls/site.pem:
          site_certificate.issued:
            - key: /etc/nginx/tls/site.key
            - authority: /etc/ssl/idr-ca/ca.pem
            - authority_key: /etc/ssl/idr-ca/ca.key
            - hosts: [idr.example, 127.0.0.1]
            - days_valid: 90
            - days_remaining: 30
    """
    reason = idr_tls.due(name, key, authority, hosts, days_remaining)
    if not reason and not idr_tls.belongs(authority, authority_key):
        # so in test mode only: a run has made the authority before
        reason = idr_tls.not_signed(authority)
    arguments = {
        "signing_private_key": authority_key,
        "signing_cert": authority,
        "authorityKeyIdentifier": "keyid:always",
        **_of_a_site(key, hosts, days_valid),
    }
    return _made(name, reason, key, CURVES["site"], arguments)


def temporary(name, key, hosts, days_valid=365, days_remaining=30):
    """
    A certificate signed by its own key, for as long as nobody else has issued one.

    :param name: path of the certificate, ``key`` that of its private key, which root alone can read
    :param hosts: DNS names and addresses that it is for, the first one also as CN
    :param days_valid: of a new one
    :param days_remaining: with fewer left it is made anew

    .. code-block:: yaml

        /etc/nginx/tls/temporary/fullchain.pem:
          site_certificate.temporary:
            - key: /etc/nginx/tls/temporary/privkey.pem
            - hosts: [idr.example]
    """
    reason = idr_tls.due(name, key, name, hosts, days_remaining)
    arguments = {"signing_private_key": key, **_of_a_site(key, hosts, days_valid)}
    return _made(name, reason, key, CURVES["site"], arguments)


def _of_a_site(key, hosts, days_valid):
    return {
        "private_key": key,
        "CN": hosts[0],
        "subjectAltName": idr_proxy.subject_names(hosts),
        "basicConstraints": "critical, CA:FALSE",
        "keyUsage": "critical, digitalSignature",
        "extendedKeyUsage": "serverAuth",
        "days_valid": days_valid,
    }


def _made(name, reason, key, curve, arguments):
    if reason is None:
        return _ret(name, True, "The certificate serves")
    if __opts__["test"]:
        return _ret(name, None, f"Would be made: {reason}", {name: reason})
    try:
        if not idr_tls.usable(key):
            key_file.write(key, __salt__["x509.create_private_key"](algo="ec", keysize=curve), 0o600)
        made = __salt__["x509.create_certificate"](subjectKeyIdentifier="hash", **arguments)
        key_file.write(name, made, 0o644)
    except (CommandExecutionError, OSError) as exc:
        return _ret(name, False, f"{name} could not be made: {exc}")
    return _ret(name, True, f"Made: {reason}", {name: reason})
