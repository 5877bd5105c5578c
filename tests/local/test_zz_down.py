"""`make down` leaves nothing behind: no process, mount, namespace, loop device or file but the cache."""

import pathlib
import subprocess

from testbed import processes


def listing(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def remains(local_pids):
    proc = pathlib.Path("/proc")
    return {
        # a zombie has ended; who collects it is the machine's own affair
        "processes": [p for p in local_pids if processes.start_time(p)],
        "namespaces": [line for line in listing("ip", "netns", "list").splitlines() if line.startswith("idr-local")],
        "mounts": [
            line for line in (proc / "self/mounts").read_text().splitlines() if "/.local" in line or "idr-local" in line
        ],
        "loops": [
            line for line in listing("losetup", "--list", "-O", "NAME,BACK-FILE").splitlines() if ".local/pool" in line
        ],
        "cgroups": [str(p) for p in pathlib.Path("/sys/fs/cgroup").glob("**/salt-cloud-*")],
        "run": [str(p) for p in pathlib.Path("/run").glob("idr-local*")],
        "links": [line for line in listing("ip", "-o", "link").splitlines() if "br0" in line],
    }


def members(local):
    """Every process of the environment: those in its network namespace, and those of its hosts."""
    inside = local.run("sh", "-c", "readlink /proc/self/ns/net").stdout.strip()
    found = set()
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if str((entry / "ns/net").readlink()) == inside or "/salt-cloud-" in (entry / "cgroup").read_text():
                found.add(int(entry.name))
        except OSError:
            continue
    return found


def test_down_leaves_nothing(local):
    pids = members(local)
    assert len(pids) > 50
    done = local.make("down", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not any(remains(pids).values()), remains(pids)
    checkout = pathlib.Path(__file__).parents[2]
    assert not (checkout / ".local").exists()
    ignored = listing("git", "-C", str(checkout), "status", "--porcelain", "--ignored")
    assert ".local" not in ignored
    assert "pillar/secrets" not in ignored


def test_down_again_has_nothing_to_do(local):
    done = local.make("down", timeout=60)
    assert done.returncode == 0
    assert "nothing to remove" in done.stdout
