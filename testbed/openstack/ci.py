"""
The Salt master that deploys the environment `idr-ci`, and a release of it, on OpenStack, beside that of the local
environment.

It has the checkout's maps, profiles, provider and pillar where the documentation says. Only these are the testbed's:
the login, the master's address (to hosts and in `infrastructure.yaml`), and what hosts of the local cloud need as well,
such as the stand-in release.
"""

import ipaddress
import os
import pathlib
import shutil
import subprocess

import nspawn_cgroup
import nspawn_records
import yaml

from testbed import lan, processes
from testbed.console import Problem, run
from testbed.openstack import seed, settings
from testbed.paths import BRIDGE, CACHE_INSIDE, CHECKOUT, INSIDE, LOG, NAMESPACE, STATE

ENVIRONMENT = "idr-ci"
# the same once more, for who makes a release of it; it has no map
NEXT, NEXT_NETWORK = "idr-ci2", "10.97.5.0/24"
MAP = f"{ENVIRONMENT}.map"
FOLDER = STATE / "openstack"
SEEN = INSIDE / ".local/openstack"
VOLUMES = ".local/pool/openstack"
PROCESS = f"master-{ENVIRONMENT}"
PILLAR = CHECKOUT / "pillar/env" / ENVIRONMENT
# what every host of the local cloud needs, of whichever environment
LOCAL_PILLAR = ("omero", "proxy", "python", "share", "upgrades")
# As docs/openstack.md says. With the provider of machines that are there already Salt Cloud would ask all minions.
LINKED = (
    "etc/master.d",
    "etc/cloud.conf.d",
    "cloud.profiles.d/idr-base.conf",
    "cloud.profiles.d/idr-roles.conf",
    "cloud.providers.d/embassy.conf",
)
LOGIN = f"OS_CLIENT_CONFIG_FILE={SEEN}/clouds.yaml"
KILL_LIMIT = 60
START = """\
set -eu
mount --bind "$1/env" /srv/idr/pillar/env
mount --bind "$1/salt" /etc/salt
exec salt-master --log-level=warning
"""


def network():
    """The environment's network, whose first address is that of its gateway; this master listens there."""
    return ipaddress.IPv4Network(yaml.safe_load((PILLAR / "environment.yaml").read_text())["network"])


def gateway(of=None):
    """The address of its gateway, or of that of another network."""
    return str((of or network())[1])


def networks():
    """The networks of both environments."""
    return [network(), ipaddress.IPv4Network(NEXT_NETWORK)]


def computers():
    """What the control plane makes servers of: hosts on the local environment's bridge."""
    hosts = nspawn_records.Hosts(STATE / "cloud")
    with hosts.lock():
        # `make down` ends what is in cgroups of the local cloud
        cloud = hosts.cloud_id()
    return settings.Computers(
        folder=SEEN / "servers",
        volumes=INSIDE / VOLUMES,
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


def _mounts(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return None


class Master:
    """The master and its operator's shell: `start` it, `run` documented commands, `stop` it and nothing is left."""

    def make(self, entry):
        """Lay its configuration out. entry: of clouds.yaml, the login to OpenStack."""
        lan.inside(["mkdir", "-p", INSIDE / VOLUMES])
        (FOLDER / "servers").mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in networks():
            run(["ip", "-n", NAMESPACE, "addr", "replace", f"{gateway(one)}/{one.prefixlen}", "dev", BRIDGE])
        run(["ip", "-n", NAMESPACE, "route", "replace", seed.OUTSIDE_NETWORK, "dev", BRIDGE])
        self._link()
        self._write("salt/master", {"root_dir": str(SEEN / "root"), "interface": gateway(), "worker_threads": 4})
        # The image has Salt: the bootstrap script configures and starts it, and installs nothing. What it says would be
        # among the JSON.
        self._write("salt/cloud", {"script_args": "-C -F", "display_ssh_output": False})
        self._write("clouds.yaml", {"clouds": {"embassy": entry}})
        self._environments()
        keys = FOLDER / "salt/pki/cloud"
        keys.mkdir(mode=0o700, parents=True)
        for environment in (ENVIRONMENT, NEXT):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", environment, "-f", keys / environment])

    def _link(self):
        (FOLDER / "salt").mkdir(mode=0o700)
        for source in LINKED:
            link = FOLDER / "salt" / source.removeprefix("etc/")
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(INSIDE / source)

    def _write(self, name, data):
        path = FOLDER / name
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(data))

    def _environments(self):
        shutil.copytree(PILLAR.parent, FOLDER / "env")
        init = yaml.safe_load((PILLAR / "init.sls").read_text())
        init["include"] += [f"env.idr-local.{name}" for name in LOCAL_PILLAR]
        for environment, one in zip((ENVIRONMENT, NEXT), networks(), strict=True):
            (FOLDER / "env" / environment).mkdir(exist_ok=True)
            self._write(f"env/{environment}/init.sls", init)
            self._write(f"env/{environment}/environment.yaml", {"network": str(one)})
            text = (PILLAR / "infrastructure.yaml").read_text().replace(ENVIRONMENT, environment)
            infrastructure = {**yaml.safe_load(text), "master": [f"{gateway(one)}/32"]}
            self._write(f"env/{environment}/infrastructure.yaml", infrastructure)

    def start(self):
        """Start the master and wait, up to 90 s, until it answers."""
        shell = ["unshare", "--mount", "--propagation", "private", "sh", "-c", START, "sh", SEEN]
        command = lan.enter(list(map(str, shell)), variables=[LOGIN])
        processes.start(PROCESS, command, within=90, ready=self._answers)

    def _answers(self):
        # until it has its own mounts, a command would ask the local environment's master
        seen = pathlib.Path(f"/proc/{processes.pid_of(PROCESS)}/root/etc/salt/master")
        if not seen.exists() or seen.read_bytes() != (FOLDER / "salt/master").read_bytes():
            return False
        return not self.run("salt-run", "--out=quiet", "manage.allowed", within=60).returncode

    def stop(self):
        """Stop it and remove what it had, and the volumes' files."""
        mounts = _mounts(processes.pid_of(PROCESS))
        processes.stop(PROCESS, within=30)
        # a master that had to be killed leaves its workers
        if mounts not in (None, _mounts(lan.holder())):
            processes.end([pid for pid in lan.members() if _mounts(pid) == mounts])
        lan.inside(["rm", "-rf", INSIDE / VOLUMES])
        for folder in (STATE / "secrets" / ENVIRONMENT, STATE / "secrets" / NEXT, FOLDER):
            shutil.rmtree(folder, ignore_errors=True)
        run(["ip", "-n", NAMESPACE, "route", "del", seed.OUTSIDE_NETWORK, "dev", BRIDGE], check=False)
        for one in networks():
            run(["ip", "-n", NAMESPACE, "addr", "del", f"{gateway(one)}/{one.prefixlen}", "dev", BRIDGE], check=False)

    def enter(self, arguments):
        """The command line that runs `arguments` where this master is; Problem when it does not run."""
        pid = processes.pid_of(PROCESS)
        if pid is None:
            raise Problem(f"the master of {ENVIRONMENT} does not run: see {LOG / PROCESS}.log")
        return lan.enter(list(map(str, arguments)), mounts_of=pid, variables=[LOGIN])

    def run(self, *arguments, within=600):
        """Run a documented command to its end and return its CompletedProcess, whatever its exit code."""
        return subprocess.run(
            self.enter(arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=within, check=False
        )
