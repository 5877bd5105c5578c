"""
Another release and back under the eyes of visitors, with a schema patch between the two.

What the environment's pillar asks for is laid over it by the file of secrets, which the checkout does not have.
"""

import contextlib
import json
import pathlib
import re
import secrets
import subprocess

import pytest
import visiting

from testbed.paths import CACHE, CHECKOUT, STATE

ENVIRONMENT = "idr-local"
WRITER = f"{ENVIRONMENT}-omeroreadwrite"
READERS = (f"{ENVIRONMENT}-omeroreadonly-1", f"{ENVIRONMENT}-omeroreadonly-2")
OLD, NEW = "5.6.18-standin", "5.7.0-standin"
OLD_SCHEMA, NEW_SCHEMA = {"version": "OMERO5.4", "patch": 0}, {"version": "OMERO5.5", "patch": 0}
BUSTER = f"http://{visiting.PROXY}:9000/api/v0/"


@contextlib.contextmanager
def broken(fault):
    """A release that has a fault is to be had; yields its version and digest."""
    folder = CACHE / "releases"
    command = ["python3", CHECKOUT / "testbed/standin_release.py", "--fault", fault, folder]
    path, digest = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    try:
        yield re.fullmatch(r".*/OMERO\.server-(.+)\.zip", path)[1], digest
    finally:
        pathlib.Path(path).unlink()


@contextlib.contextmanager
def asking_for(version, sha256=None):
    """Pillar asks for another release."""
    text = (CHECKOUT / f"pillar/env/{ENVIRONMENT}/standin.sls").read_text()
    known = dict(re.findall(r"'([^']+)': '([0-9a-f]{64})'", text))
    release = {
        "url": f"http://10.99.0.1:8000/releases/OMERO.server-{version}.zip",
        "sha256": sha256 or known[version],
    }
    paths = [STATE / f"secrets/{ENVIRONMENT}/{role}.sls" for role in ("omeroreadwrite", "omeroreadonly")]
    before = [path.read_text() for path in paths]
    try:
        for path, kept in zip(paths, before, strict=True):
            path.write_text(kept + json.dumps({"omero": {"server": {"version": version, "release": release}}})[1:-1])
        yield
    finally:
        for path, kept in zip(paths, before, strict=True):
            path.write_text(kept)


def orchestrate(local, name, **pillar):
    """(exit code, {state id: its answer}) of an orchestration."""
    given = json.dumps({"environment": ENVIRONMENT, **pillar})
    done = local.run("salt-run", "--out=json", "state.orchestrate", f"orch.{name}", f"pillar={given}", timeout=900)
    assert "{" in done.stdout, done.stdout + done.stderr
    answer = json.loads(done.stdout[done.stdout.index("{") :])
    (states,) = answer["data"].values()
    return done.returncode, {state["__id__"]: state for state in states.values()}


def site(local):
    """({server: version that runs}, {schema of the database})"""
    looked = {WRITER: local.salt(WRITER, "omero.look", "login=root")[WRITER]["version"]}
    looked |= {name: local.salt(name, "omero.look")[name]["version"] for name in READERS}
    return looked, local.salt(WRITER, "omero.db_version")[WRITER]


def everywhere(version):
    return dict.fromkeys((WRITER, *READERS), version.removesuffix("-standin"))


@pytest.fixture(scope="module", autouse=True)
def converged(local):
    """The environment as it was, afterwards."""
    yield
    assert orchestrate(local, "upgrade")[0] == 0
    visiting.run(local, "upgrade.forget", ENVIRONMENT)
    kept = local.salt(f"{ENVIRONMENT}-database", "postgresql.query", "SELECT datname FROM pg_database")
    for (name,) in kept[f"{ENVIRONMENT}-database"]:
        if re.fullmatch(r"omero_(omero5_5__0_\d+|meanwhile|next)", name):
            drop = f"DROP DATABASE {name}"
            local.salt(f"{ENVIRONMENT}-database", "postgresql.query", drop, "transaction=False")


def test_nothing_to_do_changes_nothing(local):
    code, states = orchestrate(local, "upgrade")
    assert code == 0
    assert list(states) == ["upgrade-not-needed"]
    assert not states["upgrade-not-needed"]["changes"]


def test_an_older_release_is_refused(local):
    with asking_for("5.5.0-standin", "0" * 64):
        code, states = orchestrate(local, "upgrade")
    assert code == 1
    assert "orch.rollback" in states["upgrade-refused"]["comment"]
    assert site(local) == (everywhere(OLD), OLD_SCHEMA)


