"""
Connections of openstacksdk that have patience with a cloud that has none of its own.
"""

import functools
import importlib.util
from pathlib import Path

import openstack_clouds
import openstack_errors
import openstack_options
from cloud_errors import CloudError

# asking again changes nothing; a second DELETE or PUT is as good as one
REPEATABLE = ("GET", "HEAD", "PUT", "DELETE")
AGAIN = (*openstack_errors.REFUSED_FOR_NOW, *openstack_errors.OPEN)


def patience(method, url, retries):
    """
    Return how often keystoneauth may repeat a request, as keyword arguments of its ``Session.request``.

    A POST is repeated only where the service says that it did nothing, as it might make something twice. That for a
    token makes nothing.
    """
    repeatable = method.upper() in REPEATABLE or url.endswith("/auth/tokens")
    return {
        "connect_retries": retries if repeatable else 0,
        "status_code_retries": retries,
        "retriable_status_codes": list(AGAIN if repeatable else openstack_errors.REFUSED_FOR_NOW),
    }


def bound_pause(response, longest):
    """Let a response's Retry-After say at most ``longest`` seconds: keystoneauth sleeps for whatever it says."""
    asked = openstack_errors.retry_after(response.headers.pop("Retry-After", None), longest)
    if asked is not None:
        response.headers["Retry-After"] = str(asked)


def _constructor(retries, longest):
    from keystoneauth1 import session

    class Patient(session.Session):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.session.hooks["response"].append(lambda response, **_: bound_pause(response, longest))

        def request(self, url, method, *args, **kwargs):
            return super().request(url, method, *args, **{**kwargs, **patience(method, url, retries)})

    return Patient


def available():
    """
    Say whether openstacksdk is here, as it is on a master: what a state's ``__virtual__`` returns, but for the name.

    It takes a while to import, so that it is imported when it is needed.
    """
    return True if importlib.util.find_spec("openstack") else (False, "openstacksdk is not installed")


def connect(provider):
    """
    Return an openstacksdk connection, which logs in when it is first used.

    provider
        A :class:`openstack_options.Provider`.

    Raises CloudError where there is no such cloud; it says nothing of what is in the cloud's entry.
    """
    try:
        import openstack.config
        import openstack.connection
    except ImportError as exc:
        raise CloudError(f"provider {provider.alias}: expected the Python package openstacksdk: {exc}") from exc
    where = f"cloud {provider.cloud}" if provider.cloud else f"provider {provider.alias}"
    files = [provider.clouds_yaml] if provider.clouds_yaml else None
    if files and not Path(provider.clouds_yaml).is_file():
        raise CloudError(f"provider {provider.alias}: clouds_yaml: expected a file, got {provider.clouds_yaml}")
    if provider.cloud is not None:
        openstack_clouds.check(provider.cloud, provider.clouds_yaml)
    try:
        config = openstack.config.OpenStackConfig(
            config_files=files,
            load_yaml_config=provider.cloud is not None,
            load_envvars=provider.cloud is not None and files is None,
            session_constructor=_constructor(provider.retries, provider.api_timeout),
            app_name="idr-salt",
        )
        return openstack.connection.Connection(config=config.get_one(**_chosen(provider)))
    except openstack.exceptions.ConfigException as exc:
        raise CloudError(f"{where}: expected an entry of clouds.yaml, or what auth needs: {exc}") from None
    except (AttributeError, TypeError, ValueError):
        raise CloudError(f"{where}: expected an entry of clouds.yaml, with a map auth, found another form") from None


def _chosen(provider):
    given = {"cloud": provider.cloud, "region_name": provider.region_name, **provider.login}
    chosen = {key: value for key, value in given.items() if value is not None}
    return {**chosen, "api_timeout": provider.api_timeout}


def lazily(provider):
    """Return a function that connects when it is first called, and returns that connection ever after."""
    return functools.cache(functools.partial(connect, provider))


def kept(context, cloud):
    """
    Return a connection to an entry of clouds.yaml, the same one for all states of a run.

    It repeats no request, as :mod:`openstack_steps` does so after another look.

    context
        The ``__context__`` of a state.
    """
    if not isinstance(cloud, str) or not cloud:
        raise CloudError(f"cloud: expected the name of an entry of clouds.yaml, found {cloud!r}")
    key = f"openstack_session.{cloud}"
    if key not in context:
        context[key] = connect(openstack_options.provider({"cloud": cloud, "retries": 0}, cloud))
    return context[key]


class Service:
    """
    One service's things of a project, seen by one provider.

    settings
        The :class:`openstack_options.Provider`.
    connected
        Returns the openstacksdk connection.
    """

    # openstacksdk's name of the service
    name = ""

    def __init__(self, settings, connected):
        self.settings = settings
        self._connected = connected

    @property
    def _api(self):
        return getattr(self._connected(), self.name)
