"""The matrix: every host and an outsider try every port of every host: the table says what they reach, and no more."""

import json
import pathlib
import re
import subprocess

import pytest

PREFIX = "idr-local-"
OUTSIDER = "outsider"
PROBE = pathlib.Path(__file__).with_name("probing.py").read_text()
# The machine's own address on the bridge, which the environment calls an operator.
GATEWAY = "10.99.0.1"

# What services of other sites and other roles use; nobody may reach any of them here unless the table says so.
OTHERS = [21, 23, 25, 53, 111, 139, 443, 445, 2049, 3142, 3306, 4061, 4080, 4505, 4506, 5433, 6379, 8000, 8081, 8443]
OTHERS += [9100, 9187, 14059, 14060, 14099, 14100, 19531, 20048, 65535]


@pytest.fixture(scope="module")
def addresses(local):
    mine = local.salt(f"{PREFIX}management", "mine.get", f"{PREFIX}*", "address")[f"{PREFIX}management"]
    return {name: found[0] for name, found in mine.items()}


@pytest.fixture(scope="module")
def hosts(local, addresses):
    return {name: local.host(name) for name in addresses}


@pytest.fixture(scope="module")
def listening(hosts):
    """{host: ports on which it listens for others than itself}."""
    found = {}
    for name, host in hosts.items():
        shown = host.run("ss -Hltn").stdout.split("\n")
        local_ends = [line.split()[3] for line in shown if line]
        reachable = [end for end in local_ends if not re.match(r"127\.|\[::1\]|\[::ffff:127", end)]
        found[name] = {int(end.rpartition(":")[2]) for end in reachable}
    return found


@pytest.fixture(scope="module")
def rows(local):
    done = local.run("salt-run", "--out=json", "firewall.rows", "idr-local")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def spans(ports):
    for part in ports.split(", "):
        first, _, last = part.partition("-")
        yield int(first), int(last or first)


def allowed(rows, source, target, port):
    """Whether the table lets `source` connect to `port` of `target`."""
    for row in rows:
        if row["to"] != target or row["protocol"] != "tcp":
            continue
        who = row["who"].split(", ")
        names = {"everybody", source} | ({f"{GATEWAY}/32"} if source == OUTSIDER else set())
        if names & set(who) and any(first <= port <= last for first, last in spans(row["ports"])):
            return True
    return False


def probe(local, hosts, source, targets):
    command = ["python3", "-c", PROBE]
    if source == OUTSIDER:
        done = local.run(*command, input=json.dumps(targets), stdin=None, timeout=300)
    else:
        prefix = hosts[source].backend.prefix.split()
        done = subprocess.run(prefix + command, input=json.dumps(targets), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def expected(rows, listening, source, target, port):
    if source != target and not allowed(rows, source, target, port):
        return "silent"
    return "open" if port in listening[target] else "refused"


def test_every_host_has_its_table_loaded(hosts):
    for name, host in hosts.items():
        shown = host.run("nft list table inet idr").stdout
        assert "policy drop" in shown, name
        assert host.service("idr-firewall").is_enabled, name


def test_everybody_reaches_what_the_table_says_and_nothing_else(local, hosts, addresses, listening, rows):
    ports = sorted({port for found in listening.values() for port in found} | set(OTHERS))
    pairs = [(target, port) for target in sorted(addresses) for port in ports]
    wrong, opened = [], 0
    for source in [*sorted(addresses), OUTSIDER]:
        answers = probe(local, hosts, source, [(addresses[target], port) for target, port in pairs])
        for (target, port), answer in zip(pairs, answers, strict=True):
            should = expected(rows, listening, source, target, port)
            opened += answer == "open" and source != target
            if answer != should:
                wrong.append(f"{source} -> {target}:{port} is {answer}, should be {should}")
    assert not wrong, "\n".join(wrong)
    # all roles at work: web, raw OMERO, database, ssh, logs
    assert opened >= 20


@pytest.mark.parametrize("target", ["database", "proxy", "management"])
def test_a_scan_of_all_ports_finds_nothing_else(local, hosts, addresses, listening, rows, target):
    name = PREFIX + target
    wanted = {port for port in listening[name] if allowed(rows, OUTSIDER, name, port)}
    ports = range(1, 65536)
    answers = probe(local, hosts, OUTSIDER, [(addresses[name], port) for port in ports])
    assert {port for port, answer in zip(ports, answers, strict=True) if answer == "open"} == wanted


def test_hosts_of_the_environment_answer_to_ping_and_nobody_else_is_answered(local, hosts, addresses):
    proxy = hosts[f"{PREFIX}proxy"]
    for name in addresses:
        assert proxy.run("ping -c 1 -W 2 %s", name).succeeded, name
    assert local.run("ping", "-c", "1", "-W", "1", addresses[f"{PREFIX}database"]).returncode != 0


def test_the_table_is_readable(local, rows):
    shown = local.run("salt-run", "firewall.show", "idr-local").stdout
    assert re.search(r"idr-local-database +postgresql +tcp +5432 +omeroreadwrite +idr-local-omeroreadwrite\n", shown)
    assert len([line for line in shown.splitlines() if line.startswith(PREFIX)]) == len(rows)


def test_tables_of_others_stay_when_ours_is_loaded_again(hosts):
    host = hosts[f"{PREFIX}management"]
    assert host.run("nft add table ip somebody_elses").succeeded
    try:
        assert host.run("systemctl reload idr-firewall").succeeded
        assert host.run("nft list table ip somebody_elses").succeeded
    finally:
        host.run("nft delete table ip somebody_elses")


def test_rules_that_were_flushed_come_back(local, hosts):
    name = f"{PREFIX}management"
    assert hosts[name].run("nft delete table inet idr").succeeded
    answer = local.salt(name, "state.apply", "firewall")[name]
    changed = [state["__id__"] for state in answer.values() if state["changes"]]
    assert changed == ["firewall"]
    assert "policy drop" in hosts[name].run("nft list table inet idr").stdout


def test_without_the_mine_the_rules_stay(local, hosts):
    """A host that the mine has forgotten, and that cannot say its address again, keeps the rules it has and fails."""
    name = f"{PREFIX}management"
    before = hosts[name].run("nft list table inet idr | grep -v counter").stdout
    assert "policy drop" in before
    pillar = json.dumps({"environment": {"network": "192.0.2.0/24"}, "peers": {"timeout": 5}})
    assert local.salt(name, "mine.flush")[name] is True
    try:
        answer = local.salt(name, "state.apply", "firewall", f"pillar={pillar}")[name]
        failed = {state["__id__"]: state["comment"] for state in answer.values() if state["result"] is False}
        assert set(failed) == {"peers-known", "firewall-rules", "firewall"}
        assert "the mine has no 'address' of" in failed["peers-known"]
        assert hosts[name].run("nft list table inet idr | grep -v counter").stdout == before
    finally:
        assert local.salt(name, "mine.update")[name] is not False
