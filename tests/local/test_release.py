"""The next release of the running site: prepared from a set, promoted under visitors, taken back, retired."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess

import pytest
import snapshotting
import visiting
import yaml
from snapshotting import DATABASE, ENVIRONMENT, WRITER

from testbed.paths import CHECKOUT, SITE, STATE

NEXT = f"{ENVIRONMENT}2"
HOSTS = [f"{NEXT}-{role}" for role in ("database", "omeroreadonly-1", "omeroreadwrite", "proxy")]
PROXY = f"{NEXT}-proxy"
# A picture that visitors ask for again and again before the release, and its mark.
PICTURE = "/webgateway/render_thumbnail/3/?release=busy"
MARK = "before the release"
LOG = pathlib.Path("var/lib/idr-salt/releases.log")


def run(local, *arguments, timeout=1500):
    return snapshotting.run(local, *arguments, timeout=timeout)


def sql(local, host, statement):
    return local.host(host).run("echo %s | su postgres -s /bin/sh -c 'psql -XAt -d omero'", statement).stdout.strip()


def known(local):
    return [json.loads(line) for line in (STATE / "root" / LOG).read_text().splitlines()]


def kill(process):
    """Kill a runner with all that it has begun."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


@pytest.fixture(scope="module")
def prepared(local):
    """What ``release.prepare`` said that went on where another had been killed."""
    sql(local, DATABASE, f"create table mark (said text); insert into mark values ('{MARK}')")
    local.host(WRITER).run("echo %s > /data/OMERO/mark", MARK)
    for _ in range(5):
        assert local.get(PICTURE)[0] == 200
    with snapshotting.begun(local, "release.prepare", NEXT, f"from={ENVIRONMENT}") as process:
        visiting.wait(lambda: NEXT in servers(local), 180)
        kill(process)
    told = run(local, "release.prepare", NEXT, f"from={ENVIRONMENT}")
    yield told
    sql(local, DATABASE, "drop table mark")
    local.host(WRITER).run("rm /data/OMERO/mark")


def servers(local):
    """Names of all hosts of the cloud, in one text."""
    return local.run("salt-cloud", "-Q", "--out=json").stdout


def test_what_was_killed_goes_on_with_the_same_set(local, prepared):
    assert prepared.get("hosts") == HOSTS, prepared
    lines = [line for line in known(local) if line["environment"] == NEXT]
    lines = lines[max(number for number, line in enumerate(lines) if line["step"] == "preparing") :]
    assert [line["step"] for line in lines] == ["preparing", "made", "applied", "prepared"]
    assert {line["set"] for line in lines if "set" in line} == {prepared["set"]}


def test_it_has_the_data_of_the_set(local, prepared):
    assert sql(local, f"{NEXT}-database", "select said from mark") == MARK
    for host in (f"{NEXT}-omeroreadwrite", f"{NEXT}-omeroreadonly-1"):
        # in the one the volume itself, in the other what it shares
        found = local.host(host).run("cat /data/OMERO/mark /data/OMERO/readonly/mark 2>/dev/null").stdout
        assert MARK in found or host != f"{NEXT}-omeroreadwrite"
    assert int(sql(local, f"{NEXT}-database", "select count(*) from pixels")) > 250


def test_its_secrets_are_its_own(local, prepared):
    def secrets(environment):
        return yaml.safe_load((STATE / f"secrets/{environment}/omeroreadwrite.sls").read_text())["secrets"]

    old, new = secrets(ENVIRONMENT), secrets(NEXT)
    for group, values in new.items():
        assert all(old[group][name] != value for name, value in values.items())
    # root of OMERO, and the users, have the new ones
    assert local.salt(f"{NEXT}-omeroreadwrite", "omero.look", "login=root")[f"{NEXT}-omeroreadwrite"]["up"]


def test_it_is_proved_and_nothing_of_it_is_public(local, prepared):
    assert set(local.salt(PROXY, "frontend.smoke")[PROXY].values()) == {""}
    told = run(local, "release.status")
    assert told["environments"][NEXT]["state"] == "prepared"
    assert told["environments"][NEXT]["addresses"] == []
    page = "/webgateway/render_thumbnail/4/?release=not-yet"
    assert local.get(page)[0] == 200
    assert visiting.logged(local.host(PROXY), "release=not-yet") == []


def test_names_that_are_taken_are_refused(local, prepared):
    assert "is prepared since" in run(local, "release.prepare", NEXT, f"from={ENVIRONMENT}")["errors"][0]
    told = run(local, "release.prepare", ENVIRONMENT, f"from={NEXT}")
    assert "expected a name that is not taken" in told["errors"][0]


