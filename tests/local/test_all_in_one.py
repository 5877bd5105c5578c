"""
A machine that has sshd and sudo: a first look by salt-ssh, then a minion by Salt Cloud's own deploy, then all roles in
one run of the states, the same without a master, and at last its database on a node of its own, by one line of the map.
"""

import json
import re
import secrets
import subprocess
import time

import bare
import pytest
import yaml
from arriving import ENVIRONMENT, HOST, MACHINE, MAP, OneHost, arrived

from testbed.paths import CHECKOUT, STATE

DATABASE = f"{ENVIRONMENT}-database"
WHEELS = "http://10.99.0.1:8000/wheels/"
HOST_OF = re.compile(r"//([^/]+)/")
THUMBNAIL = "/webgateway/render_thumbnail/1/"


@pytest.fixture(scope="module")
def one_host(local):
    """A machine that became a site with all roles on it; gone after the last test."""
    host = OneHost(local)
    try:
        host.make()
        yield host
    finally:
        host.remove()


def wrong(states):
    """Ids of the states of an answer that failed."""
    assert isinstance(states, dict), states
    return {state["__id__"]: state["comment"] for state in states.values() if state["result"] is not True}


def changed(states):
    assert isinstance(states, dict), states
    return {state["__id__"]: state["changes"] for state in states.values() if state["changes"]}


@pytest.fixture
def get(local, one_host):
    """Function that fetches a page of the site as a visitor: status, where it leads, and the body."""

    def get(path, port=80, address=one_host.machine.address):
        command = ["curl", "-s", "-m", "60", "-w", "\n%{http_code} %{redirect_url}", f"http://{address}:{port}{path}"]
        body, _, end = local.run(*command, errors="replace").stdout.rpartition("\n")
        status, _, target = end.partition(" ")
        return int(status), target, body

    return get


def test_nothing_of_salt_was_there(one_host):
    assert "salt" not in one_host.bare


def test_a_machine_whose_key_nobody_has_looked_at_is_refused(one_host):
    assert "host key" in str(one_host.told["unknown"]).lower()
    assert HOST in one_host.refused
    assert "Error" in one_host.refused or "error" in one_host.refused.lower()


def test_first_look_without_a_minion(one_host):
    assert one_host.told["test.ping"] is True
    assert one_host.told["grains.items"]["os"] == "Debian"
    assert one_host.told["state.show_top"] == {"base": ["role.database", "role.omeroreadwrite", "role.proxy"]}


def test_it_is_a_minion_whose_key_the_master_made(one_host):
    assert one_host.up, one_host.made
    accepted = (STATE / f"root/etc/salt/pki/master/minions/{HOST}").read_text().strip()
    assert one_host.on("cat /etc/salt/pki/minion/minion.pub").stdout.strip() == accepted
    assert one_host.on("stat -c %a /etc/salt/pki/minion/minion.pem").stdout.strip() == "400"
    config = yaml.safe_load(one_host.on("cat /etc/salt/minion").stdout)
    assert (config["id"], config["master"], config["lazy_loader_strict_matching"]) == (HOST, "10.99.0.1", True)
    # what Salt Cloud and salt-ssh needed on the way is gone
    assert one_host.on("ls -d /tmp/.saltcloud-*/* /opt/saltstack/deploy").stdout == ""


def test_salt_is_of_the_pinned_list(one_host):
    wanted = dict(re.findall(r"^([\w.-]+)==(\S+)", one_host.on("cat /opt/saltstack/salt/installed.txt").stdout, re.M))
    assert wanted["salt"] in one_host.on("salt-call --version").stdout


def test_no_private_key_is_in_a_log_or_an_answer(one_host):
    said = one_host.made + one_host.refused + json.dumps(one_host.told)
    assert "PRIVATE" not in said


def test_salt_cloud_knows_it_and_makes_it_once(one_host, local):
    found = json.loads(local.run("salt-cloud", "-Q", "--out=json").stdout)
    assert found["onprem"]["saltify"][HOST]["state"] == "running"
    assert MACHINE in found["local"]["nspawn"]


def test_one_run_is_enough(one_host):
    assert wrong(one_host.applied) == {}


def test_the_second_run_changes_nothing(one_host, local):
    again = local.salt(HOST, "state.apply")[HOST]
    assert (wrong(again), changed(again)) == ({}, {})


def test_all_services_are_on_this_host(one_host):
    units = ("postgresql@15-main", "omero-server", "omero-web", "redis-server", "nginx", "haproxy", "idr-firewall")
    assert one_host.on(f"systemctl is-active {' '.join(units)}").stdout.split() == ["active"] * len(units)


def test_a_visitor_sees_what_is_public(get):
    status, _, body = get("/webclient/?experimenter=-1")
    assert status == 200
    assert "<title>" in body
    assert get("/api/v0/m/projects/")[0] == 200
    assert get(THUMBNAIL)[0] == 200
    assert get("/")[1].endswith("/webclient/")


@pytest.mark.parametrize("path", ["/webgateway/archived_files/download/1/", "/webadmin/", "/webclient/annotate_tags/"])
def test_a_visitor_is_refused_what_is_not(get, path):
    status, target, _ = get(f"{path}?{secrets.token_hex(4)}")
    assert (status, "/webclient/login/?url=" in target) == (302, True)
    # and the front end leads from there to the start page
    assert get("/webclient/login/")[1] == f"http://{HOST_OF.search(target)[1]}/"


