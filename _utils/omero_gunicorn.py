"""The gunicorn command of OMERO.web, from the properties that `omero web start` would read."""

DEFAULTS = {
    "omero.web.application_server.host": "127.0.0.1",
    "omero.web.application_server.port": 4080,
    "omero.web.application_server.max_requests": 0,
    "omero.web.wsgi_workers": 5,
    "omero.web.wsgi_threads": 1,
    "omero.web.wsgi_timeout": 60,
}


def arguments(properties):
    """Return gunicorn's arguments, a list of strings, for OMERO.web with these `properties`.

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
    listed = {
        "--bind": f"{host}:{port}",
        "--workers": number("omero.web.wsgi_workers", 1),
        "--threads": number("omero.web.wsgi_threads", 1),
        "--timeout": number("omero.web.wsgi_timeout", 0),
        "--max-requests": number("omero.web.application_server.max_requests", 0),
    }
    words = [str(word) for pair in listed.items() for word in pair]
    return [*words, *str(properties.get("omero.web.wsgi_args", "")).split(), "omeroweb.wsgi:application"]
