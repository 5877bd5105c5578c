"""gunicorn's settings for OMERO.web, from the properties that `omero web start` would read."""

import shlex

# omero-web's own defaults
DEFAULTS = {
    "omero.web.application_server.host": "127.0.0.1",
    "omero.web.application_server.port": 4080,
    "omero.web.application_server.max_requests": 0,
    "omero.web.wsgi_workers": 5,
    "omero.web.wsgi_threads": 1,
    "omero.web.wsgi_timeout": 60,
    "omero.web.wsgi_worker_connections": 1000,
}
# of gunicorn, for what has no limit
GRACE = 30


def settings(properties):
    """Return what gunicorn's configuration file says for OMERO.web with these `properties`: a map, sorted by name.

    `omero web start --foreground` hides a crash behind exit code 0 and collects all static files again at
    each start; gunicorn itself tells systemd when it is ready and how it ended.
    Raises ValueError for a property that is not a whole number or a port out of range.
    """

    def number(key, least):
        value = properties.get(key, DEFAULTS[key])
        if isinstance(value, bool) or not str(value).isdigit() or int(value) < least:
            raise ValueError(f"{key}: a whole number from {least} was expected, not {value!r}")
        return int(value)

    host = properties.get("omero.web.application_server.host", DEFAULTS["omero.web.application_server.host"])
    port = number("omero.web.application_server.port", 1)
    if port > 65535:
        raise ValueError(f"omero.web.application_server.port: a port up to 65535 was expected, not {port}")
    timeout = number("omero.web.wsgi_timeout", 0)
    found = {
        "bind": f"{host}:{port}",
        # what a worker is at when it is replaced may take as long as any request
        "graceful_timeout": timeout or GRACE,
        "max_requests": number("omero.web.application_server.max_requests", 0),
        "threads": number("omero.web.wsgi_threads", 1),
        "timeout": timeout,
        "workers": number("omero.web.wsgi_workers", 1),
        "wsgi_app": "omeroweb.wsgi:application",
    }
    if "omero.web.wsgi_worker_class" in properties:
        found["worker_class"] = properties["omero.web.wsgi_worker_class"]
    if "omero.web.wsgi_worker_connections" in properties:
        found["worker_connections"] = number("omero.web.wsgi_worker_connections", 1)
    return dict(sorted(found.items()))


def configuration(properties):
    """Return the text of gunicorn's configuration file, which is Python."""
    return "".join(f"{name} = {value!r}\n" for name, value in settings(properties).items())


def arguments(properties):
    """Return the words of `omero.web.wsgi_args`, which only gunicorn's command line takes.

    Raises ValueError when its quotes are not closed.
    """
    try:
        return shlex.split(str(properties.get("omero.web.wsgi_args", "")))
    except ValueError as error:
        raise ValueError(f"omero.web.wsgi_args: {error}") from None
