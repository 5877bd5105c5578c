"""
A release on OpenStack from end to end: a set of snapshots of a site of real hosts, all of it made anew from clones,
the floating IP over to it and back, and it is retired. `make test-cloud` runs this: it takes longer than CI may.
"""

import time

import pytest
from openstack_site import Site, unwell
from visiting import LOG

from testbed.openstack import ci
from testbed.paths import CHECKOUT

OLD, NEXT = ci.ENVIRONMENT, ci.NEXT
MARK = "written before the set"


@pytest.fixture(scope="module")
def site(local):
    """A cloud with a site that serves."""
    made = Site()
    try:
        made.start()
        made.hosts = made.make()
        failed = unwell(made.salt("*", "state.apply", "queue=True", within=900))
        assert not failed, "\n".join(failed.values())
        (made.address,) = made.hosts[f"{OLD}-proxy"]["public_ips"]
        yield made
    finally:
        made.stop()
        # of a new environment without a map `release.prepare` writes one
        (CHECKOUT / f"{NEXT}.map").unlink(missing_ok=True)


def sql(site, environment, statement):
    host = f"{environment}-database"
    command = f'runuser -u postgres -- psql -XAtq -d omero -c "{statement}"'
    return site.salt(host, "cmd.run", command, "cwd=/")[host]


@pytest.fixture(scope="module")
def prepared(site):
    """What `release.prepare` answers."""
    sql(site, OLD, "create table mark (said text)")
    sql(site, OLD, f"insert into mark values ('{MARK}')")
    return site.ask("salt-run", "release.prepare", NEXT, f"from={OLD}", within=1500)


def who_serves(site):
    """The environment whose proxy answers at the public address."""
    deadline = time.monotonic() + 120
    while (answer := site.get(f"http://{site.address}/webclient/keepalive_ping/"))[0] != 200:
        assert time.monotonic() < deadline, answer
        time.sleep(1)
    page = f"/webgateway/render_thumbnail/1/?asked={time.time()}"
    site.get(f"http://{site.address}{page}")
    logs = site.salt("*-proxy", "cmd.run", f"grep -c {page.partition('=')[2]} {LOG}", "cwd=/")
    return [host.removesuffix("-proxy") for host, count in logs.items() if count.splitlines()[0] == "1"]


def test_it_is_made_of_clones_of_one_set(site, prepared):
    assert sorted(prepared["hosts"]) == sorted(name.replace(OLD, NEXT) for name in site.hosts)
    shown = site.ask("salt-run", "snapshot.show", prepared["set"])
    assert (shown["environment"], shown["complete"]) == (OLD, True)
    assert shown["freeze_seconds"] < 15
    clones = site.look(lambda cloud: {one.name: one.snapshot_id for one in cloud.block_storage.volumes()})
    for name, volume in shown["volumes"].items():
        assert clones[name.replace(OLD, NEXT)] == volume["snapshot_id"]


def test_it_has_the_data_and_is_proved(site, prepared):
    assert sql(site, NEXT, "select said from mark") == MARK
    smoke = site.salt(f"{NEXT}-proxy", "frontend.smoke")[f"{NEXT}-proxy"]
    assert set(smoke.values()) == {""}, smoke


def test_the_floating_ip_goes_over_and_back(site, prepared):
    assert who_serves(site) == [OLD]
    told = site.ask("salt-run", "release.promote", NEXT, f"from={OLD}", "warm=20", within=600)
    assert "errors" not in told, told
    assert who_serves(site) == [NEXT]
    told = site.ask("salt-run", "release.rollback", within=600)
    assert "errors" not in told, told
    assert who_serves(site) == [OLD]


def test_a_set_is_proved_on_a_host_of_the_cloud(site, prepared):
    told = site.ask("salt-run", "snapshot.verify", prepared["set"], within=900)
    assert told.get("good") is True, told


def test_it_is_retired_and_nothing_of_it_is_left(site, prepared):
    told = site.ask("salt-run", "release.retire", NEXT, f"confirm={NEXT}", "volumes=True", within=600)
    assert "errors" not in told, told
    assert not [name for name in site.ask("salt-cloud", "-Q")["embassy"]["openstack"] if NEXT in name]
    site.orchestrate("orch.infrastructure_removed", NEXT)
    left = site.look(lambda cloud: [one.name for one in cloud.block_storage.volumes()])
    assert not [name for name in left if name.startswith(f"{NEXT}-")]
