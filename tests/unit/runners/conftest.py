"""A master over a copy of the checkout's pillar and maps."""

import copy
import functools
import shutil

import keys
import pytest
import salt.config

from testbed.paths import ENVIRONMENT


@pytest.fixture
def environment():
    """The environment of the maps whose release of OMERO is known here; the others' is the operator's to choose."""
    return ENVIRONMENT


@pytest.fixture
def master(checkout, tmp_path):
    """Options of that master; the copies are in ``tmp_path``."""
    for path in checkout.glob("*.map"):
        shutil.copy(path, tmp_path)
    shutil.copytree(checkout / "cloud.profiles.d", tmp_path / "cloud.profiles.d")
    shutil.copytree(checkout / "pillar", tmp_path / "pillar", ignore=shutil.ignore_patterns("secrets"))
    opts = copy.deepcopy(salt.config.DEFAULT_MASTER_OPTS)
    opts.update(
        id="master",
        root_dir=str(tmp_path),
        cachedir=str(tmp_path / "cache"),
        extension_modules=str(tmp_path / "extmods"),
        pki_dir=str(tmp_path / "pki"),
        conf_file=str(tmp_path / "master"),
        pillar_roots={"base": [str(tmp_path / "pillar")]},
        file_roots={"base": [str(checkout / "salt")]},
        module_dirs=[str(checkout)],
        minion_data_cache=False,
        __role="master",
    )
    for folder in keys.STATES:
        (tmp_path / "pki" / folder).mkdir(parents=True)
    return opts


@pytest.fixture
def accept(master):
    """Function that puts the keys of minions among those that the master has accepted, or elsewhere."""
    return functools.partial(keys.put, master)