def test_the_way_of_those_who_log_in_is_no_public_one(one_host, get):
    assert get("/", port=8080)[0] == 0
    page = one_host.on("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/webclient/login/")
    assert page.stdout == "200"


def test_public_is_a_matter_of_pillar_alone(one_host, local, get):
    closed = {"omero": {"web": {"config": {"omero.web.public.enabled": False}}}}
    path = f"/webclient/metadata_details/image/1/?{secrets.token_hex(4)}"

    def status_of(page):
        """Its status, once OMERO.web has restarted: the front end has no other to ask meanwhile."""
        end = time.monotonic() + 60
        while (status := get(page)[0]) in (502, 503, 504) and time.monotonic() < end:
            time.sleep(1)
        return status

    assert status_of(path) == 200
    answer = local.salt(HOST, "state.apply", "omero.web", f"pillar={json.dumps(closed)}")[HOST]
    try:
        assert set(changed(answer)) == {"omero-web-configuration", "omero-web-service"}
        assert status_of(f"{path}0") == 302
    finally:
        assert wrong(local.salt(HOST, "state.apply", "omero.web")[HOST]) == {}
    assert status_of(f"{path}1") == 200


def test_without_a_master_it_is_the_same(one_host, local):
    """The same tree by salt-call --local: with the same secrets nothing changes."""
    prefix = local.prefix(local.leader(MACHINE))
    secret = STATE / f"secrets/{ENVIRONMENT}"
    for folder, place, listed in (
        (CHECKOUT, "/srv/idr", "git ls-files -z --cached --others --exclude-standard"),
        (secret, f"/srv/idr/pillar/secrets/{ENVIRONMENT}", "find . -name '*.sls' -print0"),
    ):
        copy = f"{listed} | tar --create --null --files-from=- | {prefix} sh -c 'mkdir -p {place}; tar -xC {place}'"
        subprocess.run(["sh", "-c", copy], cwd=folder, check=True, capture_output=True, timeout=120)
    command = f"/srv/idr/bin/masterless --find-links {WHEELS}"
    refused = one_host.on(f"{command} {HOST}")
    assert (refused.rc, "nobody could log in by SSH" in refused.stderr) == (1, True), refused.stdout + refused.stderr
    done = one_host.on(f"{command} --closed {HOST}")
    assert done.rc == 0, done.stdout + done.stderr
    others = [line for line in done.stdout.splitlines() if "Result: Clean" not in line]
    assert re.search(r"^Failed: +0$", done.stdout, re.M), others
    assert "changed=" not in done.stdout, others


@pytest.fixture(scope="module")
def beside(one_host, local):
    """What the steps have answered by which the database gets a node of its own."""
    told = {"dump": local.salt(HOST, "omero.db_dump")[HOST]}
    before = bare.write_map(f"{MAP.format(host=HOST, entry=one_host.machine.entry())}idr-database:\n  - {DATABASE}\n")
    try:
        local.run("salt-cloud", "-m", f"{ENVIRONMENT}.map", "-P", "-y", "--out=json")
        arrived(local, DATABASE)
        told["database"] = local.salt(DATABASE, "state.apply")[DATABASE]
        told["refused"] = local.salt(HOST, "state.apply")[HOST]
        local.salt(HOST, "saltutil.refresh_pillar", "wait=True")
        told["restored"] = local.salt(HOST, "omero.db_restore", told["dump"]["path"], "omero")[HOST]
        told["applied"] = local.salt(HOST, "state.apply")[HOST]
        yield told
    finally:
        bare.write_map(before)
        local.run("salt-cloud", "-d", DATABASE, "-y")
        local.run("salt-cloud", "-f", "delete_volume", "local", f"name={DATABASE}-db", "-y")


def test_an_empty_database_does_not_take_the_place_of_a_full_one(beside):
    assert wrong(beside["database"]) == {}
    refused = wrong(beside["refused"])
    assert "the database is empty, but the repository is not" in refused["omero-database-fits"]
    assert set(changed(beside["refused"])) <= {"peers-known", "firewall", "firewall-rules"}


def test_with_its_rows_the_database_is_on_a_node_of_its_own(beside, one_host, local, get):
    assert beside["restored"] == {"database": "omero", "schema": beside["dump"]["schema"]}
    assert wrong(beside["applied"]) == {}
    assert {"omero-server-configuration", "omero-server-service"} <= set(changed(beside["applied"]))
    sessions = "select count(distinct client_addr) from pg_stat_activity where usename = 'omero'"
    assert local.salt(DATABASE, "postgresql.query", sessions)[DATABASE] == [["1"]]
    assert get(f"{THUMBNAIL}?{secrets.token_hex(4)}")[0] == 200
    # nothing of the old one is used any more
    assert one_host.on("systemctl stop postgresql@15-main").rc == 0
    assert get(f"{THUMBNAIL}?{secrets.token_hex(4)}")[0] == 200
    assert get("/webclient/keepalive_ping/")[2].startswith("OK")
