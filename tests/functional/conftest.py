"""Salt's real loaders with the checkout's modules, in a root directory of the test's own."""

import copy
import types

import pytest
import salt.config
import salt.loader
import salt.utils.secret


@pytest.fixture(scope="session")
def grains():
    """Grains of this machine, which take a while."""
    return dict(salt.loader.grains(copy.deepcopy(salt.config.DEFAULT_MINION_OPTS)))


@pytest.fixture
def salt_loaders(checkout, tmp_path, grains):
    """
    Function ``(minion_id, pillar, test, module_dirs) -> .states and .functions``.
    """

    def load(minion_id="idr-test-database", pillar=None, test=False, module_dirs=()):
        opts = copy.deepcopy(salt.config.DEFAULT_MINION_OPTS)
        opts.update(
            id=minion_id,
            root_dir=str(tmp_path),
            cachedir=str(tmp_path / "cache"),
            extension_modules=str(tmp_path / "extmods"),
            conf_file=str(tmp_path / "minion"),
            file_client="local",
            module_dirs=[str(checkout), *map(str, module_dirs)],
            # As a minion has it: asterisks for whoever asks without care.
            pillar=salt.utils.secret.hide(pillar or {}),
            grains=dict(grains),
            test=test,
        )
        utils = salt.loader.utils(opts)
        functions = salt.loader.minion_mods(opts, utils=utils)
        states = salt.loader.states(opts, functions, utils, salt.loader.serializers(opts))
        # as a state run does
        states.inject_globals = {"__env__": "base"}
        return types.SimpleNamespace(states=states, functions=functions)

    return load


@pytest.fixture
def apply(salt_loaders):
    """Function that applies one state and checks the form of what it returns."""

    def apply(state, name, test=False, loaders=None, **arguments):
        ret = salt_loaders(test=test, **(loaders or {})).states[state](name, **arguments)
        assert set(ret) == {"name", "result", "comment", "changes"}
        assert ret["name"] == name
        return ret

    return apply
