"""
A cgroup per host, in every hierarchy that matters, on cgroup v1, v2 and the mix of both.

Two ways to come by one: ``own`` makes it by hand (no systemd outside), ``delegated`` takes the one systemd gave to the
unit. In the hierarchies that systemd-nspawn itself arranges ("trees": v2 and v1's name=systemd) the launcher and the
host sit in two leaves below it, because an inner cgroup of v2 cannot hold processes.
"""

import contextlib
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

CPU_PERIOD = 100_000
# a process that waits for the machine's disk (sync at shutdown) dies only when that is done
KILL_LIMIT = 120


@dataclass(frozen=True)
class Hierarchy:
    """One mounted hierarchy; ``names`` are its controllers (v1), or ``{"v2"}``."""

    path: Path
    names: frozenset

    @property
    def is_tree(self):
        """Say whether systemd-nspawn puts the container's own cgroups here."""
        return bool(self.names & {"v2", "name=systemd"})


@dataclass
class Group:
    """A host's cgroup: its folder per hierarchy, and the limits (bytes, CPUs) the kernel really enforces."""

    trees: list = field(default_factory=list)
    others: list = field(default_factory=list)
    limits: dict = field(default_factory=lambda: {"memory": None, "cpus": None})


def hierarchies(mountinfo="/proc/self/mountinfo"):
    """Return the mounted :class:`Hierarchy` objects."""
    found = []
    for line in Path(mountinfo).read_text(encoding="utf-8").splitlines():
        before, after = line.split(" - ", 1)
        kind, _source, options = after.split(" ", 2)
        path = Path(before.split(" ")[4])
        if kind == "cgroup2":
            found.append(Hierarchy(path, frozenset({"v2"})))
        elif kind == "cgroup":
            found.append(Hierarchy(path, frozenset(options.split(","))))
    return found


def own(mounted, name, limits):
    """Make the cgroup ``name`` in every hierarchy, limit it and return the :class:`Group`."""
    group = Group()
    for hierarchy in mounted:
        if not hierarchy.is_tree and not hierarchy.names & {"memory", "cpu"}:
            continue
        folder = hierarchy.path / name
        if "v2" in hierarchy.names:
            _offer_controllers(hierarchy.path, folder)
        folder.mkdir(parents=True, exist_ok=True)
        (group.trees if hierarchy.is_tree else group.others).append(folder)
        _limit(folder, limits)
    _read_limits(group)
    return group


def delegated(mounted, membership="/proc/self/cgroup"):
    """Return the :class:`Group` of the calling process, which systemd made and delegated."""
    group = Group()
    paths = {}
    for line in Path(membership).read_text(encoding="utf-8").splitlines():
        number, names, path = line.split(":", 2)
        for name in ["v2"] if number == "0" else names.split(","):
            paths[name] = path
    for hierarchy in mounted:
        path = next((paths[name] for name in hierarchy.names if name in paths), "/")
        if path != "/":
            (group.trees if hierarchy.is_tree else group.others).append(hierarchy.path / path.lstrip("/"))
    _read_limits(group)
    return group


def _offer_controllers(root, folder):
    """Let v2's controllers reach ``folder``; what the kernel or v1 keeps for itself stays away."""
    parent = root
    for part in folder.parent.relative_to(root).parts:
        _enable(parent)
        parent = parent / part
        parent.mkdir(exist_ok=True)
    _enable(parent)


def _enable(folder):
    for controller in ("memory", "cpu"):
        with contextlib.suppress(OSError):
            (folder / "cgroup.subtree_control").write_text(f"+{controller}", encoding="ascii")


def _limit(folder, limits):
    quota = int(limits["cpus"] * CPU_PERIOD)
    for name, value in (
        ("memory.max", limits["memory"]),
        ("memory.limit_in_bytes", limits["memory"]),
        ("cpu.max", f"{quota} {CPU_PERIOD}"),
        ("cpu.cfs_period_us", CPU_PERIOD),
        ("cpu.cfs_quota_us", quota),
    ):
        if (folder / name).exists():
            with contextlib.suppress(OSError):
                (folder / name).write_text(str(value), encoding="ascii")


def _read_limits(group):
    for folder in (*group.trees, *group.others):
        for name in ("memory.max", "memory.limit_in_bytes"):
            value = _value(folder / name)
            # v1 shows "no limit" as the largest number of pages
            if value and value[0].isdigit() and int(value[0]) < 1 << 60:
                group.limits["memory"] = int(value[0])
        quota, period = (
            _value(folder / "cpu.max")
            or (
                *_value(folder / "cpu.cfs_quota_us"),
                *_value(folder / "cpu.cfs_period_us"),
            )
            or ("max", "1")
        )
        if quota.isdigit():
            group.limits["cpus"] = int(quota) / int(period)


def _value(path):
    try:
        return path.read_text(encoding="ascii").split()
    except OSError:
        return []


def enter(group, leaf):
    """Move the calling process into the group, in the trees into its ``leaf``, and nothing else into that."""
    for folder in group.trees:
        (folder / leaf).mkdir(exist_ok=True)
        (folder / leaf / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
    for folder in group.others:
        (folder / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")


def leave(group):
    """Move the calling process back to the roots, so that the group can be removed."""
    for hierarchy in hierarchies():
        if any(folder.is_relative_to(hierarchy.path) for folder in (*group.trees, *group.others)):
            with contextlib.suppress(OSError):
                (hierarchy.path / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")


def members(folders):
    """Return the ids of all processes in ``folders`` and below."""
    pids: set[int] = set()
    for folder in folders:
        for path in Path(folder).rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                pids.update(int(line) for line in path.read_text(encoding="ascii").split())
    return pids - {0}


def kill(folders, limit=KILL_LIMIT):
    """Kill every process in ``folders`` and below; say whether all are gone within ``limit`` seconds."""
    deadline = time.monotonic() + limit
    while pids := members(folders):
        if time.monotonic() > deadline:
            return False
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    return True


def remove(folders):
    """Remove the cgroups ``folders`` with all below them, as far as they are empty of processes."""
    for folder in map(Path, folders):
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir():
                with contextlib.suppress(OSError):
                    path.rmdir()
        with contextlib.suppress(OSError):
            folder.rmdir()
