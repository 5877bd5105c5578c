"""The base image of the local hosts: Debian with systemd, sshd, Salt and what every host needs, nothing of any role."""

import shutil

from testbed import lan, mirrors, packages, wheels
from testbed.console import step
from testbed.paths import APT_PORT, CACHE, CACHE_INSIDE, CHECKOUT, GATEWAY, INSIDE, LOG, STATE

NAME = "debian-12"
CODENAME = "bookworm"
INCLUDE = [
    "systemd",
    "systemd-sysv",
    "dbus",
    "libpam-systemd",
    "iproute2",
    "iputils-ping",
    "python3",
    "python3-venv",
    "python3-pip",
    "python3-apt",
    "ca-certificates",
    "locales",
    "tzdata",
    "procps",
    "netbase",
    "sudo",
    "curl",
    "openssh-server",
    "openssl",
    "lsb-release",
    "less",
    "util-linux-extra",
    "kmod",
    "xfsprogs",
    "nftables",
    "systemd-journal-remote",
    "unattended-upgrades",
]
# nothing for them to do in a host without console, seat or udev; timers would wake all hosts at once
MASKED = [
    "console-getty.service",
    "getty@.service",
    "systemd-udevd.service",
    "systemd-networkd-wait-online.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
]
FILES = CHECKOUT / "testbed/image"


def make():
    """Make the image unless the cache holds it, made of the same inputs; the name links to the newest."""
    images = CACHE / "images"
    inputs = [
        *sorted(FILES.iterdir()),
        wheels.REQUIREMENTS / "minion.txt",
        FILES.parent / "image.py",
    ]
    tree = images / f".{NAME}-{wheels.fingerprint(*inputs)}"
    if not tree.exists():
        partial = images / f".{NAME}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        images.mkdir(parents=True, exist_ok=True)
        with step("making the base image (once)"):
            _bootstrap(partial)
            _install_salt(partial)
            _seal(partial)
        partial.rename(tree)
    _prune(images, tree)
    link = images / NAME
    if not link.is_symlink() or link.readlink().name != tree.name:
        link.unlink(missing_ok=True)
        link.symlink_to(tree.name)


def _prune(images, current):
    """Remove trees that no name leads to any more, unless hosts may still stand on one of them."""
    if any((STATE / "cloud/instances").glob("*")):
        return
    for tree in images.glob(f".{NAME}-*"):
        if tree != current:
            shutil.rmtree(tree)


def _inside(command, timeout=900):
    lan.inside([str(part) for part in command], log=LOG / "image.log", timeout=timeout)


def _seen(path):
    return CACHE_INSIDE / path.relative_to(CACHE)


def _bootstrap(tree):
    found = packages.machine_archives()
    cache = f"http://{GATEWAY}:{APT_PORT}"
    mirror = f"{cache}/archive-{found.index(mirrors.main_archive(found, CODENAME))}"
    include = f"--include={','.join(INCLUDE)}"
    _inside(["debootstrap", "--variant=minbase", include, CODENAME, _seen(tree), mirror], timeout=1500)
    (tree / "etc/apt/sources.list").write_text(mirrors.sources_list(found, cache))
    (tree / "etc/apt/apt.conf.d/90local-cloud").write_text(
        # a snapshot of the archive, as caches and air-gapped sites keep it, is past its date
        'Acquire::Check-Valid-Until "false";\nAPT::Install-Recommends "false";\n'
    )
    # once here rather than in every host
    _inside(["chroot", _seen(tree), "apt-get", "update", "-qq"])


def _install_salt(tree):
    script = INSIDE / "testbed/image/install-salt.sh"
    arguments = [_seen(tree), CACHE_INSIDE / "wheels", INSIDE / "requirements/minion.txt"]
    _inside(["unshare", "--mount", "--propagation", "private", "sh", script, *arguments])


def _seal(tree):
    """Take out what must differ between hosts, and enable what every host runs."""
    for name in ("etc/machine-id", "var/lib/dbus/machine-id", "etc/hostname", "etc/resolv.conf"):
        (tree / name).unlink(missing_ok=True)
    for name in ("etc/machine-id", "etc/resolv.conf"):
        (tree / name).touch()
    for key in (tree / "etc/ssh").glob("ssh_host_*key*"):
        key.unlink()
    units = tree / "etc/systemd/system"
    shutil.copy(FILES / "salt-minion.service", units)
    (units / "ssh.service.d").mkdir()
    shutil.copy(FILES / "ssh-keys.conf", units / "ssh.service.d")
    _inside(["chroot", _seen(tree), "systemctl", "enable", "salt-minion.service", "systemd-networkd.service"])
    _inside(["chroot", _seen(tree), "systemctl", "mask", *MASKED])
    for package in (tree / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    (tree / "var/log/journal").mkdir(exist_ok=True)
