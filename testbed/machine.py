"""What this machine must be and have before anything is made on it."""

import fcntl
import os
import pathlib
import shutil
import socket

from testbed import lan, packages, processes
from testbed.console import Problem, run, say
from testbed.paths import CACHE, LOG, PUBLISHED, STATE

# what the local cloud itself runs on this machine
PACKAGES = [
    "apt-cacher-ng",
    "curl",
    "debootstrap",
    "iproute2",
    "python3-venv",
    "socat",
    "systemd-container",
    "util-linux",
    "xfsprogs",
    "g++",
    "libbz2-dev",
    "libssl-dev",
    "python3-dev",
]

# what the tests need as well: a browser, SSH from outside and a server for it, an ACME server, and a PostgreSQL cluster
# of their own
TEST_PACKAGES = [
    "chromium",
    "chromium-driver",
    "dropbear-bin",
    "fonts-dejavu-core",
    # floating IPs of the OpenStack stand-in
    "nftables",
    "openssh-client",
    "openssh-sftp-server",
    "pebble",
    "postgresql",
    "unzip",
    # the Vagrantfile, and its machines as containers
    "dnsmasq-base",
    "redir",
    "vagrant",
    "vagrant-lxc",
    # icegridadmin, which omero admin diagnostics asks
    "zeroc-ice-utils",
]

LOCK = pathlib.Path("/run/lock/idr-local.lock")
POLICY = pathlib.Path("/usr/sbin/policy-rc.d")
NEEDED_BYTES = 15 * 2**30


def lock():
    """Hold the machine's one lock for as long as this process lives; Problem when another run has it."""
    handle = os.open(LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Problem(
            "another `make up`, `make down` or `make test` is at work on this machine: wait for it to end"
        ) from None
    return handle


def check():
    """Raise Problem, before anything is made, for whatever would make `make up` fail later."""
    release = packages.os_release()
    if (release.get("ID"), release.get("VERSION_ID")) != ("debian", "12"):
        raise Problem(f"the local environment runs on Debian 12; this is {release.get('PRETTY_NAME', 'unknown')}")
    packages.machine_archives()
    _check_disk()
    _check_ports()
    _check_kernel()


def _check_disk():
    for place in {STATE, CACHE}:
        existing = next(p for p in (place, *place.parents) if p.exists())
        free = shutil.disk_usage(existing).free
        if free < NEEDED_BYTES and not lan.holder():
            raise Problem(f"{existing} has {free / 2**30:.1f} GiB free; {NEEDED_BYTES / 2**30:.0f} GiB are needed")


def _check_ports():
    for port in PUBLISHED:
        if processes.pid_of(f"relay-{port}"):
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise Problem(
                    f"127.0.0.1:{port} is taken by another program ({error.strerror}); the site needs it"
                ) from None


def _check_kernel():
    known = pathlib.Path("/proc/filesystems").read_text()
    for kind in ("overlay", "xfs"):
        if f"\t{kind}\n" not in known and run(["modprobe", kind], check=False).returncode:
            raise Problem(f"this kernel has no {kind}: the hosts' disks need it")
    if not os.path.exists("/dev/loop-control"):
        raise Problem("this kernel has no loop devices (/dev/loop-control): the hosts' volumes need them")


def install_packages(more=()):
    """Install what is missing of PACKAGES and more; Problem that names the package source when it is out of reach."""
    wanted = [*PACKAGES, *more]
    query = run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted], check=False).stdout
    missing = [name for name in wanted if f"{name} installed" not in query.splitlines()]
    if not missing:
        return
    say(f"installing on this machine: {' '.join(missing)}")
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    log = LOG / "apt.log"
    # services stay down: the policy file says so for the time of the installation
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        options = ["-o", "Acquire::Retries=3", "-o", "Acquire::http::Timeout=30", "-o", "DPkg::Lock::Timeout=120"]
        update = run(["apt-get", *options, "update"], log=log, env=env, check=False)
        install = ["apt-get", *options, "install", "-y", "-qq", "--no-install-recommends", *missing]
        if run(install, log=log, env=env, check=False).returncode:
            failed = [line for line in update.stdout.splitlines() if line.startswith(("Err:", "E:", "W: Failed"))]
            raise Problem(
                "apt-get could not install " + " ".join(missing) + "\n  " + "\n  ".join(failed[:4] or [f"see {log}"])
            )
    finally:
        if ours:
            POLICY.unlink()
