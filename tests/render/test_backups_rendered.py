"""Backups: what the two hosts get, and what an environment without them or without a management host gets."""

import shutil

import compiling
import idr_check
import pytest
import systems
import yaml

UNITS = ("idr-backup-diff.timer", "idr-backup-full.timer", "idr-backup-incr.timer", "pgbackrest.service")
OFF = {f"pgbackrest-off-{unit}" for unit in UNITS}
HOSTS = {"database": "idr-local-database", "management": "idr-local-management"}


@pytest.fixture
def compile_role(checkout, pillar_root, mine, volumes, tmp_path):
    """Function that compiles the database's or the management's host with more in its pillar."""

    def compile_role(role, maps=True, known=True, **more):
        shutil.copytree(pillar_root, tmp_path / "pillar")
        for path in checkout.glob("*.map") if maps else ():
            shutil.copy(path, tmp_path)
        if more:
            path = tmp_path / f"pillar/role/{role}.sls"
            data = yaml.safe_load(path.read_text())
            data.setdefault("pgbackrest", {}).update(more)
            path.write_text(yaml.safe_dump(data))
        told = mine if known else {**mine, "pgbackrest": {}}
        grains = systems.grains("debian-12", HOSTS[role], volumes[role])
        opts = compiling.options(checkout, tmp_path / "pillar", tmp_path / "minion", grains, told)
        compiled = compiling.Compiled(opts)
        assert compiled.errors == []
        assert compiled.undefined() == []
        assert idr_check.errors(compiled.pillar, idr_check.schemas(checkout / "pillar/schemas")) == []
        return compiled

    return compile_role


def _ids(compiled):
    return [chunk["__id__"] for chunk in sorted(compiled.chunks, key=lambda chunk: chunk["order"])]


def _text(compiled, name):
    return next(compiled.rendered(chunk, path) for chunk, path in compiled.sources() if chunk["__id__"] == name)


def test_database_sends_its_wal_to_the_management_host(compile_role):
    compiled = compile_role("database")
    lines = _text(compiled, "pgbackrest-config").splitlines()
    assert "repo1-host=idr-local-management" in lines
    assert "repo1-host-type=tls" in lines
    assert "tls-server-auth=idr-local-management=idr-local" in lines
    assert "archive-async=y" in lines
    assert "[idr-local]" in lines
    assert "pg1-path=/var/lib/postgresql/15/main" in lines
    parameters = _text(compiled, "postgresql-parameters").splitlines()
    assert "archive_mode = 'on'" in parameters
    assert "archive_command = 'pgbackrest --stanza=idr-local archive-push %p'" in parameters
    ids = _ids(compiled)
    assert ids.index("postgresql-packages") < ids.index("pgbackrest-package") < ids.index("pgbackrest-owned")
    (parameters,) = [chunk for chunk in compiled.chunks if chunk["__id__"] == "postgresql-parameters"]
    assert {"file": "pgbackrest-config"} in parameters["require"]
    # nothing that the database waits for is on the management host
    assert not {"pgbackrest-stanza", "pgbackrest-database-known"} & set(ids)


def test_management_has_the_repository(compile_role):
    compiled = compile_role("management", timers={"full": None, "incr": "hourly"})
    lines = _text(compiled, "pgbackrest-config").splitlines()
    assert "repo1-path=/data/pgbackrest" in lines
    assert "repo1-retention-full=4" in lines
    assert "tls-server-auth=idr-local-database=idr-local" in lines
    assert lines.index("[idr-local]") < lines.index("pg1-host=idr-local-database")
    assert "OnCalendar=hourly" in _text(compiled, "pgbackrest-timer-incr")
    chunks = {(chunk["__id__"], chunk["state"], chunk["fun"]) for chunk in compiled.chunks}
    assert ("pgbackrest-timer-full", "service", "dead") in chunks
    assert ("pgbackrest-timer-incr", "unit", "kept_running") in chunks


def test_a_management_host_whose_database_is_not_there_yet_compiles(compile_role):
    compiled = compile_role("management", known=False)
    (chunk,) = [chunk for chunk in compiled.chunks if chunk["__id__"] == "pgbackrest-config"]
    assert chunk["onlyif"] == [{"fun": "pgbackrest.known"}]
    assert compiled.functions["pgbackrest.known"]() is False


@pytest.mark.parametrize("role", HOSTS)
def test_switched_off(compile_role, role):
    compiled = compile_role(role, enabled=False)
    assert {name for name in _ids(compiled) if name.startswith("pgbackrest")} == OFF
    if role == "database":
        assert "archive_mode" not in _text(compiled, "postgresql-parameters")
    assert "8432" not in compiled.functions["idr.firewall_rules"]()


def test_without_a_management_host_there_are_none(compile_role):
    compiled = compile_role("database", maps=False)
    assert compiled.pillar["pgbackrest"]["enabled"] is False
    assert set(_ids(compiled)) >= OFF


@pytest.mark.parametrize(
    ("wrong", "key", "said"),
    [
        ({"enabled": "yes"}, "enabled", "true or false"),
        ({"options": {"repo1-path": "/elsewhere"}}, "options:repo1-path", "does not follow from the hosts"),
        ({"options": {"repo1-retention-full": 0}}, "options:repo1-retention-full", ""),
        ({"timers": {"full": "Sun;reboot"}}, "timers:full", "OnCalendar"),
        ({"timers": {"monthly": "Sun"}}, "timers:monthly", "one of diff, full, incr"),
        ({"retention": 2}, "retention", "no such key"),
    ],
)
def test_a_wrong_key_or_value_is_named(checkout, wrong, key, said):
    pillar = {"pgbackrest": {"enabled": False, **wrong}}
    schema = idr_check.schemas(checkout / "pillar/schemas")["pgbackrest"]
    (found,) = idr_check.errors(pillar, {"pgbackrest": schema})
    assert ":".join(found["path"]) == f"pgbackrest:{key}"
    assert said in found["expected"]