def test_one_orchestration_at_a_time(local):
    holder = (
        "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True);"
        " sys.stdin.read()"
    )
    assert visiting.run(local, "upgrade.lock", ENVIRONMENT) == {"locked": ENVIRONMENT}
    path = STATE / f"root/var/lib/idr-salt/{ENVIRONMENT}.lock"
    with subprocess.Popen(
        ["python3", "-c", holder, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        assert f"{ENVIRONMENT} is taken" in visiting.run(local, "upgrade.lock", ENVIRONMENT)["errors"][0]
        process.communicate()
    assert visiting.run(local, "upgrade.lock", ENVIRONMENT) == {"locked": ENVIRONMENT}


def test_up_and_back_and_no_visitor_notices(local):
    with asking_for(NEW):
        with visiting.reading(local) as visits:
            code, states = orchestrate(local, "upgrade")
        assert code == 0, [state for state in states.values() if not state["result"]]
        assert site(local) == (everywhere(NEW), NEW_SCHEMA)
        assert (visits["failed"], visits["requests"] > 100) == ([], True)
        with visiting.reading(local) as visits:
            code, states = orchestrate(local, "rollback")
        assert code == 0, [state for state in states.values() if not state["result"]]
        assert site(local) == (everywhere(OLD), OLD_SCHEMA)
        assert (visits["failed"], visits["requests"] > 100) == ([], True)
        # pillar still asks for the new release
        assert f"from {NEW} to {OLD}" in visiting.run(local, "idr.check", ENVIRONMENT)["notes"][0]
        assert orchestrate(local, "upgrade")[1].keys() == {"upgrade-not-needed"}
        assert orchestrate(local, "rollback")[1].keys() == {"rollback-not-needed"}
        applied = local.salt("idr-local-*", "state.apply", "test=True", timeout=600)
        changed = {
            host: [one["__id__"] for one in states.values() if one["changes"]] for host, states in applied.items()
        }
        assert not any(changed.values()), changed


def test_a_read_only_server_that_does_not_start_stays_out_and_the_rest_serves(local):
    with broken("start-readonly") as (version, digest), asking_for(version, digest), visiting.reading(local) as visits:
        code, states = orchestrate(local, "upgrade")
        assert code == 1
        failed = next(name for name, state in states.items() if not state["result"])
        assert failed == f"upgrade-{READERS[0]}"
        (error,) = states[failed]["changes"]["return"]["errors"]
        assert f"{READERS[0]} stays out" in error
        assert not states[f"upgrade-{READERS[1]}"]["result"]
        servers = local.salt(visiting.PROXY, "frontend.servers")[visiting.PROXY]
        assert [servers[name]["status"] for name in READERS] == ["drained", "up"]
        code, states = orchestrate(local, "rollback")
        assert code == 0, [state for state in states.values() if not state["result"]]
    assert site(local) == (everywhere(OLD), OLD_SCHEMA)
    assert visits["failed"] == []
    assert visiting.run(local, "upgrade.forget", ENVIRONMENT) == {"forgotten": True}


def test_a_patch_that_fails_leaves_everything_as_it_was_but_closed(local):
    with broken("patch") as (version, digest), asking_for(version, digest), visiting.reading(local) as visits:
        code, states = orchestrate(local, "upgrade")
        assert code == 1
        (error,) = states["upgrade-readwrite"]["changes"]["return"]["errors"]
        assert "stays closed" in error
        assert visiting.run(local, "upgrade.status", ENVIRONMENT)["closed"] is True
        code, states = orchestrate(local, "rollback")
        assert code == 0, [state for state in states.values() if not state["result"]]
        assert "rollback-databases" not in states
    assert site(local) == (everywhere(OLD), OLD_SCHEMA)
    assert visits["failed"] == []
    assert visiting.run(local, "upgrade.forget", ENVIRONMENT) == {"forgotten": True}


def test_drained_servers_stay_so_over_a_reload_and_a_restart(local):
    proxy = local.host(visiting.PROXY)
    try:
        told = local.salt(visiting.PROXY, "frontend.drain", READERS[0], "timeout=5")[visiting.PROXY]
        assert told["status"] == "drained"
        for act in ("reload", "restart"):
            assert proxy.run(f"systemctl {act} haproxy").rc == 0
            states = {back: visiting.servers(proxy, back)[READERS[0]] for back in ("omeroweb", "websocket", "omero")}
            assert set(states.values()) == {"DRAIN"}
        refused = local.salt(visiting.PROXY, "frontend.drain", READERS[1])[visiting.PROXY]
        assert "expected another server to be up" in refused
    finally:
        local.salt(visiting.PROXY, "frontend.ready", READERS[0])
    assert set(visiting.servers(proxy, "omeroweb").values()) == {"UP"}


def test_the_way_to_the_read_write_server_closes_alone(local):
    page = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"]
    assert visiting.run(local, "upgrade.closed", ENVIRONMENT, "on=True") == {"closed": True}
    try:
        assert local.run(*page, BUSTER).stdout == "503"
        assert local.run(*page, f"http://{visiting.PROXY}/api/v0/?open={secrets.token_hex(4)}").stdout == "200"
    finally:
        visiting.run(local, "upgrade.closed", ENVIRONMENT, "on=False")
    assert local.run(*page, BUSTER).stdout == "200"
