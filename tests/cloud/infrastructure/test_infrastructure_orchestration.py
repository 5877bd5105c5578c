"""The documented commands, against real services, with an environment of the tests' own."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import idr_secrets
import pytest
import tenant as tenants
import yaml

ENVIRONMENT = tenants.OWNER
# where the configuration expects the checkout
PLACE = "/srv/idr"
ROLES = ("database", "management", "omeroreadonly", "omeroreadwrite", "proxy")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
HOSTS = {
    "idr-database": [f"{ENVIRONMENT}-database"],
    "idr-omeroreadwrite": [f"{ENVIRONMENT}-omeroreadwrite"],
    "idr-omeroreadonly": [f"{ENVIRONMENT}-omeroreadonly-{number}" for number in (1, 2)],
    "idr-proxy": [f"{ENVIRONMENT}-proxy"],
    "idr-management": [f"{ENVIRONMENT}-management"],
}


def data(outside):
    """What the environment wants of the cloud."""
    return {
        "cloud": tenants.CLOUD,
        "master": ["192.0.2.10/32"],
        "networks": {"lab-net": {"mtu": 1400}},
        "subnets": {"lab-sub": {"network": "lab-net", "dns_nameservers": ["10.31.0.2"]}},
        "routers": {"lab-r": {"external_network": outside, "subnets": ["lab-sub"]}},
        "key_pairs": {"lab-k": {"public_key": KEY}},
        "server_groups": {"omeroreadonly": {"policy": "soft-anti-affinity"}},
        "floating_ips": {"lab-f": {"external_network": outside}},
    }


class Master:
    """A master's configuration over a copy of the checkout's pillar, and its ``salt-run``."""

    def __init__(self, tenant, root):
        self.tenant, self.root, self.folder = tenant, root, root / "pillar/env" / ENVIRONMENT
        checkout = tenant.checkout
        for path in checkout.iterdir():
            if path.name in ("salt", "cloud.profiles.d") or path.name.startswith("_"):
                (root / path.name).symlink_to(path)
        shutil.copytree(checkout / "pillar", root / "pillar", ignore=shutil.ignore_patterns("secrets"))
        shutil.copytree(root / "pillar/env/idr-local", self.folder)
        for path in self.folder.glob("*.sls"):
            path.write_text(path.read_text().replace("idr-local", ENVIRONMENT))
        self.write(f"{ENVIRONMENT}.map", HOSTS)
        self.about()
        idr_secrets.make(root / "pillar/secrets", ENVIRONMENT)
        settings = {"root_dir": str(root / "root"), "log_level_logfile": "quiet", "log_file": "/dev/null"}
        for path in sorted((checkout / "etc/master.d").glob("*.conf")):
            settings.update(yaml.safe_load(path.read_text().replace(PLACE, str(root))) or {})
        self.write("conf/master", settings)
        # what a master makes when it starts
        (root / "root/var/cache/salt/master/proc").mkdir(parents=True)

    def write(self, name, content):
        """Write a YAML file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))

    def about(self, **more):
        """Write the environment's environment.yaml."""
        self.write(f"pillar/env/{ENVIRONMENT}/environment.yaml", {"network": "10.31.0.0/24", **more})

    def infrastructure(self, content):
        """Write the environment's infrastructure.yaml."""
        self.write(f"pillar/env/{ENVIRONMENT}/infrastructure.yaml", content)

    def command(self, *arguments):
        """The command line of ``salt-run``, where the control plane can be reached."""
        program = pathlib.Path(sys.executable).with_name("salt-run")
        return self.tenant.enter([program, "-c", self.root / "conf", *arguments, "--out=json"])

    def run(self, *arguments):
        """``salt-run`` as an operator types it: ``(exit code, what it answers)``."""
        done = subprocess.run(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            env=os.environ,
        )
        assert self.tenant.password not in done.stdout + done.stderr
        try:
            return done.returncode, json.loads(done.stdout)
        except json.JSONDecodeError:
            pytest.fail(done.stdout + done.stderr)

    def orchestrate(self, name, *arguments, pillar=None):
        """``(exit code, {id of a state: its answer})`` of an orchestration."""
        given = {"environment": ENVIRONMENT, **(pillar or {})}
        code, answer = self.run("state.orchestrate", f"orch.{name}", f"pillar={json.dumps(given)}", *arguments)
        (states,) = answer["data"].values()
        return code, {key.split("_|-")[1]: state for key, state in states.items()}


@pytest.fixture
def master(tenant, outside, tmp_path):
    """That master; nothing is made yet."""
    made = Master(tenant, tmp_path)
    made.infrastructure(data(outside))
    return made


def changes(states):
    return {name: state["changes"] for name, state in states.items() if state["changes"]}


