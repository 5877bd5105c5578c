"""The cloud, the master and the project of `test_openstack_*.py`."""

import json
import subprocess
import urllib.error
import urllib.request

import nspawn_process
import nspawn_records

from testbed.openstack import ci, inside, inventory, plane, seed, settings

NAME = ci.ENVIRONMENT
SERVERS = ci.FOLDER / "servers"


class Site:
    """A control plane in the local environment with a project, and the master that deploys there."""

    def __init__(self):
        self.computers = ci.computers()
        self.plane = plane.Plane(inside.Inside(), self.computers)
        self.master = ci.Master()

    def start(self):
        """Start both and make the environment's secrets; no network and no host is there yet."""
        self.plane.start()
        login = self.plane.namespace.call(seed.tenant, self.plane.connect, NAME)
        self.direct = self.plane.namespace.call(seed.connect, login)
        domains = {"user_domain_name": "Default", "project_domain_name": "Default"}
        auth = {"auth_url": f"{settings.url('keystone')}/v3", **domains, **login}
        self.master.make({"region_name": settings.REGION, "auth": auth})
        self.master.start()
        for runner in ("idr.secrets", "idr.check"):
            self.ask("salt-run", runner, NAME)

    def stop(self):
        """End both, and whatever servers a failed test has left."""
        self.plane.stop()
        ci.end_servers()
        self.master.stop()

    def make(self):
        """Make the networks and the hosts of the map; what `salt-cloud -F` tells of them."""
        self.orchestrate("orch.infrastructure", NAME)
        assert self.left() == {}
        made = self.ask("salt-cloud", "-m", ci.MAP, "-P", "-y", within=600)
        assert {name: node["Error"] for name, node in made.items() if "Error" in node} == {}
        return self.ask("salt-cloud", "-F")["embassy"]["openstack"]

    def orchestrate(self, name, environment):
        """Run an orchestration for an environment; it must succeed."""
        done = self.run("salt-run", "state.orchestrate", name, f"pillar={{environment: {environment}}}")
        assert done.returncode == 0, done.stdout + done.stderr

    def left(self):
        """All that is there because of the environment's hosts, as `{kind: names}` without empty kinds."""
        cloud = self.look(inventory.left)
        machine = {
            "hosts": [path.name for path in SERVERS.iterdir()],
            "cgroups": [str(path) for path in ci.cgroups()],
            "loop devices": [line for line in _loops() if str(self.computers.volumes) in line],
            "volume files": self.run("ls", self.computers.volumes).stdout.split(),
            "keys": self.ask("salt-key", "-l", "all")["minions"],
        }
        return cloud | {kind: found for kind, found in machine.items() if found}

    def run(self, *command, within=300):
        """Run a documented command as an operator; see `ci.Master.run`."""
        return self.master.run(*command, within=within)

    def ask(self, *command, within=300):
        """What one of Salt's commands answers as JSON; it must succeed."""
        done = self.run(*command, "--out=json", within=within)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def salt(self, *arguments, within=300):
        """Answer of `salt ARGUMENTS` as a dictionary by minion id; who is at work is waited for `within` seconds."""
        done = self.run("salt", "--static", "-t", str(within), *arguments, "--out=json", within=within + 120)
        assert done.stdout.strip().startswith("{"), done.stdout + done.stderr
        return json.loads(done.stdout)

    def look(self, function, *arguments):
        """Call `function(connection of the project's user, ...)` where the control plane can be reached."""
        return self.plane.namespace.call(function, self.direct, *arguments)

    def runs(self, server):
        """Whether the host of the server with this id runs."""
        return nspawn_process.running(SERVERS / server)

    def boots(self, server):
        """How often the host has booted since its server was started."""
        return nspawn_records.read(SERVERS / server / "run.json")["boots"]

    def get(self, url):
        """(status, body) of a page, as somebody in the network outside sees it."""
        return self.plane.namespace.call(_get, url)


def unwell(applied):
    """What failed of an answer of `state.apply`, as `{host: text}`."""
    found = {}
    for name, states in applied.items():
        assert isinstance(states, dict), states
        failed = [f"{state['__id__']}: {state['comment']}" for state in states.values() if state["result"] is not True]
        if failed:
            found[name] = "\n".join(failed)
    return found


def _loops():
    listed = subprocess.run(["losetup", "--list", "--noheadings", "-O", "BACK-FILE"], capture_output=True, text=True)
    return listed.stdout.splitlines()


def _get(url):
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
