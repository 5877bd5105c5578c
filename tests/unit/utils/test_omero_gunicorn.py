"""omero_gunicorn: the settings of OMERO.web's server."""

import omero_gunicorn
import pytest


def _read(properties):
    """What gunicorn reads: the file is Python."""
    found = {}
    exec(omero_gunicorn.configuration(properties), found)
    return {name: value for name, value in found.items() if not name.startswith("__")}


def test_omeros_defaults():
    assert _read({}) == {
        "bind": "127.0.0.1:4080",
        "graceful_timeout": 60,
        "max_requests": 0,
        "threads": 1,
        "timeout": 60,
        "workers": 5,
        "wsgi_app": "omeroweb.wsgi:application",
    }
    assert omero_gunicorn.arguments({}) == []


def test_properties():
    properties = {
        "omero.web.application_server.host": "0.0.0.0",
        "omero.web.application_server.port": "8000",
        "omero.web.application_server.max_requests": 30000,
        "omero.web.wsgi_workers": 25,
        "omero.web.wsgi_threads": 2,
        "omero.web.wsgi_timeout": 900,
        "omero.web.wsgi_worker_class": "gevent",
        "omero.web.wsgi_worker_connections": "50",
        "omero.web.wsgi_args": "--log-level info --access-logformat '%(h)s %(r)s'",
    }
    found = _read(properties)
    assert (found["bind"], found["workers"], found["threads"]) == ("0.0.0.0:8000", 25, 2)
    assert (found["timeout"], found["graceful_timeout"], found["max_requests"]) == (900, 900, 30000)
    assert (found["worker_class"], found["worker_connections"]) == ("gevent", 50)
    assert omero_gunicorn.arguments(properties) == ["--log-level", "info", "--access-logformat", "%(h)s %(r)s"]


def test_no_limit_for_requests_is_no_endless_end():
    assert _read({"omero.web.wsgi_timeout": 0})["graceful_timeout"] == omero_gunicorn.GRACE


@pytest.mark.parametrize("host", ["'x", '"; import os #', "a\\b", "ü"])
def test_any_text_stays_one_value(host):
    assert _read({"omero.web.application_server.host": host})["bind"] == f"{host}:4080"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("omero.web.wsgi_workers", 0),
        ("omero.web.wsgi_workers", "many"),
        ("omero.web.wsgi_timeout", -1),
        ("omero.web.wsgi_threads", True),
        ("omero.web.application_server.port", 65536),
        ("omero.web.application_server.port", 0),
    ],
)
def test_bad_numbers_are_named(key, value):
    with pytest.raises(ValueError, match=key):
        omero_gunicorn.settings({key: value})


def test_open_quotes_are_named():
    with pytest.raises(ValueError, match="omero.web.wsgi_args"):
        omero_gunicorn.arguments({"omero.web.wsgi_args": "--x 'y"})
