"""The pillar that hosts get while an environment is rolled back, compiled by Salt from the checkout's."""

import idr_pillar
import idr_releases
import pytest

OLD = {"version": "5.6.17", "url": "https://x.example/old.zip", "sha256": "a" * 64}


@pytest.fixture
def compiled(master, checkout, environment, tmp_path, load):
    """Function that compiles the pillar of a role, with our external pillars as the master has them."""
    master.update(
        pillar_dirs=[str(checkout / "_pillar")],
        ext_pillar=[{"idr_release": {}}, {"idr_schema": {}}],
        idr_state_dir=str(tmp_path / "state"),
    )
    assert load("runners", "idr", opts=master, context={}).secrets(environment)["made"]
    return lambda role: idr_pillar.compiler(master, f"{environment}-{role}").compile_pillar()


def _server(pillar):
    return pillar["omero"]["server"]["version"], pillar["omero"]["server"]["release"]


def test_hosts_get_the_release_before_until_pillar_asks_for_another(compiled, environment, tmp_path):
    asked = idr_releases.of_pillar(compiled("omeroreadwrite"))
    assert asked
    record = {"from": asked, "to": OLD, "since": "now"}
    idr_releases.write(tmp_path / "state", environment, record)
    for role in ("omeroreadwrite", "omeroreadonly-1"):
        assert _server(compiled(role)) == ("5.6.17", {"url": OLD["url"], "sha256": OLD["sha256"]})
    idr_releases.write(tmp_path / "state", environment, {**record, "from": {**asked, "sha256": "b" * 64}})
    assert _server(compiled("omeroreadwrite"))[0] == asked["version"]


def test_hosts_get_the_database_of_meanwhile(compiled, environment, tmp_path):
    asked = idr_releases.of_pillar(compiled("omeroreadwrite"))
    names = {"name": "omero", "meanwhile": "omero_meanwhile", "stage": "used"}
    idr_releases.write(tmp_path / "state", environment, {"from": asked, "to": OLD, "databases": names})
    assert compiled("omeroreadonly-1")["omero"]["db"]["name"] == "omero_meanwhile"
    assert "name" not in compiled("omeroreadwrite")["omero"]["db"]
    databases = compiled("database")["postgresql"]["databases"]
    assert databases["omero_meanwhile"] == databases["omero"]


def test_a_broken_record_applies_nothing(compiled, environment, tmp_path):
    (tmp_path / "state/releases").mkdir(parents=True)
    (tmp_path / f"state/releases/{environment}.json").write_text("{")
    (error,) = compiled("omeroreadwrite")["_errors"]
    assert f"{environment}.json" in error


def test_the_check_notes_a_rollback(compiled, load, master, environment, tmp_path):
    runner = load("runners", "idr", opts=master, context={})
    asked = idr_releases.of_pillar(compiled("omeroreadwrite"))
    idr_releases.write(tmp_path / "state", environment, {"from": asked, "to": OLD, "since": "noon"})
    told = runner.check(environment)
    assert told["errors"] == []
    assert f"from {asked['version']} to 5.6.17 at noon" in told["notes"][0]
