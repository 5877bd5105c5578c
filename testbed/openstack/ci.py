"""
The Salt master that deploys the environment `idr-ci` on OpenStack, beside that of the local environment.

It has the checkout's maps, profiles, provider and pillar where the documentation says. Only these are the testbed's:
the login, the master's address, and what hosts of the local cloud need as well, such as the stand-in release.
"""

import ipaddress
import shutil
import subprocess

import nspawn_cgroup
import nspawn_records
import yaml

from testbed import lan, processes
from testbed.openstack import seed, settings
from testbed.paths import BRIDGE, CACHE_INSIDE, CHECKOUT, INSIDE, NAMESPACE, STATE

ENVIRONMENT = "idr-ci"
MAP = f"{ENVIRONMENT}.map"
FOLDER = STATE / "openstack"
SEEN = INSIDE / ".local/openstack"
PROCESS = f"master-{ENVIRONMENT}"
PILLAR = CHECKOUT / "pillar/env" / ENVIRONMENT
# what every host of the local cloud needs, of whichever environment
LOCAL_PILLAR = ("omero", "proxy", "python", "share", "upgrades")
FOLDERS = ("cloud.conf.d", "cloud.profiles.d", "cloud.providers.d")
KILL_LIMIT = 60
START = """\
set -eu
mount --bind "$1/salt" /etc/salt
mount --bind "$1/environment" "/srv/idr/pillar/env/$2"
exec salt-master --log-level=warning
"""


def network():
    """The environment's network, whose first address is that of its gateway; this master listens there."""
    return ipaddress.IPv4Network(yaml.safe_load((PILLAR / "environment.yaml").read_text())["network"])


def gateway():
    """The address of its gateway."""
    return str(network()[1])


def computers():
    """What the control plane makes servers of: hosts on the local environment's bridge."""
    hosts = nspawn_records.Hosts(STATE / "cloud")
    with hosts.lock():
        # `make down` ends what is in cgroups of the local cloud
        cloud = hosts.cloud_id()
    return settings.Computers(
        folder=SEEN / "servers",
        volumes=INSIDE / ".local/pool/openstack",
        image=CACHE_INSIDE / "images/debian-12",
        bridge=BRIDGE,
        cgroup=f"salt-cloud-{cloud}-openstack-",
        names={"salt": gateway()},
        shares=("(?P<environment>.+)-omeroreadonly(-[0-9]+)?", "{environment}-omeroreadwrite"),
    )


def cgroups():
    """The cgroup folders of the control plane's servers."""
    return [path for path in lan.cgroups() if "-openstack-" in path.name]


def end_servers():
    """Kill what is left of servers whose control plane is gone."""
    nspawn_cgroup.kill(cgroups(), KILL_LIMIT)
    nspawn_cgroup.remove(cgroups())


class Master:
    """The master and its operator's shell: `start` it, `run` documented commands, `stop` it and nothing is left."""

    def make(self, entry):
        """Lay its configuration out. entry: of clouds.yaml, the login to OpenStack."""
        lan.inside(["mkdir", "-p", computers().volumes])
        (FOLDER / "servers").mkdir(mode=0o700, parents=True, exist_ok=True)
        lan.run(["ip", "-n", NAMESPACE, "addr", "replace", f"{gateway()}/{network().prefixlen}", "dev", BRIDGE])
        lan.run(["ip", "-n", NAMESPACE, "route", "replace", seed.OUTSIDE_NETWORK, "dev", BRIDGE])
        self._link()
        self._write("salt/master", {"root_dir": str(SEEN / "root"), "interface": gateway(), "worker_threads": 4})
        # The image has Salt, from which the bootstrap script only keeps its hands; its own words would be among JSON's.
        self._write("salt/cloud", {"script_args": "-C -F", "display_ssh_output": False})
        self._write("clouds.yaml", {"clouds": {"embassy": entry}})
        self._environment()
        keys = FOLDER / "salt/pki/cloud"
        keys.mkdir(mode=0o700, parents=True)
        lan.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", ENVIRONMENT, "-f", keys / ENVIRONMENT])

    def _link(self):
        for name in FOLDERS:
            (FOLDER / "salt").mkdir(mode=0o700, exist_ok=True)
            source = CHECKOUT / ("etc" if name == "cloud.conf.d" else "") / name
            (FOLDER / "salt" / name).symlink_to(INSIDE / source.relative_to(CHECKOUT))
        (FOLDER / "salt/master.d").symlink_to(INSIDE / "etc/master.d")

    def _write(self, name, data):
        path = FOLDER / name
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(data))

    def _environment(self):
        shutil.copytree(PILLAR, FOLDER / "environment")
        init = yaml.safe_load((PILLAR / "init.sls").read_text())
        init["include"] += [f"env.idr-local.{name}" for name in LOCAL_PILLAR]
        self._write("environment/init.sls", init)

    def start(self):
        """Start the master and wait, up to 90 s, until it answers."""
        variables = {"OS_CLIENT_CONFIG_FILE": str(SEEN / "clouds.yaml")}
        shell = ["unshare", "--mount", "--propagation", "private", "sh", "-c", START, "sh", SEEN, ENVIRONMENT]
        command = lan.enter(list(map(str, shell)))
        processes.start(PROCESS, command, env=variables, within=90, ready=self._answers)

    def _answers(self):
        try:
            return not self.run("salt-run", "--out=quiet", "manage.allowed", within=60).returncode
        except (OSError, subprocess.SubprocessError):
            return False

    def stop(self):
        """Stop it and remove what it had."""
        processes.stop(PROCESS, within=30)
        for secret in (STATE / "secrets" / ENVIRONMENT,):
            shutil.rmtree(secret, ignore_errors=True)
        shutil.rmtree(FOLDER, ignore_errors=True)
        lan.run(
            ["ip", "-n", NAMESPACE, "addr", "del", f"{gateway()}/{network().prefixlen}", "dev", BRIDGE], check=False
        )

    def enter(self, arguments):
        """The command line that runs `arguments` where this master is."""
        command = lan.enter(list(map(str, arguments)))
        mine = f"--mount=/proc/{processes.pid_of(PROCESS)}/ns/mnt"
        variables = f"OS_CLIENT_CONFIG_FILE={SEEN}/clouds.yaml"
        at = command.index("env")
        return [mine if part.startswith("--mount=") else part for part in command[:at]] + [
            "env",
            variables,
            *command[at + 1 :],
        ]

    def run(self, *arguments, within=600):
        """Run a documented command to its end and return its CompletedProcess, whatever its exit code."""
        return subprocess.run(
            self.enter(arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=within, check=False
        )
