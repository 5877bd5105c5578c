"""
Connections of openstacksdk that have patience with a cloud that has none of its own.
"""

import functools
from pathlib import Path

import openstack_clouds
import openstack_errors
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


def _constructor(retries):
    from keystoneauth1 import session

    class Patient(session.Session):
        def request(self, url, method, *args, **kwargs):
            return super().request(url, method, *args, **{**kwargs, **patience(method, url, retries)})

    return Patient


def connect(provider):
    """
    Return an openstacksdk connection.

    provider
        A :class:`openstack_options.Provider`.
    """
    try:
        # Not at the top: Salt Cloud loads every driver, and most masters do without this library.
        import openstack.config
        import openstack.connection
    except ImportError as exc:
        raise CloudError(f"provider {provider.alias}: expected the Python package openstacksdk: {exc}") from exc
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
            session_constructor=_constructor(provider.retries),
            app_name="salt-cloud",
        )
        region = config.get_one(**_chosen(provider))
    except openstack.exceptions.ConfigException as exc:
        raise CloudError(f"provider {provider.alias}: cloud: {exc}") from exc
    return openstack.connection.Connection(config=region)


def _chosen(provider):
    given = {"cloud": provider.cloud, "region_name": provider.region_name, **provider.login}
    chosen = {key: value for key, value in given.items() if value is not None}
    return {**chosen, "api_timeout": provider.api_timeout}


def lazily(provider):
    """Return a function that connects when it is first called, and returns that connection ever after."""
    return functools.cache(functools.partial(connect, provider))
