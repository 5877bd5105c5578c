"""Plans and steps of upgrades and rollbacks, over a site whose hosts answer as told."""

import idr_minions
import idr_releases
import pytest
from salt.exceptions import CommandExecutionError

RW, RO1, RO2 = "idr-x-omeroreadwrite", "idr-x-omeroreadonly-1", "idr-x-omeroreadonly-2"
HOSTS = {"readwrite": RW, "readers": [RO1, RO2], "proxies": ["idr-x-proxy"], "database": "idr-x-database"}
OLD = {"version": "5.6.18", "url": "https://x.example/old.zip", "sha256": "a" * 64}
NEW = {"version": "5.7.0", "url": "https://x.example/new.zip", "sha256": "b" * 64}
DUMP = {"database": "omero", "schema": "OMERO5.4__0", "time": "noon", "path": "/b/one.dump"}
SCHEMAS = {OLD["version"]: {"version": "OMERO5.4", "patch": 0}, NEW["version"]: {"version": "OMERO5.5", "patch": 0}}
PILLAR = {"postgresql": {"databases": {"omero": {"owner": "omero"}}}}


class Site(idr_minions.Minions):
    """Double of ``idr_site.Site``, and of its minions."""

    environment = "idr-x"
    hosts = HOSTS
    servers = (RW, RO1, RO2)

    def __init__(self, **told):
        self.told = {"wanted": NEW, "installed": OLD["version"], "errors": {}, "closed": False, "schema": OLD, **told}
        self.minions, self.asked = self, []

    def __call__(self, opts, environment):
        return self

    def wanted(self):
        """The release that pillar gives."""
        return self.told["wanted"]

    def sights(self):
        """All hosts have and run one version."""
        version = self.told["installed"]
        digest = next(one["sha256"] for one in (OLD, NEW) if one["version"] == version)
        return {
            host: {"installed": version, "sha256": digest, "running": version, "error": self.told["errors"].get(host)}
            for host in self.servers
        }

    def proxies(self):
        """Everybody is up."""
        return {"status": {RO1: "up", RO2: "up"}, "closed": self.told["closed"]}

    def looked(self, host):
        """What the server of a host says."""
        return {"up": True, "db": False, "repo": False, "version": self.told["installed"]}

    def call(self, host, function, *args, limit=None, **kwargs):
        """Double of ``Minions.call``."""
        self.asked.append((host.removeprefix("idr-x-"), function, *args))
        if function in self.told:
            raise CommandExecutionError(f"{host}: {function}: {self.told[function]}")
        return {
            "omero.releases": [
                {**NEW, "current": True, "previous": False},
                {**OLD, "current": False, "previous": True},
            ],
            "omero.release_db_version": SCHEMAS[OLD["version"]],
            "omero.db_version": SCHEMAS[self.told["schema"]["version"]],
            "omero.db_settings": {"name": "omero"},
            "omero.db_dumps": [DUMP],
            "postgresql.query": [],
        }.get(function)


@pytest.fixture
def runner(load, tmp_path, monkeypatch):
    """Function that loads a runner over a site."""

    def runner(name, **told):
        site = Site(**told)
        module = load("runners", name, opts={"root_dir": str(tmp_path)}, context={})
        monkeypatch.setattr(module, "Site", site)
        if name == "rollback":
            compiled = type("Pillar", (), {"compile_pillar": lambda self: PILLAR})
            monkeypatch.setattr(module.idr_pillar, "compiler", lambda opts, host: compiled())
        else:
            monkeypatch.setattr(module, "HEALTHY", 0)
        return module, site.asked

    return runner


@pytest.fixture
def record(tmp_path):
    """Functions that write and read the record of the environment."""
    place = idr_releases.folder({"root_dir": str(tmp_path)})
    return (
        lambda **more: idr_releases.write(place, "idr-x", {"from": NEW, "to": OLD, "since": "now", **more}),
        lambda: idr_releases.read(place, "idr-x"),
    )


def test_plan_of_an_upgrade(runner):
    module, _ = runner("upgrade")
    plan = module.plan("idr-x")
    assert (plan["needed"], plan["readwrite"], plan["readers"]) == (True, RW, [RO1, RO2])
    module, _ = runner("upgrade", installed=NEW["version"])
    assert module.plan("idr-x")["needed"] is False


def test_plan_down_is_refused_with_the_way(runner, record):
    module, _ = runner("upgrade", wanted=OLD, installed=NEW["version"])
    assert "orch.rollback" in module.plan("idr-x")["errors"][-1]
    record[0]()
    assert "run orch.rollback again" in module.plan("idr-x")["errors"][-1]


