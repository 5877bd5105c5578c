"""
OMERO.web behind gunicorn: part of the execution module ``omero``.
"""

import omero_gunicorn
import omero_known
import omero_plugins
from salt.exceptions import CommandExecutionError

__virtualname__ = "omero"


def __virtual__():
    return __virtualname__


def web_plan(config, plugins=None, requirements=(), known=""):
    """
    All that follows from OMERO.web's part of pillar, without touching the host. For states.

    :param config: map of properties
    :param plugins: map from Django app to ``requirement`` and ``hashes``, both optional
    :param requirements: more requirements of pip, a list
    :param known: text of a list of pinned plug-ins with hashes
    :returns: ``{"properties": map with the apps that follow, "hashed": [requirement], "plain": [requirement],
        "gunicorn": text of its configuration file, "arguments": [word of its command line], "bind": "host:port",
        "nginx": [line for its server block]}``
    :raises CommandExecutionError: a property or a plug-in is not of the right form.

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.web_plan '{omero.web.wsgi_workers: 5}' '{omero_iviewer: {}}'
    """
    try:
        packages = omero_plugins.requirements(plugins, known)
        apps = omero_plugins.apps(config, plugins)
        return {
            "properties": {**config, "omero.web.apps": apps},
            "hashed": packages["hashed"],
            "plain": sorted([*packages["plain"], *requirements]),
            "gunicorn": omero_gunicorn.configuration(config),
            "arguments": omero_gunicorn.arguments(config),
            "bind": omero_gunicorn.settings(config)["bind"],
            "nginx": omero_plugins.listed(config, "omero.web.nginx_server_extra_config"),
        }
    except ValueError as error:
        raise CommandExecutionError(str(error)) from None


def chosen(properties):
    """
    Properties of pillar without those that an environment took out by null. For states.

    :param properties: map of properties
    :returns: map of those that are left, without null in the maps below them either

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.chosen '{omero.db.poolsize: 25, omero.upgrades.url: null}'
    """
    return omero_known.chosen(properties)


def web_pinned(text):
    """
    Versions in a list of pinned packages. For states.

    :param text: the list
    :returns: ``{name: version}``

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.web_pinned 'gunicorn==27.0.1'
    """
    return {name: line.split()[0].partition("==")[2] for name, line in omero_plugins.pinned(text).items()}
