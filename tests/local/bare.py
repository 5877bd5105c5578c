"""
Machines of the local cloud on which nothing but sshd and sudo is: what the master comes to by SSH.

They are the local cloud's hosts without a minion, and with Salt taken out of them.
"""

import json
import subprocess

from testbed.paths import CHECKOUT, INSIDE, STATE

ADMIN = "admin"
PROFILE = """\
bare:
  provider: local
  image: debian-12
  size: m1.large
  deploy: false
"""
STRIP = """\
set -eu
systemctl disable -q --now salt-minion.service
rm -rf /opt/saltstack /etc/salt /var/cache/salt /etc/systemd/system/salt-minion.service
rm -f /usr/bin/salt /usr/bin/salt-*
systemctl daemon-reload
useradd --create-home --shell /bin/bash $0
install -D -m 600 -o $0 -g $0 /dev/stdin /home/$0/.ssh/authorized_keys
echo "$0 ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/$0
test -s /etc/ssh/ssh_host_ed25519_key.pub
"""


class Machine:
    """A machine `name` with an account `ADMIN`, which the operator's key opens."""

    def __init__(self, local, name):
        self.local, self.name = local, name

    def make(self):
        """Make it; returns what the cloud says of it."""
        keys = STATE / "salt/pki/cloud"
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (keys / "onprem").exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / "onprem"], check=True)
        (STATE / "salt/cloud.profiles.d/bare.conf").write_text(PROFILE)
        done = self.local.run("salt-cloud", "-p", "bare", self.name, "--out=json")
        assert f"{self.name}:" not in done.stderr, done.stdout + done.stderr
        script = ["sh", "-c", STRIP, ADMIN]
        prefix = self.local.prefix(self.local.leader(self.name)).split()
        with (keys / "onprem.pub").open() as key:
            subprocess.run([*prefix, *script], stdin=key, check=True, capture_output=True, text=True, timeout=120)
        self.address = self.show()["private_ips"][0]
        self.host_key = self.local.host(self.name).file("/etc/ssh/ssh_host_ed25519_key.pub").content_string.strip()
        # Not before: as long as there is no such host, each answer of salt-cloud has a line on that.
        for folder in ("cloud.providers.d", "cloud.profiles.d"):
            (STATE / f"salt/{folder}/onprem.conf").symlink_to(INSIDE / f"{folder}/onprem.conf")

    def show(self):
        """What the cloud says of it."""
        done = self.local.run("salt-cloud", "-a", "show_instance", self.name, "-y", "--out=json")
        return json.loads(done.stdout)["local"]["nspawn"][self.name]

    def destroy(self):
        """Remove it."""
        self.local.run("salt-cloud", "-d", self.name, "-y")
        for name in ("cloud.profiles.d/bare.conf", "cloud.providers.d/onprem.conf", "cloud.profiles.d/onprem.conf"):
            (STATE / "salt" / name).unlink(missing_ok=True)

    def entry(self):
        """Its lines in a map, as the operator writes them; the wheels are those of the local cloud."""
        return (
            f"      ssh_host: {self.address}\n"
            "      minion: {master: 10.99.0.1}\n"
            "      script_args: --find-links http://10.99.0.1:8000/wheels/\n"
        )


def known(machines):
    """Say which host keys the operator has looked at."""
    lines = [f"{machine.address} {machine.host_key}\n" for machine in machines]
    (STATE / "salt/pki/cloud/known_hosts").write_text("".join(lines))


def write_map(text):
    """Write the demo's map of the checkout; returns what it was."""
    path = CHECKOUT / "omero-local.map"
    before = path.read_text()
    path.write_text(text)
    return before
