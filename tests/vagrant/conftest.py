"""A machine with vagrant-lxc, a box of the base image and a package cache, in namespaces that nothing else uses."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import types

import pytest

from testbed import image, mirrors, packages, wheels
from testbed.paths import CACHE, CHECKOUT

HERE = pathlib.Path(__file__).resolve().parent
BOX = "idr/debian-12"


def _spawn(stack, arguments, log):
    """A process that ends with the test, by its pid."""
    process = subprocess.Popen(list(map(str, arguments)), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def end():
        process.terminate()
        process.wait(20)

    stack.callback(end)
    return process


def _until(ready, within, what):
    deadline = time.monotonic() + within
    while not ready():
        assert time.monotonic() < deadline, f"{what}: not within {within} s"
        time.sleep(0.2)


def _package_cache(stack, folder, log):
    """apt-cacher-ng with the archives of this machine, on a unix socket of `folder`."""
    kept = CACHE / "vagrant"
    (kept / "debs").mkdir(parents=True, exist_ok=True)
    ignored = shutil.ignore_patterns("backends_*", "zz*")
    shutil.copytree("/etc/apt-cacher-ng", folder / "apt", symlinks=False, ignore=ignored)
    port, proxy = packages.free_port(), packages.apt_proxy()
    (folder / "apt/acng.conf").write_text(
        f"CacheDir: {kept}/debs\nLogDir: {folder}\nSocketPath: {folder}/admin\nBindAddress: 127.0.0.1\nPort: {port}\n"
        "ForeGround: 1\nExThreshold: 30\nNetworkTimeout: 60\n"
        + (f"Proxy: {proxy}\n" if proxy else "")
        + mirrors.remaps(packages.machine_archives())
    )
    _spawn(stack, ["/usr/sbin/apt-cacher-ng", "-c", folder / "apt"], log)
    _until(lambda: packages.answers(port), 20, "apt-cacher-ng")
    _spawn(stack, ["socat", f"UNIX-LISTEN:{folder}/apt.sock,fork", f"TCP:127.0.0.1:{port}"], log)


def _wheels(folder):
    """All that the master installs, as the machines have no other way to it."""
    wheels.make()
    place = folder / "cache/wheels"
    shutil.copytree(wheels.WHEELS, place)
    pip = [CACHE / "tools/bin/pip", "download", "-q", "--no-deps", "-d", place, "--find-links", place]
    subprocess.run([*pip, "-r", wheels.REQUIREMENTS / "master.txt"], check=True, timeout=900)


def _box(folder):
    if not (CACHE / "images" / image.NAME).exists():
        pytest.skip("the base image is missing: `make up` makes it")
    sources = folder / "sources.list"
    sources.write_text(mirrors.sources_list(packages.machine_archives(), "http://10.0.3.1:3142"))
    command = [sys.executable, "-m", "testbed.vagrant_box", folder / "idr.box", "--sources", sources]
    environment = os.environ | {"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT}/_utils"}
    subprocess.run(command, check=True, cwd=CHECKOUT, env=environment, timeout=600)


def _members(space):
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(entry / "ns/mnt") == space:
                found.append(int(entry.name))
    return found


@pytest.fixture(scope="session")
def machine(as_root, tmp_path_factory):
    """``.call(*command, within=)``: run a command in this machine; returns its exit code and all that it said."""
    folder = tmp_path_factory.mktemp("vagrant")
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("ab"))
        _box(folder)
        _wheels(folder)
        _package_cache(stack, folder, log)
        inside = ["unshare", "--mount", "--net", "--propagation", "private", "sh", HERE / "inside.sh", folder]
        holder = _spawn(stack, inside, log)
        _until((folder / "ready").exists, 20, "the namespace")
        space = os.readlink(f"/proc/{holder.pid}/ns/mnt")
        variables = {
            "VAGRANT_HOME": f"{folder}/home",
            "VAGRANT_DOTFILE_PATH": f"{folder}/dot",
            "VAGRANT_CHECKPOINT_DISABLE": "1",
            "IDR_CACHE": f"{folder}/cache",
        }

        def call(*command, within=120):
            # into a file: redir, which forwards ports, keeps what it was given open
            said = folder / "said"
            with said.open("wb") as out:
                done = subprocess.run(
                    ["nsenter", f"--target={holder.pid}", "--mount", "--net", f"--wdns={CHECKOUT}", *command],
                    env=os.environ | variables,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    timeout=within,
                    check=False,
                )
            return done.returncode, said.read_text(errors="replace")

        def leave():
            for name in call("lxc-ls", "-1")[1].split():
                call("lxc-stop", "-k", "-n", name)
            for pid in set(_members(space)) - {holder.pid}:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            # where LXC was between two containers; none of anybody else's can be removed, as they are in use
            for left in pathlib.Path("/sys/fs/cgroup").glob("*/lxc.pivot"):
                with contextlib.suppress(OSError):
                    left.rmdir()

        stack.callback(leave)
        code, said = call("vagrant", "box", "add", "--name", BOX, f"{folder}/idr.box")
        assert code == 0, said
        yield types.SimpleNamespace(call=call, folder=folder)
    # a box and seven machines of it
    shutil.rmtree(folder, ignore_errors=True)
