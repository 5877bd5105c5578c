"""Python packages in the cache: the hosts' wheels, and the virtual environments of the master and the tests."""

import hashlib
import pathlib
import shutil

from testbed import lan
from testbed.console import Problem, run, step
from testbed.paths import CACHE, CACHE_INSIDE, CHECKOUT, LOG, STATE

WHEELS = CACHE / "wheels"
REQUIREMENTS = CHECKOUT / "requirements"
# what hosts install from the wheel folder: Salt itself, and what the OMERO states ask for
HOST_LISTS = (
    REQUIREMENTS / "minion.txt",
    REQUIREMENTS / "masterless.txt",
    *sorted(CHECKOUT.glob("salt/omero/files/requirements-*.txt")),
    CHECKOUT / "testbed/omero_standin/requirements.txt",
)
ICE = "zeroc-ice==3.6.5"


def fingerprint(*paths, extra=""):
    """Twelve characters that change with the content of `paths`."""
    digest = hashlib.sha256(extra.encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def pins(paths):
    """The `name==version` of requirements files, without duplicates, hashes and options, sorted."""
    lines = {line.split("#")[0].strip() for path in paths for line in path.read_text().splitlines()}
    return sorted({line.split()[0] for line in lines if line and not line.startswith("-")})


def _tools():
    """pip of a small virtual environment that only builds wheels."""
    folder = CACHE / "tools"
    stamp = folder / "ready"
    if not stamp.exists():
        shutil.rmtree(folder, ignore_errors=True)
        run(["/usr/bin/python3", "-m", "venv", folder], timeout=120)
        _pip([folder / "bin/pip", "install", "-r", REQUIREMENTS / "build.txt"])
        stamp.touch()
    return folder / "bin"


def _pip(command):
    run([*command, "--disable-pip-version-check", "--retries=3"], log=LOG / "pip.log", timeout=1500)


def make():
    """Fill the wheel folder with all that HOST_LISTS name; builds zeroc-ice once."""
    stamp = WHEELS / f".complete-{fingerprint(*HOST_LISTS)}"
    if stamp.exists():
        return
    WHEELS.mkdir(parents=True, exist_ok=True)
    tools = _tools()
    wanted = pins(HOST_LISTS)
    if ICE in wanted and not list(WHEELS.glob("zeroc_ice-3.6.5-*.whl")):
        with step("compiling zeroc-ice (once; several minutes)"):
            _compile_ice(tools)
    others = WHEELS / ".pins"
    with step(f"fetching {len(wanted)} Python packages"):
        # one pip wheel call cannot hold two versions of a name, as Salt's and OMERO's lists may
        for path in HOST_LISTS:
            others.write_text("".join(f"{pin}\n" for pin in pins([path]) if pin != ICE))
            _pip([tools / "pip", "wheel", "-q", "--no-deps", "-w", WHEELS, "--find-links", WHEELS, "-r", others])
    others.unlink()
    stamp.touch()


def _compile_ice(tools):
    sources = CACHE / "sources"
    _pip([tools / "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", sources, ICE])
    (sdist,) = sources.glob("zeroc*ice-3.6.5.tar.gz")
    script = CHECKOUT / "testbed/zeroc_ice.py"
    run([tools / "python", script, sdist, WHEELS], log=LOG / "zeroc-ice.log", timeout=1800)
    if not list(WHEELS.glob("zeroc_ice-3.6.5-*.whl")):
        raise Problem(f"zeroc-ice was compiled, but no wheel came out of it: see {LOG / 'zeroc-ice.log'}")


def environment(name, requirements, place):
    """A complete virtual environment below `place` (a cache folder) for a requirements file; returns its folder."""
    # pip wants hashes for all of a list or for none: what has none is in a list of its own beside it
    built = requirements.with_name("requirements-built.txt")
    lists = [path for path in (built, requirements) if path.exists()]
    folder = place / f"venv-{name}-{fingerprint(*lists)}"
    real = CACHE / folder.relative_to(place)
    if not (real / "ready").exists():
        with step(f"installing the Python packages of the {name}"):
            shutil.rmtree(real, ignore_errors=True)
            # made at the path where it will be used: a virtual environment cannot be moved
            call = _call_inside if place == CACHE_INSIDE else _call
            run(call(["/usr/bin/python3", "-m", "venv", str(folder)]), timeout=120)
            install = [f"{folder}/bin/pip", "install", "-q", "--find-links", f"{place}/wheels"]
            for path in lists:
                _pip(call([*install, "-r", str(place_of(path, place))]))
            (real / "ready").touch()
    return folder


def _call(command):
    # the testbed itself leaves no byte code behind, but an environment without it starts slowly
    return ["env", "-u", "PYTHONDONTWRITEBYTECODE", *command]


def _call_inside(command):
    return lan.enter(_call(command), mount_only=True)


def place_of(path, place):
    """Where `path` of the checkout is seen by who sees the cache at `place`."""
    return pathlib.Path("/srv/idr") / path.relative_to(CHECKOUT) if place == CACHE_INSIDE else path


def master_environment():
    """The master's virtual environment, reachable as .local/venv."""
    folder = environment("master", REQUIREMENTS / "master.txt", CACHE_INSIDE)
    link = STATE / "venv"
    if not link.is_symlink() or link.readlink() != folder:
        link.unlink(missing_ok=True)
        link.symlink_to(folder)


def test_environment():
    """The virtual environment of the tests; returns its bin folder."""
    (CACHE / "wheels").mkdir(parents=True, exist_ok=True)
    return environment("tests", REQUIREMENTS / "test.txt", CACHE) / "bin"
