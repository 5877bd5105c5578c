"""
What OpenStack's services answer when they refuse, in words for who runs ``salt-cloud``.

Nothing here has side effects, and nothing imports openstacksdk: exceptions are told by what they carry.
"""

import re

# Nova, Cinder and Neutron each say it in their own words; the group is the quota's name
_QUOTAS = (
    re.compile(r"Quota exceeded for resources: \[(['\w, ]+)\]"),
    re.compile(r"Quota exceeded for ([\w, ]+):"),
    re.compile(r"Quota exceeded, too many ([\w ]+)"),
    re.compile(r"exceeds allowed (\w+) quota"),
    re.compile(r"exceeded for quota '([\w-]+)'"),
    re.compile(r"Maximum number of (\w+) (?:allowed|exceeded)"),
)
# after these a request has not been carried out
REFUSED_FOR_NOW = (429,)
# after these nobody knows whether it has been
OPEN = (500, 502, 503, 504)


def status(exc):
    """Return the HTTP status of an exception, or None: no answer came."""
    for name in ("status_code", "http_status"):
        value = getattr(exc, name, None)
        if isinstance(value, int) and value:
            return value
    return None


def is_open(exc):
    """Say whether a request that ended with this exception may or may not have been carried out."""
    code = status(exc)
    if code is not None:
        return code in OPEN
    # keystoneauth's for lost connections and for no answer in time
    return any(cls.__name__ == "ConnectFailure" or cls.__name__ == "ConnectTimeout" for cls in type(exc).__mro__)


def is_clouds(exc):
    """Say whether an exception comes from openstacksdk or from what it talks with."""
    return type(exc).__module__.split(".")[0] in ("openstack", "keystoneauth1", "requests", "urllib3")


def is_missing(exc):
    """Say whether the exception says that there is no such thing (any more)."""
    return status(exc) == 404


def quota(text):
    """Return the name of the quota that a message says is used up, or None."""
    for pattern in _QUOTAS:
        match = pattern.search(text)
        if match:
            return match[1].replace("'", "").strip()
    return None


def in_words(exc):
    """
    Return an exception as one line: the quota's name first if one is used up, otherwise what the service says.
    """
    text = " ".join(str(getattr(exc, "details", None) or getattr(exc, "message", None) or exc).split())
    name = quota(text)
    if name:
        return f"the quota of {name} is used up: {text}"
    code = status(exc)
    if code == 401:
        return f"the cloud refused the login, expected valid credentials: {text}"
    return f"{text} (HTTP {code})" if code and str(code) not in text else text
