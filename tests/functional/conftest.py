"""Salt's real loaders with the checkout's modules, in a root directory of the test's own."""

import copy
import getpass
import os
import pathlib
import shutil
import subprocess
import tempfile
import types

import cluster
import pytest
import salt.config
import salt.loader
import salt.utils.secret

from testbed import wheels
from testbed.paths import CACHE


@pytest.fixture(scope="session")
def grains():
    """Grains of this machine, which take a while."""
    return dict(salt.loader.grains(copy.deepcopy(salt.config.DEFAULT_MINION_OPTS)))


@pytest.fixture(scope="session")
def real_omero(checkout):
    """
    Folder of a virtual environment with the real ``omero`` command, which every user of the machine may run.
    """
    wheels.make()
    made = wheels.environment("client", checkout / "salt/omero/files/requirements-server.txt", CACHE)
    # the cache is root's alone, and the command refuses root: a copy, with the new place in its programs
    shared = pathlib.Path(tempfile.mkdtemp(prefix="omero-venv-"))
    shared.chmod(0o755)
    folder = shared / "venv"
    subprocess.run(["cp", "-a", "--reflink=auto", made, folder], check=True, timeout=120)
    for program in (folder / "bin").iterdir():
        if not program.is_symlink() and program.is_file():
            program.write_bytes(program.read_bytes().replace(bytes(made), bytes(folder)))
    yield folder
    shutil.rmtree(shared)


@pytest.fixture
def installation(real_omero, checkout, monkeypatch):
    """
    ``.omerodir .venv .user .where``: the folder of a server that was never started, and who may write to it. Its files
    are the stand-in release's, its ``omero`` command is the real one.
    """
    top = pathlib.Path(tempfile.mkdtemp(prefix="omero-server-"))
    top.chmod(0o755)
    omerodir = top / "OMERO.server"
    (omerodir / "etc").mkdir(parents=True)
    release = checkout / "testbed/omero_standin"
    shutil.copytree(release / "etc/templates", omerodir / "etc/templates")
    shutil.copy(release / "etc/omero.properties", omerodir / "etc")
    (omerodir / "etc/grid").mkdir()
    (omerodir / "etc/profiles").mkdir()
    (omerodir / "etc/profiles/psql").write_text("omero.db.driver=org.postgresql.Driver\n")
    # the command refuses root; this user is everywhere, and has a group of its own name
    user = "daemon" if os.geteuid() == 0 else getpass.getuser()
    if os.geteuid() == 0:
        for path in [top, *top.rglob("*")]:
            shutil.chown(path, user, user)
    # whose home is not its own to write to
    expand = os.path.expanduser
    monkeypatch.setattr(os.path, "expanduser", lambda path: str(top) if path == f"~{user}" else expand(path))
    where = {"omerodir": str(omerodir), "venv": str(real_omero), "user": user}
    yield types.SimpleNamespace(omerodir=omerodir, venv=real_omero, user=user, where=where)
    shutil.rmtree(top)


@pytest.fixture(scope="session")
def postgresql():
    """
    A real PostgreSQL cluster, empty but for its superuser.
    """
    made = cluster.Cluster()
    made.start()
    yield made
    made.stop()


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