def test_from_nothing_to_all_and_back(master, tenant):
    code, foreseen = master.orchestrate("infrastructure", "test=True")
    assert {state["result"] for state in foreseen.values()} == {None}
    assert tenant.remains() == []
    code, made = master.orchestrate("infrastructure")
    assert (code, {state["result"] for state in made.values()}) == (0, {True}), made
    assert changes(made) == changes(foreseen)
    kinds = ["floating IP", "key pair", "network", "port", "router", "security group", "server group", "subnet"]
    assert tenant.remains() == kinds
    groups = tenant.call(lambda: {group.name for group in tenant.cloud.network.security_groups()})
    assert {f"{ENVIRONMENT}-{role}" for role in ROLES} <= groups
    for role in ROLES:
        ssh = made[f"rules {ENVIRONMENT}-{role}"]["changes"]
        assert ssh["ingress IPv4 tcp 22 from 192.0.2.10/32"] == {"old": None, "new": "allowed"}
    for arguments in (["test=True"], []):
        code, again = master.orchestrate("infrastructure", *arguments)
        assert (code, {state["result"] for state in again.values()}, changes(again)) == (0, {True}, {})
    code, foreseen = master.orchestrate("infrastructure_removed", "test=True")
    code, gone = master.orchestrate("infrastructure_removed")
    assert (code, {state["result"] for state in gone.values()}) == (0, {True}), gone
    assert tenant.remains() == []
    assert set(changes(gone)) == set(changes(foreseen))
    code, again = master.orchestrate("infrastructure_removed")
    assert (code, changes(again)) == (0, {})


def test_a_change_of_pillar_is_a_change_of_the_cloud(master, tenant, outside):
    code, _ = master.orchestrate("infrastructure")
    assert code == 0
    changed = data(outside)
    changed["networks"]["lab-net"]["mtu"] = 1300
    changed["security_group_rules"] = {"database": [{"protocol": "vrrp"}]}
    master.infrastructure(changed)
    path = master.folder / "firewall.sls"
    path.write_text(path.read_text().replace("10.99.0.1/32", "192.0.2.0/24"))
    code, states = master.orchestrate("infrastructure")
    assert code == 0
    old, new = {"old": "allowed", "new": None}, {"old": None, "new": "allowed"}
    assert changes(states) == {
        "network lab-net": {"mtu": {"old": 1400, "new": 1300}},
        f"rules {ENVIRONMENT}-database": {"ingress IPv4 vrrp from 0.0.0.0/0": new},
        f"rules {ENVIRONMENT}-management": {
            "ingress IPv4 tcp 22 from 192.0.2.0/24": new,
            "ingress IPv4 tcp 22 from 10.99.0.1/32": old,
        },
        f"rules {ENVIRONMENT}-proxy": {
            "ingress IPv4 tcp 9000 from 192.0.2.0/24": new,
            "ingress IPv4 tcp 9000 from 10.99.0.1/32": old,
        },
    }


def test_production_is_only_removed_by_its_name(master, tenant):
    assert master.orchestrate("infrastructure")[0] == 0
    master.about(production=True)
    before = tenant.inventory()
    for pillar in ({}, {"confirm": "lab"}):
        code, states = master.orchestrate("infrastructure_removed", pillar=pillar)
        assert code != 0
        assert f"confirm: {ENVIRONMENT}" in states["infrastructure-refused"]["comment"]
    assert tenant.inventory() == before
    code, _ = master.orchestrate("infrastructure_removed", pillar={"confirm": ENVIRONMENT})
    assert (code, tenant.remains()) == (0, [])


def test_what_serves_stays_whole(master, tenant):
    """A floating IP that leads to a server keeps all the rest from being removed."""
    assert master.orchestrate("infrastructure")[0] == 0

    def serve():
        network = tenant.cloud.network
        (inside,) = network.networks(name="lab-net")
        port = network.create_port(network_id=inside.id, name="lab-server")
        (ip,) = network.ips(project_id=tenant.project.id)
        network.update_ip(ip, port_id=port.id)

    tenant.call(serve)
    before = tenant.inventory()
    code, states = master.orchestrate("infrastructure_removed")
    assert code != 0
    assert "is used by 10.31.0." in states["floating ip lab-f"]["comment"]
    assert changes(states) == {}
    assert tenant.inventory() == before


def test_a_wrong_file_changes_nothing(master, tenant, outside):
    master.infrastructure({**data(outside), "routers": {"lab-r": {"subnet": "lab-sub"}}})
    code, states = master.orchestrate("infrastructure")
    assert code != 0
    comment = states["infrastructure-refused"]["comment"]
    assert comment.startswith(
        f"{master.folder}/infrastructure.yaml: routers:lab-r:subnet: expected no such key, but one of"
    )
    assert tenant.remains() == []


def test_killed_in_the_middle_and_run_again(master, tenant):
    """However far it came, the next run makes what is left, and nothing twice."""
    pillar = f"pillar={json.dumps({'environment': ENVIRONMENT})}"
    process = subprocess.Popen(
        master.command("state.orchestrate", "orch.infrastructure", pillar),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            if "router" in tenant.remains():
                break
        else:
            pytest.fail("the router was never made")
    finally:
        process.kill()
        process.wait(timeout=30)
    code, states = master.orchestrate("infrastructure")
    assert (code, {state["result"] for state in states.values()}) == (0, {True}), states
    counts = {kind: len(items) for kind, items in tenant.inventory().items() if kind not in ("port", "server")}
    assert set(counts.values()) == {1, len(ROLES)}
    assert counts["security group"] == len(ROLES)
    assert changes(master.orchestrate("infrastructure")[1]) == {}
