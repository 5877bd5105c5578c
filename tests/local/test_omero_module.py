"""The functions omero.* and the states of single users and groups, against the running servers."""

import json
import time

import pytest
import yaml

from testbed.paths import STATE

WRITER, READER, OTHER = "idr-local-omeroreadwrite", "idr-local-omeroreadonly-1", "idr-local-omeroreadonly-2"
DATA = "/data/OMERO"
GROUP, USER = "trial-group", "trial-user"
FORGET = f"""
begin;
create temporary table gone as select id from experimenter where omename = '{USER}';
create temporary table empty as select id from experimentergroup where name = '{GROUP}';
delete from groupexperimentermap where child in (select id from gone) or parent in (select id from empty);
delete from password where experimenter_id in (select id from gone);
delete from experimenter where id in (select id from gone);
delete from experimentergroup where id in (select id from empty);
commit;
"""
# writes down the command line of every process of the host until it is ended
WATCH = "while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; echo; sleep 0.02; done > /run/trial-processes"


@pytest.fixture(scope="module")
def omero(local):
    """Function ``(minion, name, *arguments)`` that calls ``omero.<name>`` and returns its answer."""

    def call(minion, name, *arguments):
        return local.salt(minion, f"omero.{name}", *arguments)[minion]

    return call


@pytest.fixture
def nobody_new(local):
    """Neither the trial's user nor its group, before and after."""
    database = local.host("idr-local-database")

    def forget():
        done = database.run("runuser -u postgres -- psql -qd omero -v ON_ERROR_STOP=1 -c %s", FORGET)
        assert done.rc == 0, done.stderr

    forget()
    yield
    forget()


@pytest.fixture(scope="module")
def secrets():
    """The passwords of the read-write server."""
    return yaml.safe_load((STATE / "secrets/idr-local/omeroreadwrite.sls").read_text())["secrets"]


@pytest.mark.parametrize(("minion", "read_only"), [(WRITER, False), (READER, True), (OTHER, True)])
def test_a_server_tells_how_it_is(omero, minion, read_only):
    found = omero(minion, "status")
    assert (found["up"], found["service"]) == (True, "active")
    assert found["components"]["Blitz-0"]["state"] == "active"
    assert found["components"]["Blitz-0"]["pid"] > 1
    assert omero(minion, "read_only") == {"db": read_only, "repo": read_only}
    said = omero(minion, "look")
    installed = omero(minion, "version")["omero-server"]
    assert said == {"up": True, "db": read_only, "repo": read_only, "version": installed.split("-")[0]}


def test_endpoints_are_those_that_listen(omero):
    found = omero(READER, "endpoints")
    assert {name: (one["port"], one["listening"]) for name, one in found.items()} == {
        "registry": (4061, True),
        "ssl": (4064, True),
        "tcp": (4063, True),
        "ws": (4065, True),
    }


def test_certificate_is_the_hosts_own(omero):
    ((path, found),) = omero(READER, "certificates").items()
    assert path.endswith("server.pem")
    assert (found["names"], found["key"]) == ([READER], True)
    assert found["days_left"] > 30


def test_diagnostics(omero):
    found = omero(READER, "diagnostics", "logs=True")
    assert found["grid"] == "running"
    assert found["components"]["Blitz-0"]["state"] == "active"
    assert found["folders"]["data"] == {"path": DATA, "exists": True, "writable": True}
    assert found["ports"] == {"ssl": 4064, "tcp": 4063}
    assert "errors" in found["logs"]["Blitz-0.log"]


def test_log_is_the_servers_own(omero):
    assert "Blitz-0.log" in omero(READER, "logs")
    assert any("[STAND-IN]" in line for line in omero(READER, "logs", "Blitz-0.log", "lines=500"))


def test_defaults_of_the_release(omero):
    defaults = omero(READER, "config_parse")
    assert defaults["omero.ports.ssl"] == 4064
    shown = omero(READER, "config_list")
    assert shown["omero.db.pass"] == "********"
    assert shown["omero.cluster.read_only.db"] is True


def test_queries(omero):
    rows = omero(READER, "hql", "select i.id, i.name, i from Image i order by i.id", "limit=2")
    assert [len(row) for row in rows] == [3, 3]
    assert rows[0][2]["class"] == "Image"
    assert (rows[0][2]["id"], rows[0][2]["name"]) == tuple(rows[0][:2])
    ids = [row[0] for row in rows]
    query = "select i.id from Image i where i.id in (:ids) order by i.id"
    assert omero(READER, "hql", query, f"parameters={json.dumps({'ids': ids})}") == [[one] for one in ids]
    assert "QueryException" in omero(READER, "hql", "select n from Nothing n")


