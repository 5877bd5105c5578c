"""The nspawn driver by `salt-cloud` itself, on hosts and volumes of its own names beside the running environment."""

import json
import os
import signal
import subprocess
import time

import pytest

MAP = """\
idr-base:
  - try-one:
      size: m1.tiny
      volumes:
        - {name: db, size: 1}
        - {name: tmp, size: 1, delete_on_termination: true}
  - try-two:
      size: m1.small
      grains: {colour: red}
"""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Cloud:
    """`salt-cloud` with JSON, and what the tests look at."""

    def __init__(self, local, map_file):
        self.local, self.map_file = local, str(map_file)

    def run(self, *arguments):
        return self.local.run("salt-cloud", "--out=json", "-y", *arguments)

    def ask(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def function(self, name, *arguments):
        return self.ask("-f", name, "local", *arguments)["local"]["nspawn"]

    def action(self, name, host, *arguments):
        return self.ask("-a", name, host, *arguments)["local"]["nspawn"][host]

    def show(self, host):
        return self.action("show_instance", host)

    def hosts(self):
        nodes = self.ask("-Q").get("local", {}).get("nspawn", {})
        return {name: node["state"] for name, node in nodes.items() if name.startswith("try-")}

    def volumes(self):
        return {name: volume for name, volume in self.function("list_volumes").items() if name.startswith("try-")}

    def inside(self, host, script, check=True):
        """Run a shell script as a service of the host, with the host's own capabilities and limits."""
        enter = ["nsenter", "--all", f"--target={self.show(host)['pid']}", "env", "-i", f"PATH={PATH}"]
        command = [*enter, "systemd-run", "--quiet", "--pipe", "--wait", "sh", "-ec", script]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def accepted_keys(self):
        done = self.local.run("salt-key", "--list=accepted", "--out=json")
        return [name for name in json.loads(done.stdout)["minions"] if name.startswith("try-")]

    def clean(self):
        """Remove whatever these tests may have left."""
        for host in self.hosts():
            self.ask("-d", host)
        for name in self.volumes():
            self.function("delete_volume", f"name={name}")
        for name in self.function("list_snapshots"):
            if name.startswith("try-"):
                self.function("delete_snapshot", f"name={name}")


@pytest.fixture(scope="module")
def cloud(local, tmp_path_factory):
    map_file = tmp_path_factory.mktemp("maps") / "try.map"
    map_file.write_text(MAP)
    cloud = Cloud(local, map_file)
    cloud.clean()
    yield cloud
    cloud.clean()
    assert cloud.hosts() == {}
    assert cloud.volumes() == {}


def eventually(check, limit=60):
    """Wait until ``check()`` holds."""
    deadline = time.monotonic() + limit
    while not check():
        assert time.monotonic() < deadline, check
        time.sleep(0.5)


@pytest.fixture(scope="module")
def made(cloud):
    """The map's two hosts."""
    answer = cloud.ask("-m", cloud.map_file, "-P")
    assert set(answer) == {"try-one", "try-two"}
    assert {node["state"] for node in answer.values()} == {"running"}, answer
    return answer


def test_lists(cloud):
    assert "debian-12" in cloud.ask("--list-images", "local")["local"]["nspawn"]
    assert cloud.ask("--list-sizes", "local")["local"]["nspawn"]["m1.tiny"]["ram"] == 512
    assert "localhost" in cloud.ask("--list-locations", "local")["local"]["nspawn"]


def test_hosts_are_real_and_known_to_the_master(cloud, made):
    assert made["try-one"]["private_ips"] != made["try-two"]["private_ips"]
    assert cloud.inside("try-one", "cat /proc/1/comm").stdout == "systemd\n"
    assert cloud.inside("try-one", "cat /etc/hostname /etc/machine-id").stdout.split() == [
        "try-one",
        made["try-one"]["machine_id"],
    ]
    address = made["try-two"]["private_ips"][0]
    assert f"inet {address}/" in cloud.inside("try-two", "ip -4 addr show host0").stdout
    assert cloud.accepted_keys() == ["try-one", "try-two"]

    def answer():
        done = cloud.local.run("salt", "--out=json", "--static", "-t", "10", "-L", "try-one,try-two", "test.ping")
        return done.returncode == 0 and json.loads(done.stdout) == {"try-one": True, "try-two": True}

    eventually(answer)


def test_second_run_of_the_map_changes_nothing(cloud, made):
    assert cloud.ask("-m", cloud.map_file, "-P") == {
        "try-one": {"Message": "Already running."},
        "try-two": {"Message": "Already running."},
    }
    assert cloud.show("try-one")["pid"] == made["try-one"]["pid"]


def test_memory_limit_is_kept_or_its_absence_said(cloud, made):
    limit = cloud.show("try-one")["limits"]["memory"]
    if limit.startswith("not limited"):
        assert "no memory controller" in limit
        return
    assert limit == "512 MB"
    eat = "python3 -c 'x = bytearray(700 << 20)'"
    assert cloud.inside("try-one", eat, check=False).returncode != 0
    assert cloud.inside("try-two", eat, check=False).returncode == 0


def test_life_of_a_volume(cloud, made):
    link = next(volume["device"] for volume in made["try-one"]["volumes"] if volume["name"] == "try-one-db")
    cloud.inside(
        "try-one",
        f"mkfs.xfs -q -L try-db {link}; mkdir /srv/db; echo 'LABEL=try-db /srv/db xfs defaults 0 2' >> /etc/fstab;"
        "mount /srv/db; echo kept > /srv/db/file; sync",
    )
    refused = cloud.run("-a", "detach_volume", "try-one", "name=try-one-db")
    assert refused.returncode == 1
    assert "mounted at /srv/db there, unmount it first" in refused.stderr

    cloud.function("extend_volume", "name=try-one-db", "size=2")
    assert cloud.inside("try-one", f"blockdev --getsize64 {link}").stdout.strip() == str(2 << 30)
    cloud.inside("try-one", "xfs_growfs /srv/db")

    cloud.function("create_snapshot", "name=try-snap", "volume=try-one-db")
    cloud.function("clone_volume", "name=try-copy", "snapshot=try-snap", "size=3")
    copy = cloud.action("attach_volume", "try-two", "name=try-copy")["device"]
    assert cloud.inside("try-two", f"mount -o nouuid {copy} /mnt; cat /mnt/file; umount /mnt").stdout == "kept\n"
    cloud.action("detach_volume", "try-two", "name=try-copy")
    assert cloud.inside("try-two", f"test ! -e {copy}; ls /dev/disk/by-id").stdout == ""
    cloud.function("delete_snapshot", "name=try-snap")
    cloud.function("delete_volume", "name=try-copy")


def test_reboot_from_outside_and_inside(cloud, made):
    def booted(before):
        node = cloud.show("try-one")
        return node["state"] == "running" and node["pid"] not in (None, before)

    before = cloud.show("try-one")["pid"]
    cloud.action("reboot", "try-one")
    assert booted(before)
    assert cloud.inside("try-one", "cat /srv/db/file").stdout == "kept\n"
    before = cloud.show("try-one")["pid"]
    cloud.inside("try-one", "systemctl --no-block reboot")
    eventually(lambda: booted(before))
    eventually(lambda: cloud.inside("try-one", "cat /srv/db/file", check=False).stdout == "kept\n")


def test_stop_and_start(cloud, made):
    assert cloud.action("stop", "try-one") == "stopped"
    assert cloud.hosts()["try-one"] == "stopped"
    assert loop_devices(cloud, "try-one") == []
    assert cloud.action("start", "try-one") == "started"
    assert cloud.inside("try-one", "cat /srv/db/file").stdout == "kept\n"


def test_host_whose_launcher_was_killed_starts_again(cloud, made):
    leader = cloud.show("try-two")["pid"]
    with open(f"/proc/{leader}/status") as status:
        nspawn = next(int(line.split()[1]) for line in status if line.startswith("PPid:"))
    os.kill(nspawn, signal.SIGKILL)
    eventually(lambda: cloud.hosts()["try-two"] == "stopped")
    assert cloud.action("start", "try-two") == "started"
    assert cloud.inside("try-two", "cat /proc/1/comm").stdout == "systemd\n"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{size: m9.none}", "profile idr-base, host try-bad: size: expected one of m1.large"),
        ("{image: none}", "host try-bad: image: expected one of"),
        ("{volumes: [{name: a, sise: 1}]}", "host try-bad: volumes[0]: unknown key 'sise'"),
        ("{volumes: [{name: a, snapshot: none}]}", "host try-bad: volumes: a: no snapshot 'none'"),
    ],
)
def test_wrong_map_makes_nothing(cloud, tmp_path, entry, message):
    (tmp_path / "bad.map").write_text(f"idr-base:\n  - try-good\n  - try-bad: {entry}\n")
    answer = cloud.ask("-m", str(tmp_path / "bad.map"), "-P")
    assert message in answer["try-bad"]["Error"]
    assert message in answer["try-good"]["Error"]
    for name in ("try-bad", "try-good"):
        assert name not in cloud.hosts()
        assert name not in cloud.accepted_keys()
    assert not [name for name in cloud.volumes() if "bad" in name]


