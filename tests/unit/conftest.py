"""Modules of Salt's loader, loaded without it."""

import importlib.util
import itertools
import tempfile

import farm as doubles
import hypothesis
import hypothesis.configuration
import pytest

_NUMBERS = itertools.count()

# The same examples in each run, nothing left in the checkout, and no judgement by the clock.
hypothesis.settings.register_profile("idr", derandomize=True, deadline=None, database=None, max_examples=60)
hypothesis.settings.load_profile("idr")
hypothesis.configuration.set_hypothesis_home_dir(tempfile.gettempdir() + "/hypothesis")


@pytest.fixture
def load(checkout):
    """Function ``(kind, name, **dunders)`` that loads ``_<kind>/<name>.py`` with what the loader would put into it."""

    def load(kind, name, **dunders):
        path = checkout / f"_{kind}" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"{kind}_{name}_{next(_NUMBERS)}", path)
        module = importlib.util.module_from_spec(spec)
        for key, value in dunders.items():
            setattr(module, f"__{key}__", value)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def farm(tmp_path, monkeypatch):
    """An environment of doubles with a proxy, a database and a read-write server: see ``farm.py``."""
    made = doubles.make(tmp_path, monkeypatch)
    made.accept(doubles.PROXY, doubles.DATABASE, doubles.WRITER)
    for host in (doubles.PROXY, doubles.DATABASE, doubles.WRITER):
        made.say(host)
    yield made
    doubles.done(made)
