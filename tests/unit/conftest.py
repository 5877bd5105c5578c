"""Modules of Salt's loader, loaded without it."""

import importlib.util
import itertools

import pytest

_NUMBERS = itertools.count()


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
