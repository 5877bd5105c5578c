"""What is installed for OMERO, by Salt's real loaders, real virtual environments."""

import hashlib
import subprocess
import sys
import zipfile

import pytest
from twice import twice


def _wheel(folder, version):
    """A package of one empty module, and the sha256 of its file."""
    path = folder / f"demo_pack-{version}-py3-none-any.whl"
    info = f"demo_pack-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo_pack.py", f"VERSION = '{version}'\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: demo-pack\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def venv(apply, tmp_path, monkeypatch):
    """Function that applies lists of requirements to a virtual environment which finds two versions of one package."""
    # wins over the file
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    folder = tmp_path / "venv3"
    folder.mkdir()
    digests = {version: _wheel(tmp_path, version) for version in ("1", "2")}
    (folder / "pip.conf").write_text(f"[global]\nno-index = true\nfind-links = {tmp_path}\n")

    def venv(*texts, check=twice):
        requirements = [{f"{number}.txt": text} for number, text in enumerate(texts)]
        given = {"python": sys.executable, "requirements": requirements}
        return check(apply, "omero_files.venv", str(folder), **given)

    venv.digests, venv.folder = {f"d{version}": digest for version, digest in digests.items()}, folder
    return venv


def _once(apply, state, name, **arguments):
    return apply(state, name, **arguments)


def _installed(venv):
    command = [venv.folder / "bin/python", "-c", "import demo_pack; print(demo_pack.VERSION)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_venv_with_hashes(venv):
    digest = venv.digests
    venv("# nothing\n", f"demo-pack==1 --hash=sha256:{digest['d1']}")
    assert _installed(venv) == "1"
    # a list that follows does not move it by accident, but by name
    assert venv(f"demo-pack==1 --hash=sha256:{digest['d1']}", "# none", check=_once)["result"] is True
    venv(f"demo-pack==1 --hash=sha256:{digest['d1']}", "demo-pack==2")
    assert _installed(venv) == "2"


def test_venv_refuses_another_file_than_that_of_the_hash(venv):
    for _ in range(2):
        ret = venv(f"demo-pack==2 --hash=sha256:{venv.digests['d1']}", check=_once)
        assert (ret["result"], ret["changes"]) == (False, {})
        assert venv.digests["d2"] in ret["comment"]


def test_venv_is_tried_again_until_it_succeeded(venv):
    for _ in range(2):
        ret = venv("# none", "no-such-package==1", check=_once)
        assert (ret["result"], ret["changes"]) == (False, {})
        assert "pip install -r 1.txt failed" in ret["comment"]
    venv("# none", "demo-pack==1")