def test_plan_of_an_upgrade_in_the_middle_of_a_rollback_is_refused(runner, record):
    record[0](databases={"stage": "left"})
    module, _ = runner("upgrade", wanted=OLD)
    assert "run orch.rollback again" in module.plan("idr-x")["errors"][0]
    assert "rollback that is done" in module.forget("idr-x")["errors"][0]
    record[0]()
    assert module.forget("idr-x") == {"forgotten": True}


def test_plan_without_the_read_write_server_is_refused(runner):
    for name in ("upgrade", "rollback"):
        module, _ = runner(name, errors={RW: "no answer"})
        assert module.plan("idr-x") == {"errors": ["no answer"], "retcode": 1}


def test_read_write_server_is_proved(runner):
    module, asked = runner("upgrade", installed=NEW["version"])
    assert module.readwrite("idr-x") == {"host": RW, "version": "5.7.0"}
    assert [function for _, function, *_ in asked] == ["service.status", "service.stop", "state.apply"]
    module, _ = runner("upgrade")
    assert "expected version 5.7.0, found 5.6.18" in module.readwrite("idr-x")["errors"][0]
    module, _ = runner("upgrade", **{"state.apply": "3 states failed"})
    told = module.readwrite("idr-x")["errors"][0]
    assert "3 states failed" in told
    assert "stays closed" in told


def test_plan_of_a_rollback(runner, record):
    module, _ = runner("rollback", installed=NEW["version"], schema=NEW)
    plan = module.plan("idr-x")
    assert (plan["to"], plan["moved"], plan["readers"], plan["again"]) == (OLD, True, [RO1, RO2], [RO1, RO2])
    module, _ = runner("rollback", installed=NEW["version"])
    plan = module.plan("idr-x")
    assert (plan["moved"], plan["again"], plan["readwrite"]) == (False, [], RW)


def test_rollback_is_done_when_all_are_back(runner, record):
    record[0]()
    module, _ = runner("rollback", wanted=OLD)
    assert module.plan("idr-x")["needed"] is False
    record[0](databases={"stage": "left"})
    plan = module.plan("idr-x")
    assert (plan["needed"], plan["readers"], plan["again"]) == (True, [], [RO1, RO2])


def test_record_is_written_once(runner, record):
    module, _ = runner("rollback", installed=NEW["version"])
    made = module.record("idr-x")
    assert (made["from"], made["to"]) == (NEW, OLD)
    module, _ = runner("rollback", wanted=OLD)
    assert module.record("idr-x") == record[1]() == made


def test_databases_are_restored_before_anybody_uses_them(runner, record):
    record[0]()
    module, asked = runner("rollback", wanted=OLD, schema=NEW)
    names = module.databases("idr-x")["databases"]
    done = [one for one in asked if one[1] in ("service.stop", "state.apply", "omero.db_restore")]
    assert done == [
        ("omeroreadwrite", "service.stop", "omero-server"),
        ("database", "state.apply", "postgresql"),
        ("omeroreadwrite", "omero.db_restore", "/b/one.dump", "omero_meanwhile"),
        ("omeroreadwrite", "omero.db_restore", "/b/one.dump", "omero_next"),
    ]
    assert record[1]()["databases"] == {**names, "stage": "used"}
    module, asked = runner("rollback", wanted=OLD, schema=NEW)
    assert module.databases("idr-x")["databases"]["kept"] == names["kept"]
    assert asked == []


def test_a_failed_restore_is_begun_anew(runner, record):
    record[0]()
    module, _ = runner("rollback", wanted=OLD, schema=NEW, **{"omero.db_restore": "no room"})
    assert "no room" in module.databases("idr-x")["errors"][0]
    assert record[1]()["databases"]["stage"] == "prepared"
    module, asked = runner("rollback", wanted=OLD, schema=NEW)
    assert module.databases("idr-x")["dump"] == "/b/one.dump"
    assert [one for one in asked if one[1] == "postgresql.query"]


def test_swap_waits_for_all_read_only_servers(runner, record):
    names = {"name": "omero", "next": "omero_next", "meanwhile": "omero_meanwhile", "kept": "omero_kept"}
    record[0](databases={**names, "stage": "used"})
    module, asked = runner("rollback", wanted=OLD, installed=NEW["version"])
    assert "expected to run 5.6.18" in module.swap("idr-x")["errors"][0]
    assert not [one for one in asked if one[1] == "postgresql.database_swap"]
    module, asked = runner("rollback", wanted=OLD)
    assert module.swap("idr-x") == {"kept": "omero_kept"}
    assert asked[-1] == ("database", "postgresql.database_swap", "omero", "omero_next", "omero_kept")
    assert record[1]()["databases"]["stage"] == "left"
    assert module.clean("idr-x") == {"removed": "omero_meanwhile"}
    assert "databases" not in record[1]()
    assert module.clean("idr-x") == {"removed": None}
