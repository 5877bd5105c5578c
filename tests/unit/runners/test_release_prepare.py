"""What release.prepare does in which order, and what it does when it is run again: real maps, log and locks."""

import idr_clones
import idr_cloud
import idr_events
import idr_maps
import idr_minions
import idr_proof
import idr_release_log
import idr_snapshot_store
import keys
import pytest
import yaml
from farm import options
from salt.exceptions import CommandExecutionError

SET = "idr-a-20250131-040000"


class Driver:
    """Of a cloud: its volumes."""

    def __init__(self):
        self.volumes = {}

    def call(self, called):
        return {"list_volumes": self.volumes}[called]


class Store:
    """Of sets: one that is complete."""

    driver = Driver()

    def __init__(self, opts, environment=None):
        self.drivers = {SET: self.driver}

    def find(self, set_id):
        if set_id != SET:
            raise ValueError(f"set {set_id}: expected one of {SET}")
        volume = {"host": "idr-a-database", "volume": "db", "size": 7, "snapshot": "s-db", "snapshot_id": "1"}
        return {"id": SET, "environment": "idr-a", "complete": True, "volumes": {"idr-a-database-db": volume}}


@pytest.fixture
def world(tmp_path, monkeypatch, load):
    """``.prepare() .calls .fails .servers .opts .driver``: idr-a is there, idr-b has its pillar and no map."""
    opts = options(tmp_path)
    (tmp_path / "a.map").write_text("db: [idr-a-database]\nfront: [idr-a-proxy]\n")
    (tmp_path / "cloud.profiles.d/x.conf").write_text(
        "db: {provider: here, volumes: [{name: db, size: 5}]}\nfront: {provider: here}\n"
    )
    for name in "ab":
        folder = tmp_path / "pillar/env" / f"idr-{name}"
        folder.mkdir(parents=True)
        (folder / "environment.yaml").write_text("network: 10.1.0.0/24\n")
    driver, calls, fails, servers = Driver(), [], {}, {}
    monkeypatch.setattr(Store, "driver", driver)
    monkeypatch.setattr(idr_snapshot_store, "Store", Store)
    monkeypatch.setattr(idr_events, "fire", lambda *arguments: None)
    monkeypatch.setattr(idr_cloud.Cloud, "servers", lambda self: (servers, {"here": ""}))

    def made(self, path):
        calls.append("make")
        world.made = yaml.safe_load(path.read_text())
        return fails.get("make", {})

    def called(self, host, function, *args, **kwargs):
        calls.append(function)
        if function in fails:
            raise CommandExecutionError(f"{host}: {fails[function]}")

    monkeypatch.setattr(idr_cloud.Cloud, "run_map", made)
    monkeypatch.setattr(idr_minions.Minions, "call", called)

    class Proof:
        def __init__(self, opts, environment):
            assert environment == "idr-b"

        def require(self, patience=0):
            calls.append("prove")
            if "prove" in fails:
                raise CommandExecutionError(fails["prove"])

    monkeypatch.setattr(idr_proof, "Proof", Proof)

    def runner(name):
        def run(environment):
            calls.append(f"{name} {environment}")
            return fails.get(name) or {"id": SET}

        return run

    def orchestrate(name, pillar):
        calls.append(f"state.orchestrate {name} {pillar['environment']}")
        good = {"data": {"vm_master": {"network": {"result": True, "comment": ""}}}, "retcode": 0}
        return fails.get("state.orchestrate") or good

    salt = {name: runner(name) for name in ("snapshot.create", "idr.secrets", "idr.check")}
    salt["state.orchestrate"] = orchestrate

    class World:
        def prepare(self, environment="idr-b", **kwargs):
            calls.clear()
            module = load("runners", "release_prepare", opts=opts, context={}, salt=salt)
            return module.prepare(environment, **kwargs)

        def steps(self):
            return [line["step"] for line in idr_release_log.read(opts)]

    world = World()
    world.opts, world.calls, world.fails, world.servers, world.driver, world.root = (
        opts,
        calls,
        fails,
        servers,
        driver,
        tmp_path,
    )
    return world