def test_wrong_name_on_the_command_line_fails(cloud):
    done = cloud.run("-p", "idr-base", "try_bad")
    assert done.returncode == 1
    assert "name: expected 1 to 63 of a-z, 0-9 and -" in done.stderr


def test_destroyed_map_leaves_its_volume_and_comes_back_with_it(cloud, made):
    before = cloud.show("try-one")
    cloud.ask("-m", cloud.map_file, "-d")
    assert cloud.hosts() == {}
    assert cloud.accepted_keys() == []
    assert loop_devices(cloud, "try-one") == []
    assert list(cloud.volumes()) == ["try-one-db"]
    left = subprocess.run(["pgrep", "-f", "nspawn.*/try-(one|two)"], capture_output=True, text=True, check=False)
    assert left.stdout == ""
    smaller = cloud.ask("-m", cloud.map_file, "-P")
    assert "try-one-db exists with 2 GB, more than the 1 GB asked for" in smaller["try-one"]["Error"]
    assert "try-one" not in cloud.accepted_keys()
    with open(cloud.map_file, "w") as handle:
        handle.write(MAP.replace("db, size: 1", "db, size: 2"))
    after = cloud.ask("-m", cloud.map_file, "-P")["try-one"]
    assert after["id"] != before["id"]
    link = next(volume["device"] for volume in after["volumes"] if volume["name"] == "try-one-db")
    assert cloud.inside("try-one", f"mount {link} /mnt; cat /mnt/file; umount /mnt").stdout == "kept\n"


def loop_devices(cloud, host):
    """The machine's loop devices behind the volumes that a host has, or had."""
    used = subprocess.run(["losetup", "--list", "--noheadings", "-O", "BACK-FILE"], capture_output=True, text=True)
    ids = [volume["id"] for name, volume in cloud.volumes().items() if name.startswith(host)]
    return [line for line in used.stdout.splitlines() if any(each in line for each in ids)]
