"""omero_gunicorn: the command of OMERO.web."""

import omero_gunicorn
import pytest


def test_omeros_defaults():
    words = "--bind 127.0.0.1:4080 --workers 5 --threads 1 --timeout 60 --max-requests 0 omeroweb.wsgi:application"
    assert omero_gunicorn.arguments({}) == words.split()


def test_properties():
    properties = {
        "omero.web.application_server.host": "0.0.0.0",
        "omero.web.application_server.port": "8000",
        "omero.web.application_server.max_requests": 30000,
        "omero.web.wsgi_workers": 25,
        "omero.web.wsgi_threads": 2,
        "omero.web.wsgi_timeout": 900,
        "omero.web.wsgi_args": "--log-level info",
    }
    words = "--bind 0.0.0.0:8000 --workers 25 --threads 2 --timeout 900 --max-requests 30000 --log-level info"
    assert omero_gunicorn.arguments(properties) == [*words.split(), "omeroweb.wsgi:application"]


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
        omero_gunicorn.arguments({key: value})