def test_what_fails_its_smoke_test_is_not_promoted(local, prepared):
    local.salt(PROXY, "frontend.maintenance", "on=True")
    try:
        told = run(local, "release.promote", NEXT)
    finally:
        local.salt(PROXY, "frontend.maintenance", "on=False")
    assert "start page: /: expected status 200, found 503" in told["errors"][0]
    assert "The site is where it was" in told["errors"][0]
    assert local.run("getent", "hosts", SITE).stdout.split()[0] == address(local, visiting.PROXY)


def address(local, host):
    return local.run("getent", "hosts", host).stdout.split()[0]


def test_a_move_whose_master_is_killed_is_not_half_done(local, prepared):
    # the cloud is busy with something else, so that there is a moment between what is written down and what is done
    with busy(local) as release:
        with snapshotting.begun(local, "release.promote", NEXT, "warm=0") as process:
            visiting.wait(lambda: known(local)[-1]["step"] == "moving", 120)
            kill(process)
        release()
    assert local.run("getent", "hosts", SITE).stdout.split()[0] == address(local, visiting.PROXY)
    assert local.get("/webclient/?experimenter=-1")[0] == 200
    assert run(local, "release.status")["environments"][NEXT]["state"] == "moving"
    assert "expected an environment that was the site before" in run(local, "release.rollback")["errors"][0]


@contextlib.contextmanager
def busy(local):
    """Somebody holds what guards the cloud's addresses; yields a function that ends that."""
    script = "exec 9>>/srv/idr/.local/cloud/lock; flock 9; echo locked; read end"
    command = [CHECKOUT / "bin/local", "sh", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"
        yield lambda: process.communicate("\n", timeout=30)


def test_visitors_notice_nothing_of_a_promotion_and_of_the_way_back(local, prepared):
    with visiting.reading(local, host=SITE) as read:
        told = run(local, "release.promote", NEXT)
        assert told["environment"] == NEXT, told
        # the cache came with the clone, or its page was asked for
        assert local.get(PICTURE)[2]["X-Cache"] == "HIT"
        visiting.wait(lambda: visiting.logged(local.host(PROXY), "release=busy"), 30)
        assert local.get("/webclient/?experimenter=-1&release=now")[0] == 200
        assert visiting.logged(local.host(PROXY), "release=now")
        back = run(local, "release.rollback")
        assert (back["environment"], back["replaces"]) == (ENVIRONMENT, NEXT), back
        assert local.get("/webclient/?experimenter=-1&release=back")[0] == 200
        assert visiting.logged(local.host(visiting.PROXY), "release=back")
    assert read["failed"] == []
    assert read["requests"] > 20
    assert told["warmed"][PROXY]["asked"] > 0
    assert told["warmed"][PROXY]["failed"] == {}


def test_pages_of_the_clone_s_cache_do_not_name_another_host(local, prepared):
    inside = local.run("curl", "-s", "-i", f"http://{PROXY}/api/v0/m/projects/")
    assert ENVIRONMENT + "-proxy/" not in inside.stdout
    assert f"http://{PROXY}/api/" in inside.stdout


def test_the_second_run_of_its_states_changes_nothing(local, prepared):
    answers = local.salt("-L", ",".join(HOSTS), "state.apply", "test=True")
    for host, states in answers.items():
        changing = {name: one["comment"] for name, one in states.items() if one["result"] is not True or one["changes"]}
        assert changing == {}, host


def test_it_is_retired_and_nothing_is_left(local, prepared):
    assert f"confirm={NEXT}" in run(local, "release.retire", NEXT)["errors"][0]
    assert "is the public site" in run(local, "release.retire", ENVIRONMENT, f"confirm={ENVIRONMENT}")["errors"][0]
    told = run(local, "release.retire", NEXT, f"confirm={NEXT}", "volumes=True")
    assert told["destroyed"] == HOSTS, told
    assert told["volumes"]["left"] == []
    assert NEXT not in servers(local)
    assert NEXT not in local.run("salt-cloud", "-f", "list_volumes", "local", "--out=json").stdout
    assert NEXT not in local.run("salt-key", "--out=json").stdout
    assert local.get("/webclient/?experimenter=-1")[0] == 200
    kept = run(local, "snapshot.prune", ENVIRONMENT, "keep=1", "daily=0", "weekly=0", "monthly=0")
    assert "errors" not in kept
