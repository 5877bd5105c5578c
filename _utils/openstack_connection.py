"""
A connection to an OpenStack cloud of ``clouds.yaml``, and what goes wrong with it in words.

openstacksdk takes a while to import, so that it is imported when it is needed.
"""

import contextlib
import importlib.util

import openstack_clouds
from cloud_errors import CloudError

# Seconds for the answer to one request.
PATIENCE = 60
# What may be better the next time.
PASSING = (429, 500, 502, 503, 504)


class PassingError(CloudError):
    """The cloud was out of reach or busy; whether it did what was asked is not known."""


def available():
    """
    Whether openstacksdk is here, as it is on a master: what ``__virtual__`` returns.

    :returns: True, or ``(False, reason)``
    """
    if importlib.util.find_spec("openstack"):
        return True
    return False, "openstacksdk is not installed"


def connect(cloud, patience=PATIENCE):
    """
    Log in.

    :param cloud: name of an entry of ``clouds.yaml``, which openstacksdk looks for in the file that the environment
        variable OS_CLIENT_CONFIG_FILE names, the current folder, ``~/.config/openstack`` and ``/etc/openstack``
    :param patience: seconds for the answer to one request
    :returns: ``openstack.connection.Connection``; who sends requests repeats them, as only he knows which may be
    :raises CloudError: there is no such entry, or the cloud does not let it in; never with what is in the entry
    :raises PassingError: the cloud did not answer
    """
    import openstack

    if not isinstance(cloud, str) or not cloud:
        raise CloudError(f"cloud: expected the name of an entry of clouds.yaml, found {cloud!r}")
    with errors(cloud):
        connection = _configured(openstack, cloud, patience)
        connection.authorize()
    return connection


def _configured(openstack, cloud, patience):
    openstack_clouds.check(cloud)
    try:
        return openstack.connect(cloud=cloud, api_timeout=patience, app_name="idr-salt")
    except (AttributeError, TypeError, ValueError):
        raise CloudError(
            f"cloud {cloud}: expected an entry of clouds.yaml, with a map auth, found another form"
        ) from None


def kept(context, cloud):
    """
    Like :func:`connect`, once for all states of a run.

    :param context: the ``__context__`` of a state
    """
    key = f"openstack_connection.{cloud}"
    if key not in context:
        context[key] = connect(cloud)
    return context[key]


@contextlib.contextmanager
def errors(cloud):
    """
    Turn what openstacksdk raises within into :class:`CloudError` or :class:`PassingError`.

    :param cloud: its name, with which the text begins
    """
    import keystoneauth1.exceptions
    import openstack.exceptions

    try:
        yield
    except openstack.exceptions.ConfigException as exc:
        raise CloudError(f"cloud {cloud}: expected an entry of clouds.yaml: {exc}") from None
    except openstack.exceptions.HttpException as exc:
        raise _http(cloud, exc.status_code, exc.details or exc.message) from None
    except keystoneauth1.exceptions.HttpError as exc:
        raise _http(cloud, exc.http_status, exc.message) from None
    except (openstack.exceptions.SDKException, keystoneauth1.exceptions.ClientException) as exc:
        if _unanswered(exc):
            raise PassingError(f"cloud {cloud}: no answer: {exc}") from None
        raise CloudError(f"cloud {cloud}: {exc}") from None


def _unanswered(exc):
    """Also when the answer was needed to find out something else, such as Keystone's version."""
    import keystoneauth1.exceptions

    while exc is not None and not isinstance(exc, keystoneauth1.exceptions.RetriableConnectionFailure):
        exc = exc.__cause__ or exc.__context__
    return exc is not None


def _http(cloud, status, text):
    kind = PassingError if status in PASSING else CloudError
    return kind(f"cloud {cloud}: {text} (HTTP {status})")
