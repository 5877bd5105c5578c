"""Memo files on the running site: one image, all servers, limits, failures and interruptions."""

import json
import subprocess
import time

import pytest
import visiting

READERS = ("idr-local-omeroreadonly-1", "idr-local-omeroreadonly-2")
ONE, TWO = READERS
SHARED = "/data/OMERO/Pixels"


@pytest.fixture(autouse=True)
def cold(local):
    """No worker at work, and no memo file, neither the servers' own nor the read-write server's."""
    find = "find /data/BioFormatsCache /data/OMERO/BioFormatsCache/ -name '*.bfmemo' -delete"
    local.salt("idr-local-omeroreadonly-*", "omero.memo_stop")
    local.salt("idr-local-omero*", "cmd.run", find)
    yield
    local.salt("idr-local-omeroreadonly-*", "omero.memo_stop")


def _run(local, *arguments, timeout=300):
    done = local.run("salt-run", *arguments, "--out=json", timeout=timeout)
    assert "{" in done.stdout, done.stdout + done.stderr
    # before the answer come the events of progress
    return json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{\n") :])[0]


def _progress(local, host):
    return local.salt(host, "omero.memo_progress")[host]


def _until(local, host, check, timeout=120):
    limit = time.monotonic() + timeout
    while True:
        found = _progress(local, host)
        if check(found):
            return found
        assert time.monotonic() < limit, found
        time.sleep(1)


def _sql(local, text):
    return local.host("idr-local-database").run("echo %s | su postgres -s /bin/sh -c 'psql -XAt -d omero'", text).stdout


def test_one_image_is_slow_once_and_then_quick(local):
    image = int(_sql(local, "select max(image) from pixels"))
    first = local.salt(ONE, "omero.memo_warm", str(image))[ONE]
    again = local.salt(ONE, "omero.memo_warm", str(image))[ONE]
    assert first["memo"] is again["memo"] is True
    assert again["seconds"] < first["seconds"]
    assert local.salt(ONE, "omero.memo_count")[ONE] == 1
    assert local.salt(ONE, "omero.memo_size")[ONE] > 0
    assert local.salt(TWO, "omero.memo_count")[TWO] == 0
    folders = local.salt(ONE, "omero.memo_folders")[ONE]
    assert (folders["written"], folders["shared"]) == ("/data/BioFormatsCache", False)


def test_image_that_is_not_there_is_named(local):
    assert "image 987654" in str(local.salt(ONE, "omero.memo_warm", "987654")[ONE])


def test_all_servers_become_warm_each_file_opened_once(local):
    images, files = map(int, _sql(local, "select count(*), count(distinct path || name) from pixels").split("|"))
    told = _run(local, "idr.memo_warm", "idr-local", "wait=True", "timeout=240")
    assert told["done"], told
    assert told["images"] == {"total": 2 * images, "done": 2 * images, "failed": 0}
    for host in READERS:
        assert told["hosts"][host]["files"] == {"total": files, "done": files, "failed": 0, "without_memo": 0}
        assert local.salt(host, "omero.memo_count")[host] == files
        assert local.salt(host, "omero.memo_missing")[host]["images"] == {"total": images, "missing": 0, "tried": 0}
        seen = local.host(host).file("/var/lib/omero-memo/seen").content_string.splitlines()[1:]
        assert len(seen) == files
    first = [local.host(host).file("/var/lib/omero-memo/seen").content_string.splitlines()[1] for host in READERS]
    assert first[0] != first[1]
    began = time.monotonic()
    again = _run(local, "idr.memo_warm", "idr-local", "wait=True", "timeout=60")
    assert again["done"]
    assert {one["answer"] for one in again["hosts"].values()} == {"started"}
    assert time.monotonic() - began < 45
    assert _run(local, "idr.memo_status", "idr-local")["done"]


def test_image_that_cannot_be_opened_is_counted_and_named(local):
    writer = local.host("idr-local-omeroreadwrite")
    image = int(_sql(local, "select min(image) from pixels where name not like '%.screen'"))
    pixels = int(_sql(local, f"select id from pixels where image = {image}"))
    assert writer.run(f"mv {SHARED}/{pixels} {SHARED}/{pixels}.away").rc == 0
    try:
        told = _run(local, "idr.memo_warm", "idr-local", "newest=1000", "wait=True", "timeout=240")
    finally:
        assert writer.run(f"mv {SHARED}/{pixels}.away {SHARED}/{pixels}").rc == 0
    assert told["done"]
    for host in READERS:
        one = told["hosts"][host]
        assert one["images"]["failed"] == 1
        assert [failure["image"] for failure in one["failures"]] == [image]
        assert "no pixels in" in one["failures"][0]["why"]
    # the state does not try again what failed, a new round does
    again = local.salt(ONE, "state.single", "omero.memo_warm", "name=x", "newest=1000")[ONE]
    (ret,) = again.values()
    assert (ret["result"], ret["changes"]) == (True, {})
    assert "1 got none when they were opened" in ret["comment"]
    assert _run(local, "idr.memo_warm", "idr-local", "newest=1000", "wait=True", "timeout=120")["images"]["failed"] == 0


def test_killed_worker_goes_on_where_it_was_and_asks_nothing_of_the_master(local):
    host = local.host(ONE)
    assert local.salt(ONE, "omero.memo_start")[ONE] == "started"
    _until(local, ONE, lambda found: found.get("files", {}).get("done", 0) >= 5)
    assert host.run("systemctl kill --signal=SIGKILL omero-memo && systemctl stop salt-minion").rc == 0
    try:
        # as systemd does by itself half a minute later, and at the next boot
        host.run("systemctl restart omero-memo")
        limit = time.monotonic() + 120
        while json.loads(host.file("/var/lib/omero-memo/status.json").content_string)["state"] != "done":
            assert time.monotonic() < limit
            time.sleep(1)
    finally:
        host.run("systemctl start salt-minion")
        # what is published before it listens is waited for in vain
        visiting.wait(lambda: ONE in visiting.run(local, "manage.up", f"tgt={ONE}"), 120)
    seen = host.file("/var/lib/omero-memo/seen").content_string.splitlines()[1:]
    assert len(seen) == len(set(seen))
    assert host.service("omero-memo").is_enabled
    assert not host.service("omero-memo").is_running


def test_stopped_round_is_resumed(local):
    _run(local, "idr.memo_warm", "idr-local")
    _until(local, ONE, lambda found: found.get("files", {}).get("done", 0) >= 3)
    told = _run(local, "idr.memo_stop", "idr-local")
    assert {one["state"] for one in told["hosts"].values()} == {"stopped"}
    assert not local.host(ONE).service("omero-memo").is_running
    before = local.salt(ONE, "omero.memo_count")[ONE]
    time.sleep(2)
    assert local.salt(ONE, "omero.memo_count")[ONE] == before
    resumed = _run(local, "idr.memo_warm", "idr-local", "wait=True", "timeout=240")
    assert {one["answer"] for one in resumed["hosts"].values()} == {"resumed"}
    assert resumed["done"]


def test_server_that_restarts_is_waited_for(local):
    local.salt(ONE, "omero.memo_start")
    _until(local, ONE, lambda found: found.get("files", {}).get("done", 0) >= 2)
    assert local.host(ONE).run("systemctl restart omero-server").rc == 0
    found = _until(local, ONE, lambda found: found["state"] == "done", 240)
    assert found["images"]["failed"] == 0
    assert local.salt(ONE, "omero.memo_missing")[ONE]["images"]["missing"] == 0


def test_it_backs_off_while_the_database_is_busy(local):
    # many sessions, each at work nearly all the time; sleeping is work to PostgreSQL, and none to the machine, and only
    # who has read a table tells of its work before it ends (pgstat_report_stat in PostgreSQL's pgstat.c)
    statement = "select pg_sleep(0.25) from (select from pg_class limit 1) one;"
    session = f"for i in $(seq 600); do echo '{statement}'; done | psql -qXAt -d omero >/dev/null"
    command = f"for s in $(seq 20); do ({session}) & done; wait"
    prefix = local.prefix(local.leader("idr-local-database")).split()
    with subprocess.Popen([*prefix, "su", "postgres", "-s", "/bin/sh", "-c", command]) as load:
        time.sleep(2)
        local.salt(ONE, "omero.memo_start")
        _until(local, ONE, lambda found: "sessions keep the database busy" in (found.get("why") or ""))
        idle = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'select pg_sleep%'"
        local.salt("idr-local-database", "postgresql.query", idle)
        load.wait(60)
    assert _until(local, ONE, lambda found: found["state"] == "done")["images"]["failed"] == 0


def test_state_predicts_makes_and_then_changes_nothing(local):
    def single(*more):
        (ret,) = local.salt(ONE, "state.single", "omero.memo_warm", "name=x", "newest=10", *more)[ONE].values()
        return ret

    predicted = single("test=True")
    assert predicted["result"] is None
    assert predicted["changes"] == {"missing": {"old": 10, "new": "being made"}}
    assert local.salt(ONE, "omero.memo_count")[ONE] == 0
    made = single("timeout=60")
    assert (made["result"], made["changes"]) == (True, predicted["changes"])
    again = single()
    assert (again["result"], again["changes"]) == (True, {})
    assert "10 of 10 images have memo files" in again["comment"]


def test_no_password_is_where_others_see_it(local):
    local.salt(ONE, "omero.memo_start")
    _until(local, ONE, lambda found: found.get("files", {}).get("done", 0) >= 1)
    host = local.host(ONE)
    settings = json.loads(host.file("/etc/omero-memo/settings.json").content_string)
    secrets = [settings["login"]["password"], settings["pgpass"].strip().rsplit(":", 1)[1]]
    everywhere = host.run("cat /proc/[0-9]*/cmdline; journalctl -u omero-memo; cat /var/lib/omero-memo/*").stdout
    assert all(len(secret) > 8 and secret not in everywhere for secret in secrets)
    assert host.file("/etc/omero-memo/settings.json").mode == 0o600

    worker = host.run("tr '\\0' '\\n' < /proc/$(systemctl show -P MainPID omero-memo)/environ").stdout
    assert not any(secret in worker for secret in secrets)
