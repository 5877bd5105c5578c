"""
Starts, stops and talks to the launcher of a host (:mod:`nspawn_launcher`).

Every wait has a limit; what goes wrong is a :class:`cloud_errors.CloudError`.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cloud_locks
import nspawn_cgroup
import nspawn_loop
import nspawn_records
from cloud_errors import CloudError

SYNC_LIMIT = 30
TAIL = 3


def need(program):
    """Return the full path of a program of the machine."""
    found = shutil.which(program, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    if not found:
        raise CloudError(f"{program}: this program is missing on this machine, expected systemd-container's")
    return found


def systemd_runs():
    """Say whether systemd is this machine's first process."""
    return Path("/run/systemd/system").is_dir()


def nspawn_command(name, root, bridge):
    """Return ``(argv, environment)`` of systemd-nspawn for a host."""
    argv = [
        need("systemd-nspawn"), "--quiet", "--settings=no", f"--directory={root}", f"--machine={name}", "--boot",
        # both: registering needs a systemd outside that sees this namespace, and there may be none at all
        "--register=no", "--keep-unit",
        f"--network-bridge={bridge}", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
        "--console=read-only", "--notify-ready=yes",
    ]  # fmt: skip
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
        "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
    }
    return argv, environment


def launch(name, folder, *, image, bridge, cgroup, limits, stop_timeout):
    """
    Return what :mod:`nspawn_launcher` reads from ``launch.json``, without any volume.

    image
        Folder of the image, over which the host's own layer in ``folder`` is mounted.
    limits
        ``{"memory": bytes, "cpus": number}``.
    stop_timeout
        Seconds that the host has to shut down before it is killed.
    """
    argv, environment = nspawn_command(name, folder / "root", bridge)
    return {
        "name": name,
        "serial": 1,
        "image": str(image),
        "argv": argv,
        "env": environment,
        "cgroup": cgroup,
        "limits": limits,
        "stop_timeout": stop_timeout,
        "volumes": [],
        "shared": [],
    }


def launcher_command(folder):
    """Return the command of a host's launcher, in a mount namespace below the caller's."""
    script = Path(__file__).with_name("nspawn_launcher.py")
    return [need("unshare"), "--mount", "--propagation", "slave", sys.executable, "-I", str(script), str(folder)]


def systemd_command(unit, name, command, ram, cpus, stop_timeout, pid):
    """
    Return the command that has systemd run ``command`` as ``unit``, in the mount and network namespaces of ``pid``.

    ram is in MB; a host of N CPUs may use N * 100 % of one.
    """
    properties = {
        "Type": "exec",
        "Delegate": "yes",
        "KillMode": "mixed",
        "TimeoutStopSec": f"{stop_timeout + 10}s",
        "OOMPolicy": "continue",
        "TasksMax": "infinity",
        "MemoryMax": f"{ram}M",
        "CPUQuota": f"{cpus * 100:g}%",
    }
    return [
        need("systemd-run"), "--quiet", "--collect", f"--unit={unit}",
        f"--description=Salt Cloud host {name}",
        *(f"--property={key}={value}" for key, value in properties.items()),
        "--", need("nsenter"), f"--mount=/proc/{pid}/ns/mnt", f"--net=/proc/{pid}/ns/net", "--", *command,
    ]  # fmt: skip


def running(folder):
    """Say whether the host's launcher lives."""
    return cloud_locks.is_locked(folder / "launcher.lock")


def status(folder):
    """Return what the launcher says of the host while it runs, or None."""
    return nspawn_records.read(folder / "run.json", {}) if running(folder) else None


def start(folder, launch, limit):
    """
    Start a host and wait until its systemd has booted.

    folder
        The host's folder, with ``upper``, ``work`` and ``root``.
    launch
        What :func:`launch` returns, with the host's volumes.
    limit
        Seconds to boot.
    """
    clear(folder)
    launch = launch | {"delegated": systemd_runs()}
    nspawn_records.write(folder / "launch.json", launch)
    command = launcher_command(folder)
    with (folder / "launcher.log").open("wb") as log:
        if launch["delegated"]:
            command = systemd_command(
                launch["cgroup"],
                launch["name"],
                command,
                launch["limits"]["memory"] >> 20,
                launch["limits"]["cpus"],
                launch["stop_timeout"],
                os.getpid(),
            )
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=log, timeout=limit, check=False)
            process = None
            if done.returncode:
                raise CloudError(f"{launch['name']}: systemd-run failed: {_tail(folder)}")
        else:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=launch["env"],
                start_new_session=True,
            )
    _wait_for_boot(folder, launch["name"], process, 0, limit)


