"""The functions omero.* for an installation that was never started, with the real `omero` command."""

import inspect

import pytest


@pytest.fixture
def omero(salt_loaders, installation):
    """
    Function ``(name, *arguments, **names)`` that calls ``omero.<name>`` by Salt's loader for the installation.
    """
    pillar = {
        "environment": {"name": "idr-test"},
        "secrets": {"omero": {"root": "root's own secret", "public": "a public secret"}, "odd": 'it\'s $HOME "q" \\ é'},
    }
    functions = salt_loaders("idr-test-omeroreadwrite", pillar).functions

    def call(name, *arguments, **names):
        function = functions[f"omero.{name}"]
        taken = inspect.signature(function).parameters
        return function(*arguments, **{k: v for k, v in installation.where.items() if k in taken}, **names)

    return call
