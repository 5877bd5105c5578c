"""Cgroups of v1, v2 and their mix, on folders that look like them."""

import os
import subprocess

import nspawn_cgroup
import pytest

MIXED = """\
30 25 0:26 / {root} rw - tmpfs tmpfs rw,mode=755
31 30 0:27 / {root}/memory rw - cgroup cgroup rw,memory
32 30 0:28 / {root}/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 30 0:29 / {root}/pids rw - cgroup cgroup rw,pids
34 30 0:30 / {root}/systemd rw - cgroup cgroup rw,name=systemd
35 30 0:31 / {root}/unified rw - cgroup2 cgroup2 rw
"""
UNIFIED = "30 25 0:26 / {root} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
LIMITS = {"memory": 512 << 20, "cpus": 1.5}


@pytest.fixture
def mounted(tmp_path):
    """Return a function that gives the hierarchies of a mountinfo text."""

    def read(text):
        (tmp_path / "mountinfo").write_text(text.format(root=tmp_path))
        found = nspawn_cgroup.hierarchies(tmp_path / "mountinfo")
        for hierarchy in found:
            hierarchy.path.mkdir(exist_ok=True)
        return found

    return read


def test_hierarchies_of_a_mix(mounted, tmp_path):
    found = {hierarchy.path.name: hierarchy for hierarchy in mounted(MIXED)}
    assert set(found) == {"memory", "cpu,cpuacct", "pids", "systemd", "unified"}
    assert [name for name, hierarchy in found.items() if hierarchy.is_tree] == ["systemd", "unified"]


def test_own_on_a_mix(mounted, tmp_path):
    """The kernel's files are there as soon as a cgroup is made; here they are made first."""
    found = mounted(MIXED)
    for folder, names in (
        ("memory", ["memory.limit_in_bytes"]),
        ("cpu,cpuacct", ["cpu.cfs_period_us", "cpu.cfs_quota_us"]),
    ):
        (tmp_path / folder / "x-one").mkdir()
        for name in names:
            (tmp_path / folder / "x-one" / name).write_text("-1")
    group = nspawn_cgroup.own(found, "x-one", LIMITS)
    assert sorted(folder.parent.name for folder in group.trees) == ["systemd", "unified"]
    assert sorted(folder.parent.name for folder in group.others) == ["cpu,cpuacct", "memory"]
    assert (tmp_path / "memory/x-one/memory.limit_in_bytes").read_text() == str(512 << 20)
    assert (tmp_path / "cpu,cpuacct/x-one/cpu.cfs_quota_us").read_text() == "150000"
    assert group.limits == {"memory": 512 << 20, "cpus": 1.5}
    assert not (tmp_path / "pids/x-one").exists()


def test_own_on_v2(mounted, tmp_path):
    found = mounted(UNIFIED)
    (tmp_path / "x-one").mkdir()
    for name in ("memory.max", "cpu.max"):
        (tmp_path / "x-one" / name).write_text("max")
    group = nspawn_cgroup.own(found, "x-one", LIMITS)
    assert group.trees == [tmp_path / "x-one"]
    assert (tmp_path / "x-one/cpu.max").read_text() == "150000 100000"
    assert group.limits == {"memory": 512 << 20, "cpus": 1.5}


def test_without_controllers_nothing_is_said_to_be_limited(mounted):
    group = nspawn_cgroup.own(mounted(UNIFIED), "x-one", LIMITS)
    assert group.limits == {"memory": None, "cpus": None}


def test_v1_numbers_that_mean_no_limit(mounted, tmp_path):
    found = mounted(MIXED)
    for folder, name, text in (
        ("memory", "memory.limit_in_bytes", "9223372036854771712"),
        ("cpu,cpuacct", "cpu.cfs_quota_us", "-1"),
        ("cpu,cpuacct", "cpu.cfs_period_us", "100000"),
    ):
        (tmp_path / folder / "unit").mkdir(exist_ok=True)
        (tmp_path / folder / "unit" / name).write_text(text)
    (tmp_path / "self").write_text("5:memory:/unit\n4:cpu,cpuacct:/unit\n1:name=systemd:/unit\n0::/unit\n")
    group = nspawn_cgroup.delegated(found, tmp_path / "self")
    assert group.limits == {"memory": None, "cpus": None}


def test_delegated_on_v2(mounted, tmp_path):
    unit = tmp_path / "system.slice/host.service"
    unit.mkdir(parents=True)
    (unit / "memory.max").write_text("536870912\n")
    (unit / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "self").write_text("0::/system.slice/host.service\n")
    group = nspawn_cgroup.delegated(mounted(UNIFIED), tmp_path / "self")
    assert group.trees == [unit]
    assert group.limits == LIMITS


def test_enter_takes_a_leaf_in_trees_only(tmp_path):
    group = nspawn_cgroup.Group(trees=[tmp_path / "v2"], others=[tmp_path / "memory"])
    for folder in (*group.trees, *group.others):
        folder.mkdir()
    nspawn_cgroup.enter(group, "launcher")
    assert (tmp_path / "v2/launcher/cgroup.procs").read_text() == str(os.getpid())
    assert (tmp_path / "memory/cgroup.procs").read_text() == str(os.getpid())


def test_kill_takes_all_members_below(tmp_path):
    with subprocess.Popen(["/bin/sleep", "600"]) as sleeper:
        (tmp_path / "host/payload").mkdir(parents=True)
        procs = tmp_path / "host/payload/cgroup.procs"
        procs.write_text(f"{sleeper.pid}\n")
        assert nspawn_cgroup.members([tmp_path]) == {sleeper.pid}
        # the file, unlike the kernel's, still names the dead: the limit ends the wait
        assert nspawn_cgroup.kill([tmp_path], limit=0.2) is False
        assert sleeper.wait(10) == -9
        procs.write_text("")
        assert nspawn_cgroup.kill([tmp_path], limit=0.2) is True


def test_remove_takes_empty_folders_only(tmp_path):
    (tmp_path / "a/b/c").mkdir(parents=True)
    nspawn_cgroup.remove([tmp_path / "a", tmp_path / "never"])
    assert not (tmp_path / "a").exists()
