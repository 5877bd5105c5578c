"""The network and mount namespace of the local cloud, and the only ways in and out of it."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import time

import nspawn_cgroup
import nspawn_config

from testbed import loops, processes
from testbed.console import Problem, run
from testbed.paths import (
    APT_PORT,
    BRIDGE,
    BRIDGE_ADDRESS,
    CACHE,
    CHECKOUT,
    GATEWAY,
    INSIDE,
    NAMESPACE,
    PREFIX,
    PUBLISHED,
    RUN,
    SITE,
    STATE,
)

POOL_BYTES = 400 * 2**30
FOLDERS = ("cloud", "log", "pool", "root", "salt", "secrets", "files")


def holder():
    """The pid of the process that keeps the namespace, or None."""
    return processes.pid_of("holder") if (RUN / "held").exists() else None


def enter(arguments, mount_only=False, mounts_of=None, variables=()):
    """
    The command line that runs `arguments` inside: in /srv/idr, with the master's programs first on PATH.

    mounts_of: pid of a process inside that has mounts of its own, and whose they shall be. variables: more of the
    environment's variables, `NAME=value`.
    """
    pid = holder()
    if pid is None:
        raise Problem("the local environment is not up: `make up` starts it")
    spaces = [f"--mount=/proc/{mounts_of or pid}/ns/mnt"] + ([] if mount_only else [f"--net=/proc/{pid}/ns/net"])
    path = f"{INSIDE}/.local/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return [
        "nsenter",
        *spaces,
        f"--wdns={INSIDE}",
        "env",
        "PYTHONDONTWRITEBYTECODE=1",
        f"PATH={path}",
        *variables,
        *arguments,
    ]


def inside(arguments, **options):
    """Run a command inside; see `console.run` for the options."""
    return run(enter(arguments), name=" ".join(map(str, arguments[:6])), **options)


def make_namespace():
    """Make the network namespace with its bridge and the process that keeps the mounts."""
    if holder():
        return
    # what outlived its holder stands on mounts that a new one would make a second time, and its interfaces
    # take their time to go
    _clear_namespace()
    run(["ip", "netns", "add", NAMESPACE])
    _make_bridge()
    _make_folders()
    (RUN / "held").unlink(missing_ok=True)
    processes.start(
        "holder",
        ["nsenter", f"--net=/run/netns/{NAMESPACE}", "unshare", "--mount", "--propagation", "private"]
        + ["sh", CHECKOUT / "testbed/holder.sh", CHECKOUT, CACHE],
        within=30,
        ready=(RUN / "held").exists,
    )


def _make_bridge():
    ip = ["ip", "-n", NAMESPACE]
    if run([*ip, "link", "show", BRIDGE], check=False).returncode:
        # A bridge without an address of its own has that of one of its hosts, and another one when that host goes.
        run([*ip, "link", "add", BRIDGE, "address", BRIDGE_ADDRESS, "type", "bridge"])
    run([*ip, "addr", "replace", f"{GATEWAY}/{PREFIX}", "dev", BRIDGE])
    run([*ip, "link", "set", "lo", "up"])
    run([*ip, "link", "set", BRIDGE, "up"])


def _make_folders():
    for name in FOLDERS:
        (STATE / name).mkdir(parents=True, exist_ok=True)
    for name in ("log", "root", "salt", "secrets"):
        (STATE / name).chmod(0o700)
    hosts = STATE / "cloud/hosts"
    if not hosts.exists():
        hosts.write_text(nspawn_config.hosts_file({}))
    image = STATE / "pool.img"
    if not image.exists():
        partial = STATE / "pool.img.partial"
        partial.unlink(missing_ok=True)
        with partial.open("wb") as out:
            out.truncate(POOL_BYTES)
        run(["mkfs.xfs", "-q", "-m", "reflink=1", partial])
        partial.rename(image)


def relay(name, listen, connect, within=False):
    """Keep a socat relay `name` from `listen` to `connect` (socat addresses); `within` the namespace or outside."""
    command = ["socat", f"{listen},fork", connect]
    processes.start(f"relay-{name}", enter(command) if within else command, ready=lambda: True)


def open_exit(apt_port):
    """The only way out: the hosts' apt to the package cache that listens on `apt_port` of 127.0.0.1."""
    sock = RUN / "apt.sock"
    relay("apt-out", f"UNIX-LISTEN:{sock},unlink-early,mode=600", f"TCP:127.0.0.1:{apt_port}")
    relay("apt", f"TCP-LISTEN:{APT_PORT},bind={GATEWAY},reuseaddr", f"UNIX-CONNECT:{sock}", within=True)


def open_entrance():
    """The only way in: the published ports on 127.0.0.1 to the proxy that the site's floating IP leads to."""
    for outer, inner in PUBLISHED.items():
        sock = RUN / f"{outer}.sock"
        relay(f"{outer}-in", f"UNIX-LISTEN:{sock},unlink-early,mode=600", f"TCP:{SITE}:{inner}", within=True)
        relay(f"{outer}", f"TCP-LISTEN:{outer},bind=127.0.0.1,reuseaddr", f"UNIX-CONNECT:{sock}")


def cgroups():
    """The cgroup folders of this environment's hosts, in every hierarchy, by systemd made or by the driver."""
    try:
        cloud = json.loads((STATE / "cloud/cloud.json").read_text())["id"]
    except (OSError, ValueError, KeyError):
        return []
    tops = [hierarchy.path for hierarchy in nspawn_cgroup.hierarchies()]
    return [path for top in tops for path in (*top.glob(f"salt-cloud-{cloud}-*"), *top.glob(f"*/salt-cloud-{cloud}-*"))]


def members():
    """Pids of the environment's processes: those in one of its two namespaces, and those of its hosts."""
    pid = processes.pid_of("holder")
    spaces = {_link(f"/proc/{pid}/ns/mnt")} if pid else set()
    with contextlib.suppress(OSError):
        spaces.add(f"net:[{os.stat(f'/run/netns/{NAMESPACE}').st_ino}]")
    found = nspawn_cgroup.members(cgroups())
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        if spaces & {_link(entry / "ns/mnt"), _link(entry / "ns/net")}:
            found.add(int(entry.name))
    return found - {os.getpid()}


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def tear_down():
    """End what runs inside, then remove the namespace and everything of STATE and RUN."""
    for pid_file in sorted(RUN.glob("*.pid")):
        if pid_file.stem != "holder":
            processes.stop(pid_file.stem)
    _clear_namespace()
    nspawn_cgroup.remove(cgroups())
    shutil.rmtree(STATE, ignore_errors=True)
    shutil.rmtree(RUN, ignore_errors=True)


def _clear_namespace():
    end_members()
    if pathlib.Path(f"/run/netns/{NAMESPACE}").exists():
        run(["ip", "netns", "delete", NAMESPACE])
    wait_for_loops()


def end_members(within=30):
    """Kill every process of the environment; Problem when some are left after `within` seconds."""
    deadline = time.monotonic() + within
    while (left := members()) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
    if left:
        raise Problem(f"these processes of the local environment do not end: {sorted(left)}")


def wait_for_loops(within=20):
    """Loop devices let go of our files when their last mount has gone; wait for it, up to `within` seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        left = loops.attached()
        if not left:
            return
        for device in left:
            run(["losetup", "--detach", device], check=False)
        time.sleep(0.3)
    raise Problem(f"loop devices are still attached: {', '.join(left)}")
