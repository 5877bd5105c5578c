"""A box for vagrant-lxc, of the local cloud's base image: what Vagrant wants besides is rsync and a login.

Usage, as root: python3 -m testbed.vagrant_box OUTPUT.box [--sources FILE]
sources: sources.list of the box; without it, that of this machine's archives.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile

from testbed import image, packages
from testbed.console import Problem, fail, run
from testbed.paths import CACHE

FILES = pathlib.Path(__file__).resolve().parent / "vagrant"
# what the image lacks; its own dependencies with it
PACKAGES = ("rsync", "libpopt0", "libxxhash0")
KEYS = (
    "/usr/share/rubygems-integration/all/gems/vagrant-*/keys/vagrant.pub",
    "/opt/vagrant/embedded/gems/gems/*/keys/vagrant.pub",
)


def make(output, sources=None):
    """Write the box; Problem when this machine lacks the image or Vagrant's public key."""
    base = CACHE / "images" / image.NAME
    if not base.exists():
        raise Problem(f"{base} is missing: `make up` makes it")
    with tempfile.TemporaryDirectory(prefix="vagrant-box-") as folder:
        top = pathlib.Path(folder)
        tree = top / "rootfs"
        run(["cp", "-a", "--reflink=auto", base.resolve(), tree])
        _install(tree, top)
        _login(tree)
        (tree / "etc/apt/sources.list").write_text(sources or _sources())
        shutil.copy(FILES / "nat.network", tree / "etc/systemd/network")
        # not before it has been told whose it is
        run(["chroot", tree, "systemctl", "disable", "salt-minion.service"])
        (top / "metadata.json").write_text(json.dumps({"provider": "lxc", "version": "1.0.0"}))
        shutil.copy(FILES / "lxc-config", top / "lxc-config")
        pack = f"tar -C {top} --numeric-owner --xattrs -cf - ./rootfs | gzip -1 > {top}/rootfs.tar.gz"
        subprocess.run(["sh", "-c", pack], check=True)  # noqa: S603, S607
        run(["tar", "-C", top, "-cf", output, "metadata.json", "lxc-config", "rootfs.tar.gz"])


def _sources():
    return "".join(
        f"deb {one.uri} {suite} {' '.join(one.components)}\n"
        for one in packages.machine_archives()
        for suite in one.suites
    )


def _install(tree, top):
    """Fetched as this machine's apt does, so that the image's own sources need not be in reach."""
    debs = top / "debs"
    debs.mkdir()
    run(["apt-get", "download", "-q", *PACKAGES], cwd=debs)
    run(["dpkg", f"--root={tree}", "--force-script-chrootless", "-i", *sorted(debs.glob("*.deb"))])


def _login(tree):
    key = next((path for pattern in KEYS for path in pathlib.Path("/").glob(pattern[1:])), None)
    if key is None:
        raise Problem("Vagrant's public key is nowhere below /usr/share or /opt/vagrant: install vagrant first")
    run(["chroot", tree, "useradd", "-m", "-s", "/bin/bash", "-p", "*", "vagrant"])
    ssh = tree / "home/vagrant/.ssh"
    ssh.mkdir(mode=0o700)
    shutil.copy(key, ssh / "authorized_keys")
    run(["chroot", tree, "chown", "-R", "vagrant:vagrant", "/home/vagrant"])
    (tree / "etc/sudoers.d/vagrant").write_text("vagrant ALL=(ALL) NOPASSWD: ALL\n")


def main():
    parser = argparse.ArgumentParser(prog="testbed.vagrant_box")
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--sources", type=pathlib.Path)
    chosen = parser.parse_args()
    try:
        make(chosen.output.resolve(), chosen.sources and chosen.sources.read_text())
    except Problem as problem:
        return fail(problem)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