def test_sessions_are_listed_and_leave_none_behind(omero):
    """What the module itself opens is closed again: by its client, and by the look that health checks take."""

    def asked():
        found = omero(WRITER, "sessions")
        assert found["count"] == len(found["sessions"]) == sum(found["users"].values())
        return [one for one in found["sessions"] if one["agent"] == "OMERO.salt"]

    before = asked()
    assert [one["user"] for one in before if one["own"]] == ["root"]
    assert before[0]["since"].startswith("20")
    for _ in range(3):
        omero(WRITER, "look", "login=root")
        omero(WRITER, "hql", "select i.id from Image i", "limit=1")
    # older ones may have ended meanwhile
    assert len(asked()) <= len(before)


def test_a_wrong_password_is_told_apart(omero):
    assert omero(WRITER, "look", "password=secrets:omero:root") == {"up": True}
    assert "refuses the user or the password" in omero(WRITER, "read_only", "password=secrets:omero:root")
    assert "PermissionDenied" in omero(WRITER, "hql", "select 1", "login=public", "password=secrets:omero:root")
    answer = omero(WRITER, "cleanse", "password=secrets:omero:public")
    assert "The server refuses the user or the password: omero login" in answer


def test_an_administrators_task_is_refused_to_others(omero):
    assert "exit code" in omero(WRITER, "cleanse", "login=public")


def test_users_and_groups_by_functions(omero, nobody_new):
    assert omero(WRITER, "group_add", GROUP, "read-annotate")
    assert "one of this name already" in omero(WRITER, "group_add", GROUP)
    added = omero(WRITER, "user_add", USER, f"[{GROUP}]", "email=a@example.org", "password=secrets:omero:public")
    assert "password" not in str(added)
    assert "one of this name already" in omero(WRITER, "user_add", USER, f"[{GROUP}]")
    found = omero(WRITER, "users")[USER]
    assert (found["email"], found["groups"], found["active"], found["admin"]) == ("a@example.org", [GROUP], True, False)
    assert omero(WRITER, "user_password", USER, "secrets:omero:public") is False
    assert omero(WRITER, "user_password", USER, "secrets:omero:root") is True
    joined = omero(WRITER, "user_join", USER, "[public]", "owner=True")
    assert joined == {"default": GROUP, "groups": [GROUP, "public"], "owner_of": ["public"]}
    assert omero(WRITER, "groups")[GROUP]["members"] == [USER]
    assert omero(WRITER, "user_leave", USER, f"[{GROUP}]")["groups"] == ["public"]
    assert "would be in no group" in omero(WRITER, "user_leave", USER, "[public]")
    assert "There is no such user" in omero(WRITER, "user_groups", "nobody-of-this-name")


def _state(local, name, *arguments, minion=WRITER):
    ((_, ret),) = local.salt(minion, "state.single", f"omero.{name}", *arguments)[minion].items()
    return ret["result"], ret["changes"], ret["comment"]


def test_group_and_user_as_states(local, omero, nobody_new):
    group = ("group_present", GROUP, "type=read-only")
    user = ("user_present", USER, f"groups=[{GROUP}, public]", "institution=Lab", "password=secrets:omero:public")
    for arguments in (group, user):
        result, predicted, _ = _state(local, *arguments, "test=True")
        assert result is None
        result, changes, comment = _state(local, *arguments)
        assert (result, changes) == (True, predicted), comment
        for test in ("test=True", "test=False"):
            assert _state(local, *arguments, test)[:2] == (True, {})
    found = omero(WRITER, "users")[USER]
    assert (found["groups"], found["institution"]) == ([GROUP, "public"], "Lab")
    result, changes, _ = _state(local, "group_present", GROUP, "type=private")
    assert (result, changes) == (True, {f"group {GROUP}": [{"permit": {"permissions": "rw----"}}]})
    # names that somebody else gave stay
    result, changes, _ = _state(local, "user_present", USER, "groups=[public]", "password=secrets:omero:root")
    assert result is True
    assert [list(step) for step in changes[f"user {USER}"]] == [["leave"], ["default"], ["password"]]


def test_a_user_in_a_group_that_is_not_there(local, nobody_new):
    result, changes, comment = _state(local, "user_present", USER, "groups=[not-there]")
    assert (result, changes) == (False, {})
    assert "not-there" in comment


def test_accounts_are_not_changed_on_a_read_only_server(local):
    result, changes, _ = _state(local, "group_present", GROUP, "type=private", minion=READER)
    assert (result, changes) == (False, {})


