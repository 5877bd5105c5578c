"""After a power cut of every host and after SIGKILL of each service all is as before, without a state.apply's help."""

import time

import pytest

from testbed import site

OMERO = ("redis-server", "nginx", "omero-web", "omero-server", "salt-minion")
SERVICES = {
    "database": ("postgresql@15-main", "ssh", "salt-minion"),
    "omeroreadwrite": OMERO,
    "omeroreadonly-1": OMERO,
    "omeroreadonly-2": OMERO,
    "proxy": ("nginx", "haproxy", "salt-minion"),
    "management": ("ssh", "systemd-journal-remote", "salt-minion"),
}
ROUNDS = max(len(services) for services in SERVICES.values())


def eventually(check, limit):
    deadline = time.monotonic() + limit
    while not (seen := check()):
        assert time.monotonic() < deadline, check()
        time.sleep(1)
    return seen


def main_pid(host, service):
    """The pid of an active service; None while it is anything else."""
    lines = host.run(f"systemctl show -p ActiveState -p MainPID {service}").stdout.splitlines()
    shown = dict(line.split("=", 1) for line in lines)
    return int(shown["MainPID"]) or None if shown["ActiveState"] == "active" else None


def settled(local):
    """Every host answers, none has a failed unit, and the site shows its page."""
    hosts = sorted(local.name + "-" + name for name in SERVICES)
    site.wait_for_minions(hosts)
    site.wait_for_page(within=180)
    for name in hosts:
        host = local.host(name)
        eventually(lambda host=host: host.run("systemctl is-system-running").stdout.strip() == "running", 180)


def changed(local):
    return {
        host: [f"{s['__id__']}: {s['comment']}" for s in states.values() if s["changes"] or s["result"] is not True]
        for host, states in local.salt("*", "state.apply").items()
    }


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_a_killed_service_comes_back(local, turn):
    killed = []
    for name, services in SERVICES.items():
        if turn < len(services):
            host, service = local.host(f"{local.name}-{name}"), services[turn]
            old = main_pid(host, service)
            assert old, f"{name}: {service} does not run"
            assert host.run(f"systemctl kill --kill-who=main --signal=SIGKILL {service}").succeeded
            killed.append((name, host, service, old))
    for name, host, service, old in killed:
        eventually(lambda host=host, service=service, old=old: main_pid(host, service) not in (None, old), 150)
        assert host.run(f"systemctl is-failed {service}").stdout.strip() != "failed", name


def test_after_the_kills_nothing_has_to_be_changed(local):
    settled(local)
    assert not any(changed(local).values())


def test_after_a_reboot_of_every_host_nothing_has_to_be_changed(local):
    hosts = sorted(local.name + "-" + name for name in SERVICES)
    boots = {name: local.host(name).run("cat /proc/1/stat").stdout.split()[21] for name in hosts}
    done = local.run("salt-cloud", "-a", "reboot", "-y", *hosts, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    settled(local)
    assert {name: local.host(name).run("cat /proc/1/stat").stdout.split()[21] for name in hosts}.items().isdisjoint(
        boots.items()
    )
    assert not any(changed(local).values())
    assert local.get("/webgateway/render_thumbnail/1/")[0] == 200