def test_a_set_is_taken_and_the_environment_made_of_it(world):
    told = world.prepare(**{"from": "idr-a"})
    assert (told["set"], told["hosts"]) == (SET, ["idr-b-database", "idr-b-proxy"]), told
    first = [call for index, call in enumerate(world.calls) if call not in world.calls[:index]]
    assert first == [
        "snapshot.create idr-a",
        "idr.secrets idr-b",
        "idr.check idr-b",
        "make",
        "mine.update",
        "state.apply",
        "prove",
    ]
    assert world.made["db"] == [{"idr-b-database": {"volumes": [{"name": "db", "size": 7, "snapshot": "s-db"}]}}]
    assert world.steps() == ["preparing", "made", "applied", "prepared"]
    # what is kept in the checkout names no snapshot
    assert idr_maps.entries(world.root, "idr-b") == idr_clones.without_origins(world.made)


@pytest.mark.parametrize("step", ["make", "mine.update", "state.apply", "prove", "idr.check"])
def test_what_failed_goes_on_with_the_same_set(world, monkeypatch, step):
    monkeypatch.setattr("idr_prepare.UP", 0)
    wrong = {"make": {"idr-b-proxy": "no space"}, "idr.check": {"errors": ["no space"], "retcode": 1}}
    world.fails[step] = wrong.get(step, "no space")
    told = world.prepare(**{"from": "idr-a"})
    assert "no space" in told["errors"][0]
    assert "run this again" in told["errors"][0]
    assert world.steps()[-1] == "failed"
    world.fails.clear()
    # its hosts are there now
    world.servers["idr-b-database"] = {}
    assert world.prepare(**{"from": "idr-a"})["set"] == SET
    assert "snapshot.create idr-a" not in world.calls
    assert world.steps()[-1] == "prepared"


def test_the_cloud_is_made_ready_where_the_environment_says_how(world):
    (world.root / "pillar/env/idr-b/infrastructure.yaml").write_text("cloud: embassy\n")
    assert world.prepare(**{"from": SET})["set"] == SET
    at = world.calls.index("state.orchestrate orch.infrastructure idr-b")
    assert world.calls[at - 1 : at + 2] == ["idr.check idr-b", world.calls[at], "make"]


@pytest.mark.parametrize("wrong", [["no map"], {"network": {"result": False, "comment": "no map"}}])
def test_a_cloud_that_is_not_ready_is_where_it_ends(world, wrong):
    (world.root / "pillar/env/idr-b/infrastructure.yaml").write_text("cloud: embassy\n")
    world.fails["state.orchestrate"] = {"data": {"vm_master": wrong}, "retcode": 1}
    told = world.prepare(**{"from": SET})
    assert "orch.infrastructure: no map" in told["errors"][0]
    assert "make" not in world.calls


def test_a_set_may_be_named(world):
    assert world.prepare(**{"from": SET})["set"] == SET
    assert not any(call.startswith("snapshot") for call in world.calls)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"from": "idr-b"}, "expected another environment than idr-b"),
        ({"from": "idr-a-20200101-000000"}, f"expected one of {SET}"),
        ({}, "expected the argument from"),
        ({"from": "idr-a", "form": "x"}, "unknown argument form"),
        ({"environment": "idr-c", "from": "idr-a"}, "idr-c/environment.yaml: expected the environment's settings"),
        ({"environment": "IDR", "from": "idr-a"}, "expected lower-case words"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_made(world, given, says):
    assert says in world.prepare(**given)["errors"][0]
    assert "make" not in world.calls
    assert world.steps() == []


def test_a_name_that_is_taken_is_refused(world):
    world.servers["idr-b-proxy"] = {}
    assert "there are idr-b-proxy" in world.prepare(**{"from": "idr-a"})["errors"][0]
    world.servers.clear()
    keys.put(world.opts, "idr-b-database")
    assert "there are idr-b-database" in world.prepare(**{"from": "idr-a"})["errors"][0]
    assert world.calls == []


def test_a_volume_of_something_else_is_never_used(world):
    world.driver.volumes["idr-b-database-db"] = {"origin": None}
    assert "idr-b-database-db: expected no such volumes" in world.prepare(**{"from": SET})["errors"][0]
    assert "make" not in world.calls


def test_what_is_being_prepared_is_not_prepared_of_something_else(world):
    world.fails["prove"] = "not yet"
    world.prepare(**{"from": "idr-a"})
    assert f"expected from={SET}" in world.prepare(**{"from": "idr-z"})["errors"][0]
    world.fails.clear()
    assert world.prepare(**{"from": SET})["set"] == SET
    assert "is prepared since" in world.prepare(**{"from": SET})["errors"][0]