def test_orphans_are_cleansed_and_nothing_else(local, omero):
    host = local.host(WRITER)
    orphan, pyramid = f"{DATA}/Pixels/987654321", f"{DATA}/Pixels/987654322_pyramid"
    try:
        assert host.run(f"runuser -u omero-server -- sh -c 'printf 12345 > {orphan}; : > {pyramid}'").rc == 0
        assert omero(WRITER, "fixpyramids") == {"dry_run": True, "pyramids": ["987654322_pyramid"]}
        assert omero(WRITER, "fixpyramids", "dry_run=False")["pyramids"] == ["987654322_pyramid"]
        assert not host.file(pyramid).exists
        before = host.check_output(f"find {DATA}/Pixels -type f | wc -l")
        found = omero(WRITER, "cleanse", "subdirectory=Pixels")
        assert (found["files"], found["bytes"], found["dry_run"]) == ([orphan], 5, True)
        assert host.file(orphan).exists
        found = omero(WRITER, "cleanse", "subdirectory=Pixels", "dry_run=False")
        assert (found["files"], found["bytes"], found["left"]) == ([orphan], 5, [])
        assert int(host.check_output(f"find {DATA}/Pixels -type f | wc -l")) == int(before) - 1
    finally:
        host.run(f"rm -f {orphan} {pyramid}")
    assert "it is read-only" in omero(READER, "cleanse", "dry_run=False")


def test_pyramids_of_images(omero):
    assert omero(WRITER, "removepyramids") == {"dry_run": True, "images": [], "failed": {}}
    assert "2026-13-01" in omero(WRITER, "removepyramids", "imported_after=2026-13-01")


def test_reindexing(omero):
    try:
        assert "Indexer-0 is running" in omero(WRITER, "reindex", "full")
        omero(WRITER, "reindex", "prepare")
        assert omero(WRITER, "status")["components"]["Indexer-0"]["enabled"] is False
        assert omero(WRITER, "reindex", "full")["action"] == "full"
    finally:
        omero(WRITER, "reindex", "finish")
    assert omero(WRITER, "status")["components"]["Indexer-0"]["enabled"] is True


def test_mail_needs_a_configuration(omero):
    assert "omero.mail.config" in omero(WRITER, "email", "Subject", "Text", "everyone=True")


def test_service(omero):
    """Stopped, waited for, started: by systemd, which knows the truth all the time."""
    try:
        stopped = omero(OTHER, "stop")
        assert (stopped["service"], stopped["changed"]) == ("inactive", True)
        assert omero(OTHER, "stop")["changed"] is False
        found = omero(OTHER, "status")
        assert (found["up"], found["service"], found["components"]) == (False, "inactive", {})
        assert omero(OTHER, "waitdown", "timeout=0")["up"] is False
        assert "did not come up in time: after 1 s the service omero-server is inactive" in omero(
            OTHER, "waitup", "timeout=1"
        )
        assert "ConnectionRefused" in omero(OTHER, "look")
    finally:
        started = omero(OTHER, "start")
    assert (started["service"], started["changed"]) == ("active", True)
    assert omero(OTHER, "start")["changed"] is False
    assert omero(OTHER, "waitup", "timeout=60")["up"] is True
    assert "did not go down in time" in omero(OTHER, "waitdown", "timeout=0")


def test_a_start_that_takes_too_long_meets_its_limit(omero):
    try:
        omero(OTHER, "stop")
        begun = time.monotonic()
        answer = omero(OTHER, "start", "timeout=1")
        assert "The server did not come up in time" in answer
        assert time.monotonic() - begun < 30
    finally:
        # systemd goes on with it
        assert omero(OTHER, "waitup", "timeout=120")["up"] is True


def test_passwords_are_in_no_process_log_or_job(local, omero, secrets, nobody_new):
    host = local.host(WRITER)
    hidden = [secrets["omero"]["root"], secrets["omero"]["public"], secrets["database"]["omero"]]
    watcher = "trial-watch-processes"
    assert host.run(f"systemd-run -q --unit={watcher} sh -c %s", WATCH).rc == 0
    try:
        omero(WRITER, "group_add", GROUP)
        omero(WRITER, "user_add", USER, f"[{GROUP}]", "password=secrets:omero:public")
        omero(WRITER, "user_password", USER, "secrets:omero:root")
        omero(WRITER, "cleanse", "subdirectory=Pixels")
        omero(WRITER, "cleanse", "password=secrets:omero:public")
        omero(WRITER, "look", "login=root")
        omero(WRITER, "sessions")
        omero(WRITER, "config_set", "omero.trial.pass", "secret=secrets:omero:public")
        omero(WRITER, "config_remove", "omero.trial.pass")
    finally:
        host.run(f"systemctl stop {watcher}")
    seen = host.file("/run/trial-processes").content_string
    host.run("rm -f /run/trial-processes")
    # it did watch
    assert "omero admin cleanse" in seen or "bin/omero" in seen
    logs = host.check_output(
        "journalctl --no-pager -o cat --since=-15min; cat /var/log/salt/minion 2>/dev/null || true"
    )
    left = host.check_output(
        "find /tmp /var/lib/omero-server -newermt '-15 minutes' -type f -exec cat {} + 2>/dev/null || true"
    )
    for secret in hidden:
        assert secret not in seen
        assert secret not in logs
        assert secret not in left
        jobs = local.run(
            "grep", "-rlF", "-e", secret, "/srv/idr/.local/root/var/cache/salt/master/jobs", "/srv/idr/.local/log"
        )
        assert jobs.stdout == "", "a password is in a job or a log of the master"
