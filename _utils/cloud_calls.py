"""
How Salt Cloud calls a driver: with ``-a`` for a host or with ``-f``, with arguments whose names are checked, and with
errors of one line.
"""

import functools
import logging
import types

from cloud_errors import CloudError
from salt.exceptions import SaltCloudSystemExit

log = logging.getLogger(__name__)

_OPTIONS = {"action": "-a or --action", "function": "-f or --function"}


def in_plain_words(words):
    """
    Return a decorator that turns what can go wrong into the exception that Salt Cloud shows as one line, exit code 1.

    words
        Function that returns an exception as a text, or None for one that is a mistake of the driver itself.
    """

    log_, failure = log, SaltCloudSystemExit

    def decorate(function):
        def wrapper(*args, **kwargs):
            try:
                return function(*args, **kwargs)
            except Exception as exc:
                text = words(exc)
                if text is None:
                    raise
                log_.debug("%s failed", function.__name__, exc_info=True)
                raise failure(text) from exc

        # Salt Cloud says which provider is meant by a global of the function that it calls, so that must be a function
        # of the driver's own module, and needs no other global.
        own = types.FunctionType(wrapper.__code__, function.__globals__, closure=wrapper.__closure__)
        return functools.wraps(function)(own)

    return decorate


def only(kind, call, name):
    """Refuse ``-f`` for what needs a host (kind ``action``), and ``-a`` for what does not (kind ``function``)."""
    if call not in (kind, None) or (kind == "action" and call is None):
        raise SaltCloudSystemExit(f"{name} must be called with {_OPTIONS[kind]}.")


def action(name, call, given, required=(), optional=()):
    """Return the arguments of the function ``name``, which needs a host; see :func:`arguments`."""
    only("action", call, name)
    return arguments(name, given, required, optional)


def function(name, call, given, required=(), optional=()):
    """Return the arguments of the function ``name``, which needs no host; see :func:`arguments`."""
    only("function", call, name)
    return arguments(name, given, required, optional)


def arguments(function, given, required=(), optional=()):
    """
    Return the keyword arguments of a ``salt-cloud -f`` or ``-a`` call after checking their names.

    given
        The mapping that Salt Cloud hands over, or None; its private ``__pub_*`` keys are dropped.
    """
    given = {key: value for key, value in (given or {}).items() if not key.startswith("__")}
    known = (*required, *optional)
    usage = " ".join([f"{key}=..." for key in required] + [f"[{key}=...]" for key in optional]) or "no arguments"
    for key in sorted(given):
        if key not in known:
            raise CloudError(f"{function}: unknown argument {key!r}, expected {usage}")
    for key in required:
        if given.get(key) in (None, ""):
            raise CloudError(f"{function}: argument {key!r} is missing, expected {usage}")
    return given
