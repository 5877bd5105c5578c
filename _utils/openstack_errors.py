"""
What OpenStack's services answer when they refuse, in words for who runs ``salt-cloud`` or a state.

Nothing here has side effects, and nothing imports openstacksdk: exceptions are told by what they carry.
"""

import contextlib
import datetime
import email.utils
import re

from cloud_errors import CloudError

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


class PassingError(CloudError):
    """
    The cloud was out of reach or busy; whether it did what was asked is not known.

    pause
        Seconds for which it wants to be left alone.
    """

    def __init__(self, text, pause=0):
        super().__init__(text)
        self.pause = pause


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
    # also where the answer was needed to find out something else, such as Keystone's version
    while exc is not None and not _is_unanswered(exc):
        exc = exc.__cause__ or exc.__context__
    return exc is not None


def _is_unanswered(exc):
    """Say whether it is one of keystoneauth's for lost connections and for no answer in time."""
    return any(cls.__name__ in ("ConnectFailure", "ConnectTimeout") for cls in type(exc).__mro__)


def retry_after(text, longest):
    """
    Return for how many whole seconds a service wants to be left alone, or None where it does not say.

    text
        Its header ``Retry-After``, seconds or a date, or None.
    longest
        More than so many seconds it does not get.
    """
    try:
        seconds: float = int(text)
    except (TypeError, ValueError):
        try:
            then = email.utils.parsedate_to_datetime(text)
            seconds = (then - datetime.datetime.now(then.tzinfo)).total_seconds()
        except (TypeError, ValueError):
            return None
    return int(min(max(seconds, 0), longest))


def asked_pause(exc):
    """Return the seconds after which a service wants to be asked again, as :mod:`openstack_session` bounds them."""
    headers = getattr(getattr(exc, "response", None), "headers", None) or {}
    return int(headers.get("Retry-After", 0))


def is_clouds(exc):
    """Say whether an exception comes from openstacksdk or from what it talks with."""
    return type(exc).__module__.split(".")[0] in ("openstack", "keystoneauth1", "requests", "urllib3")


def is_missing(exc):
    """Say whether the exception says that there is no such thing (any more)."""
    return status(exc) == 404


def unless_missing(get, id_):
    """Return what ``get`` returns for an id, or None where there is no such thing (any more)."""
    try:
        return get(id_)
    except Exception as exc:
        if is_missing(exc):
            return None
        raise


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
    if code and str(code) not in text:
        text = f"{text} (HTTP {code})"
    return f"the cloud refused the login, expected valid credentials: {text}" if code == 401 else text


@contextlib.contextmanager
def told(cloud):
    """
    Turn what openstacksdk raises within into :class:`cloud_errors.CloudError` or :class:`PassingError`.

    cloud
        Its name, with which the text begins.
    """
    try:
        yield
    except Exception as exc:
        if not is_clouds(exc):
            raise
        text = f"cloud {cloud}: {in_words(exc)}"
        if is_open(exc) or status(exc) in REFUSED_FOR_NOW:
            raise PassingError(text, asked_pause(exc)) from None
        raise CloudError(text) from None
