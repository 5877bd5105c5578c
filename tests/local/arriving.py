"""From a machine with sshd and sudo to a site with all roles on it: docs/real-machines.md, docs/all-in-one.md."""

import json
import time

import bare

from testbed.paths import STATE

ENVIRONMENT, HOST, MACHINE = "omero-local", "omero-local-allinone", "bare-1"
MAP = "onprem-host:\n  - {host}:\n{entry}"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyF2mPYvWJj4vRkW2p0i4Hk0nC8Zp6mY1q9d3sO1bXe"


def arrived(local, name, within=60):
    """Whether a minion answers within some seconds."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        done = local.run("salt", "-t", "5", "--out=json", "--static", name, "test.ping")
        if f'"{name}": true' in done.stdout:
            return True
    return False


class OneHost:
    """The machine, and what each step of its way has answered."""

    def __init__(self, local):
        self.local = local
        self.machine = bare.Machine(local, MACHINE)
        self.told = {}

    def make(self):
        """All steps, one after the other."""
        self.machine.make()
        self.before = bare.write_map(MAP.format(host=HOST, entry=self.machine.entry()))
        self.bare = self.local.host(MACHINE).run("ls /opt /usr/bin /etc").stdout
        self._ask("secrets", "salt-run", "idr.secrets", ENVIRONMENT)
        self._ask("check", "salt-run", "idr.check", ENVIRONMENT)
        self._look("unknown", "test.ping")
        self.refused = self._run_map()
        bare.known([self.machine])
        for function in ("test.ping", "grains.items", "state.show_top"):
            self._look(function, function)
        self.made = self._run_map()
        self.up = arrived(self.local, HOST)
        self.applied = self.local.salt(HOST, "state.apply").get(HOST)

    def _ask(self, name, *command):
        done = self.local.run(*command, "--out=json")
        self.told[name] = json.loads(done.stdout) if done.stdout.strip() else done.stderr

    def _look(self, name, function):
        done = self.local.run("salt-ssh", HOST, function, "--out=json", "--static", timeout=180)
        text = done.stdout[done.stdout.find("{") :]
        self.told[name] = json.loads(text).get(HOST) if text.startswith("{") else done.stdout + done.stderr

    def _run_map(self):
        done = self.local.run("salt-cloud", "-m", f"{ENVIRONMENT}.map", "-P", "-y", "--out=json")
        return done.stdout + done.stderr

    def remove(self):
        """Leave nothing of it."""
        bare.write_map(self.before)
        self.local.run("salt-key", "-y", "-d", HOST)
        self.machine.destroy()
        for path in (STATE / "salt/pki/cloud").iterdir():
            path.unlink()

    def on(self, command, *arguments):
        """Run a shell command on the machine; what it says."""
        return self.local.host(MACHINE).run(command, *arguments)
