"""
The process that stays with one systemd-nspawn host as long as it runs, over its reboots.

    python nspawn_launcher.py FOLDER

Needs nothing but the standard library. Starts in a mount namespace of its own, so that the overlay disappears with it.
It holds an flock on ``launcher.lock`` all its life (that is how the driver sees that the host runs) and the loop
devices open. It reads ``launch.json`` at its start and on SIGHUP, and says in ``run.json`` what is so. SIGTERM shuts
the host down.
"""

import contextlib
import fcntl
import json
import os
import selectors
import signal
import socket
import stat
import subprocess
import sys
import time
import uuid
from pathlib import Path

# run as a script in isolated mode: its neighbours come last, they must not hide the standard library
sys.path.append(str(Path(__file__).resolve().parent))

import nspawn_cgroup  # noqa: E402
import nspawn_loop  # noqa: E402

REBOOT = 133
DEVICES = "etc/tmpfiles.d/nspawn-volumes.conf"


class Launcher:
    """One host: its overlay, cgroup, volumes and the systemd-nspawn process."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.root = self.folder / "root"
        self.launch = self._read()
        self.volumes: dict = {}
        self.stop_at: float | None = None
        self.run: dict = {
            "pid": os.getpid(), "nspawn": None, "leader": None, "ready": False, "boots": 0, "serial": 0,
            "volumes": {}, "errors": {}, "cgroups": [], "limits": {}, "exit": None,
        }  # fmt: skip

    def _read(self):
        return json.loads((self.folder / "launch.json").read_text(encoding="utf-8"))

    def say(self, **changes):
        """Publish what has changed in ``run.json``."""
        self.run.update(changes)
        fresh = self.folder / f".run.json.{uuid.uuid4().hex}"
        fresh.write_text(json.dumps(self.run, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        fresh.replace(self.folder / "run.json")

    def main(self):
        """Run the host until it is powered off; return the exit code."""
        self.say()
        group = self.enter_cgroup()
        self.mount_root()
        self.sync_volumes()
        if self.run["errors"]:
            raise OSError("; ".join(sorted(self.run["errors"].values())))
        with Signals() as signals:
            while True:
                code = self.boot(group, signals)
                # a killed systemd-nspawn leaves its container behind
                nspawn_cgroup.kill([path / "host" for path in group.trees])
                if code != REBOOT or self.stop_at is not None:
                    break
                # a host that reboots over and over must not take the whole machine
                time.sleep(0.5)
        if not self.launch["delegated"]:
            nspawn_cgroup.leave(group)
            nspawn_cgroup.remove(self.run["cgroups"])
        self.say(exit=code)
        return code

    def enter_cgroup(self):
        """Join this host's cgroup; its folders are published first, so that the driver can always clear them."""
        mounted = nspawn_cgroup.hierarchies()
        if self.launch["delegated"]:
            group = nspawn_cgroup.delegated(mounted)
        else:
            group = nspawn_cgroup.own(mounted, self.launch["cgroup"], self.launch["limits"])
        if not group.trees:
            raise OSError("no cgroup v2 hierarchy is mounted here (is /sys/fs/cgroup hidden by another mount?)")
        self.say(cgroups=[str(path) for path in (*group.trees, *group.others)], limits=group.limits)
        nspawn_cgroup.enter(group, "launcher")
        return group

    def mount_root(self):
        """Mount the host's root: its own layer over the image."""
        layers = f"lowerdir={self.launch['image']},upperdir={self.folder / 'upper'},workdir={self.folder / 'work'}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(self.root)], check=True)  # noqa: S607
        # what nspawn leaves in its run-time folder goes with this namespace too
        runtime = Path("/run/systemd/nspawn")
        runtime.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(runtime)], check=True)  # noqa: S607

    def boot(self, group, signals):
        """Start systemd-nspawn, follow it to its end, return its exit code."""
        self.thaw()
        nspawn_cgroup.remove(path / "host" for path in group.trees)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind("")
            name = notify.getsockname()
            environment = self.launch["env"] | {"NOTIFY_SOCKET": "@" + name[1:].decode()}
            with (self.folder / "console.log").open("ab") as console:
                nspawn = subprocess.Popen(
                    self.launch["argv"],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=console,
                    stderr=console,
                    preexec_fn=lambda: nspawn_cgroup.enter(group, "host"),
                    start_new_session=True,
                )
            self.say(nspawn=nspawn.pid, leader=None, ready=False, boots=self.run["boots"] + 1, exit=None)
            code = self.follow(nspawn, notify, signals)
        self.say(nspawn=None, leader=None, ready=False, exit=code)
        return code

    def follow(self, nspawn, notify, signals):
        """Serve signals and systemd-nspawn's notifications until it ends."""
        with selectors.DefaultSelector() as selector:
            selector.register(notify, selectors.EVENT_READ, lambda: self.notified(notify.recv(4096)))
            selector.register(signals.reader, selectors.EVENT_READ, lambda: self.signalled(signals.read()))
            while nspawn.poll() is None:
                for key, _events in selector.select(timeout=1):
                    key.data()
                if self.stop_at is not None:
                    self.power_off(nspawn)
                if self.run["leader"] and not os.path.lexists(f"/proc/{self.run['leader']}/root/proc"):
                    # it dies, and waits for those of its processes that wait for a file system to be thawed
                    self.thaw()
        return nspawn.returncode

    def thaw(self):
        """Thaw what a host that is no more has left frozen; what others share with it is its owner's to thaw."""
        for volume in self.volumes.values():
            if volume.get("own"):
                nspawn_loop.thaw(volume["device"])

    def notified(self, message):
        """Note what systemd-nspawn says: the host's first process, and that it has booted."""
        for line in message.decode(errors="replace").splitlines():
            key, _, value = line.partition("=")
            if key == "X_NSPAWN_LEADER_PID" and value.isdigit():
                self.say(leader=int(value))
            elif key == "READY" and value == "1":
                self.say(ready=True)

    def signalled(self, numbers):
        """React to SIGTERM and SIGHUP."""
        if signal.SIGTERM in numbers and self.stop_at is None:
            self.stop_at = time.monotonic() + self.launch["stop_timeout"]
        if signal.SIGHUP in numbers:
            self.launch = self._read()
            self.sync_volumes()

    def power_off(self, nspawn):
        """Ask the host to power off, again and again as it may still be booting; in the end kill it."""
        late = self.stop_at is not None and time.monotonic() > self.stop_at
        if self.run["leader"] is None:
            nspawn.send_signal(signal.SIGTERM)
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.run["leader"], signal.SIGKILL if late else signal.SIGRTMIN + 4)

    def sync_volumes(self):
        """Attach and detach until the host has the volumes of ``launch.json``, at their present size."""
        wanted = {volume["id"]: volume for volume in self.launch["volumes"]}
        errors = {}
        for known in sorted(self.volumes):
            try:
                if known in wanted:
                    nspawn_loop.resize(self.volumes[known]["fd"])
                else:
                    self.detach(known)
            except OSError as exc:
                errors[known] = str(exc)
        for fresh in sorted(set(wanted) - set(self.volumes)):
            try:
                self.attach(wanted[fresh])
            except OSError as exc:
                errors[fresh] = str(exc)
        self.write_device_table()
        devices = {key: volume["device"] for key, volume in self.volumes.items()}
        self.say(volumes=devices, errors=errors, serial=self.launch["serial"])

    def live_dev(self):
        """Return the running host's /dev as seen from here, or None."""
        leader = self.run["leader"]
        return Path(f"/proc/{leader}/root/dev") if leader else None

    def attach(self, volume):
        """Give the host a volume."""
        device, fd = nspawn_loop.attach(volume["path"])
        self.volumes[volume["id"]] = volume | {"device": device, "fd": fd}
        dev = self.live_dev()
        if dev:
            node, link = dev / Path(device).name, dev / Path(volume["link"]).relative_to("/dev")
            _discard(node, link)
            os.mknod(node, stat.S_IFBLK | 0o660, os.fstat(fd).st_rdev)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.path.relpath(node, link.parent))

    def detach(self, key):
        """Take a volume from the host unless it is in use there."""
        volume = self.volumes[key]
        claim = nspawn_loop.claim(volume["device"])
        # what other hosts do with a volume that they share is none of this host's business
        if claim is None and (key not in self.launch.get("shared", ()) or self.mounted(volume["fd"])):
            raise OSError("in use")
        dev = self.live_dev()
        if dev:
            _discard(dev / Path(volume["device"]).name, dev / Path(volume["link"]).relative_to("/dev"))
        del self.volumes[key]
        if claim is not None:
            os.close(claim)
        os.close(volume["fd"])

    def mounted(self, fd):
        """Say whether the host's first process sees the open device mounted."""
        number = os.fstat(fd).st_rdev
        wanted = f"{os.major(number)}:{os.minor(number)}"
        with contextlib.suppress(FileNotFoundError):
            table = Path(f"/proc/{self.run['leader']}/mountinfo").read_text(encoding="utf-8")
            return any(line.split(" ")[2] == wanted for line in table.splitlines())
        return False

    def write_device_table(self):
        """Write the host's tmpfiles.d entries, from which its next boot makes the devices and links again."""
        lines = []
        for volume in sorted(self.volumes.values(), key=lambda each: each["link"]):
            number = os.fstat(volume["fd"]).st_rdev
            node = Path(volume["device"])
            lines.append(f"b+ {node} 0660 root disk - {os.major(number)}:{os.minor(number)}\n")
            lines.append(f"L+ {volume['link']} - - - - {os.path.relpath(node, Path(volume['link']).parent)}\n")
        table = self.root / DEVICES
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text("".join(lines), encoding="utf-8")


class Signals:
    """SIGTERM and SIGHUP as bytes on a socket, so that one loop can wait for everything; SIGCHLD wakes it too."""

    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)

    def __enter__(self):
        self.reader, self.writer = socket.socketpair()
        self.reader.setblocking(False)
        self.writer.setblocking(False)
        signal.set_wakeup_fd(self.writer.fileno())
        for number in self.numbers:
            signal.signal(number, lambda *_: None)
        return self

    def __exit__(self, *_):
        signal.set_wakeup_fd(-1)
        self.reader.close()
        self.writer.close()

    def read(self):
        """Return the numbers of the signals that have come in."""
        with contextlib.suppress(BlockingIOError):
            return set(self.reader.recv(4096))
        return set()


def _discard(*paths):
    for path in paths:
        path.unlink(missing_ok=True)


def main(folder):
    """Run the host whose folder this is; the last line on standard error says why it did not work."""
    with (Path(folder) / "launcher.lock").open("a", encoding="utf-8") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # opened here and not by systemd, which does not see this namespace's files
        with (Path(folder) / "launcher.log").open("a", encoding="utf-8") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        try:
            return Launcher(folder).main()
        except (OSError, subprocess.SubprocessError) as exc:
            print(exc, file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
