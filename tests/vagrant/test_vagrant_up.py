"""The documented commands, with vagrant-lxc: from nothing to the site, again with no change, and after a restart."""

import json
import re

import idr_maps

APPLY = "sudo salt '*' state.apply"


def _apply(machine):
    """What changed, by host."""
    # not --static, with which `salt` waits for nobody after its timeout
    code, said = machine.call("vagrant", "ssh", "master", "-c", f"{APPLY} --out=json", within=1500)
    answers = _objects(said)
    wrong = {
        host: [one for one in states.values() if one["result"] is False] if isinstance(states, dict) else states
        for host, states in answers.items()
    }
    assert not any(wrong.values()), wrong
    assert code == 0, said[-2000:]
    return {host: [one for one in states.values() if one["changes"]] for host, states in answers.items()}


def _objects(said):
    """All JSON objects that begin a line of what a command said, as one."""
    found: dict = {}
    for part in re.split(r"(?m)^(?=\{)", said)[1:]:
        found |= json.JSONDecoder().raw_decode(part)[0]
    assert found, said
    return found


def _page(machine, address):
    return machine.call("curl", "-skL", "--retry", "30", "--retry-all-errors", "--retry-delay", "2", address)


def test_up_makes_the_hosts_of_the_map_and_the_master_knows_their_keys(machine, checkout):
    code, said = machine.call("vagrant", "up", "--provider", "lxc", within=1200)
    assert code == 0, said[-4000:]
    assert "PRIVATE KEY" not in said
    code, said = machine.call("vagrant", "ssh", "master", "-c", "sudo salt-key -L --out=json")
    keys = json.loads(said[said.index("{") :])
    assert keys["minions"] == idr_maps.hosts(checkout, "idr-local")
    assert keys["minions_pre"] == []


def test_the_states_converge_and_a_second_run_changes_nothing(machine, checkout):
    assert set(_apply(machine)) == set(idr_maps.hosts(checkout, "idr-local"))
    again = _apply(machine)
    assert not any(again.values()), again


def test_the_forwarded_ports_show_the_site(machine):
    for address in ("http://127.0.0.1:8080/", "https://127.0.0.1:8443/"):
        _, page = _page(machine, address)
        assert "openmicroscopy" in page, page[:1000]


def test_vagrant_still_logs_in_to_a_host_of_the_map(machine):
    code, said = machine.call("vagrant", "ssh", "idr-local-database", "-c", "sudo hostname")
    assert code == 0, said
    assert "idr-local-database" in said


def test_a_host_comes_back_with_its_volume(machine):
    code, said = machine.call("vagrant", "reload", "idr-local-database", within=400)
    assert code == 0, said[-2000:]
    code, said = machine.call("vagrant", "ssh", "idr-local-database", "-c", "findmnt -n -o FSTYPE /var/lib/postgresql")
    assert "xfs" in said, said
    _apply(machine)
    _, page = _page(machine, "http://127.0.0.1:8080/")
    assert "openmicroscopy" in page, page[:1000]


def test_a_machine_without_salt_gets_it_from_the_master(machine):
    strip = "sudo systemctl stop salt-minion; sudo rm -rf /opt/saltstack/salt"
    machine.call("vagrant", "ssh", "idr-local-management", "-c", strip)
    code, said = machine.call("vagrant", "provision", "idr-local-management", within=600)
    assert code == 0, said[-2000:]
    ping = "sudo salt --out=json idr-local-management test.ping"
    _, said = machine.call("vagrant", "ssh", "master", "-c", ping)
    assert '"idr-local-management": true' in said, said