def _wait_for_boot(folder, name, process, boots, limit):
    deadline = time.monotonic() + limit
    # a launcher that systemd starts has no process of ours to ask; it has this long to take its lock
    appear = time.monotonic() + 20
    while True:
        run = status(folder)
        if run and run.get("ready") and run["boots"] > boots:
            return
        late = process.poll() is not None if process else time.monotonic() > appear
        # run.json without a living launcher: it came and went
        if run is None and (late or (folder / "run.json").exists()) and not running(folder):
            raise CloudError(f"{name}: the host did not start: {_tail(folder)}")
        if time.monotonic() > deadline:
            raise CloudError(f"{name}: the host has not booted within {limit} seconds: {_tail(folder)}")
        time.sleep(0.1)


def _tail(folder):
    lines = []
    for log in ("launcher.log", "console.log"):
        with contextlib.suppress(FileNotFoundError):
            lines += (folder / log).read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
    return " | ".join(line.strip() for line in lines if line.strip()) or "no message"


def stop(folder, name, limit, for_good=False):
    """
    Shut a host down; what has not stopped after ``limit`` seconds is killed.

    for_good
        Kill it as soon as it has unmounted its volumes: nothing else of it will be needed again.
    """
    run = status(folder)
    if run and run.get("pid"):
        _signal(run["pid"], signal.SIGTERM)
        deadline = time.monotonic() + limit
        while running(folder) and time.monotonic() < deadline:
            if for_good and not any(_in_use(folder, device) for device in run["volumes"].values()):
                break
            time.sleep(0.1)
    clear(folder)
    if running(folder):
        raise CloudError(f"{name}: the host could not be stopped")


def _in_use(folder, device):
    claim = nspawn_loop.claim(device)
    if claim is None:
        # by this host, or only by others that share the volume
        return mounted_at(folder, device) is not None
    os.close(claim)
    return False


def clear(folder):
    """Kill what is left of a host's processes and remove its cgroup; whoever died of them does not matter."""
    run = nspawn_records.read(folder / "run.json", {})
    groups = run.get("cgroups", [])
    if run.get("pid") and running(folder):
        _signal(run["pid"], signal.SIGKILL)
    launch = nspawn_records.read(folder / "launch.json", {})
    for volume in launch.get("volumes", ()):
        device = run.get("volumes", {}).get(volume["id"])
        # who writes to a file system that is frozen cannot be killed
        if device and volume.get("own") and os.path.exists(device):
            nspawn_loop.thaw(device)
    if not nspawn_cgroup.kill(groups):
        raise CloudError(f"{folder.name}: processes of this host could not be killed")
    nspawn_cgroup.remove(groups)
    (folder / "run.json").unlink(missing_ok=True)


def reboot(folder, name, limit):
    """Reboot a running host and wait until it is up again."""
    run = status(folder)
    if not run or not run.get("leader"):
        raise CloudError(f"{name}: the host is not running, start it instead")
    _signal(run["leader"], signal.SIGRTMIN + 5)
    _wait_for_boot(folder, name, None, run["boots"], limit)


def sync_volumes(folder, launch):
    """
    Hand a running host's launcher a new list of volumes.

    Returns what the launcher could not do, ``{volume id: reason}``.
    """
    nspawn_records.write(folder / "launch.json", launch)
    run = status(folder)
    if run is None:
        return {}
    _signal(run["pid"], signal.SIGHUP)
    deadline = time.monotonic() + SYNC_LIMIT
    while (run := status(folder)) and run["serial"] != launch["serial"]:
        if time.monotonic() > deadline:
            raise CloudError(f"{launch['name']}: its launcher has not answered within {SYNC_LIMIT} seconds")
        time.sleep(0.05)
    return run["errors"] if run else {}


def mounted_at(folder, device):
    """Return where a running host has ``device`` mounted, as far as its first process sees it."""
    run = status(folder) or {}
    number = os.stat(device).st_rdev
    wanted = f"{os.major(number)}:{os.minor(number)}"
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{run.get('leader')}/mountinfo").read_text(encoding="utf-8").splitlines():
            fields = line.split(" ")
            if fields[2] == wanted:
                return fields[4]
    return None


def _signal(pid, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
