"""The operator's view of an environment, with the pillar that the checkout has."""

import idr_maps
import pytest
import yaml


@pytest.fixture
def runner(load, master):
    """The runner module."""
    return load("runners", "idr", opts=master, context={})


def test_check_passes_with_secrets(runner, environment, tmp_path):
    assert runner.secrets(environment)["made"]
    assert runner.check(environment) == {
        "hosts": idr_maps.hosts(tmp_path, environment),
        "errors": [],
    }
    assert runner.__context__ == {}


def test_check_without_secrets_names_them(runner, environment):
    ret = runner.check(environment)
    assert runner.__context__["retcode"] == 1
    assert any(f"secrets.{environment}.database" in error for error in ret["errors"])


def test_check_names_host_path_file_and_what_was_expected(runner, environment, tmp_path):
    runner.secrets(environment)
    path = tmp_path / "pillar" / "role/database.sls"
    path.write_text(path.read_text().replace("label: idr-database", "label: much-too-long-label"))
    ret = runner.check(environment)
    (error,) = ret["errors"]
    assert error.startswith(f"{environment}-database: volumes:db:label (from {path}): ")
    assert "expected pattern" in error
    assert "much-too-long-label" in error


def test_check_never_shows_a_secret(runner, environment, tmp_path):
    runner.secrets(environment)
    path = tmp_path / "pillar" / f"secrets/{environment}/database.sls"
    secrets = yaml.safe_load(path.read_text())["secrets"]
    secrets["database"] = {"omero": "short-one", "omeroreadonly": "another-one"}
    path.write_text(yaml.safe_dump({"secrets": secrets}))
    ret = runner.check(environment)
    assert [
        error for error in ret["errors"] if "secrets:database:omero (" in error and "expected minLength 16" in error
    ]
    assert [error for error in ret["errors"] if "expected the same value as on" in error]
    assert all(" secrets:database:" in error for error in ret["errors"])
    assert "short-one" not in str(ret)
    assert "another-one" not in str(ret)


@pytest.mark.parametrize("function", ["check", "secrets"])
@pytest.mark.parametrize("name", ["../x", "Nothing", ""])
def test_bad_environment_is_one_line(runner, function, name):
    ret = getattr(runner, function)(name)
    assert len(ret["errors"]) == 1
    assert "environment" in ret["errors"][0]
    assert runner.__context__["retcode"] == 1


def test_unknown_environment_is_one_line(runner):
    assert "no map" in runner.check("elsewhere")["errors"][0]


def test_other_pillar_roots_do_not_matter(runner, environment, tmp_path):
    runner.__opts__["pillar_roots"]["base"].insert(0, str(tmp_path / "other"))
    runner.secrets(environment)
    assert (tmp_path / "pillar/secrets" / environment / "database.sls").exists()


def test_no_pillar_root_of_ours_is_one_line(runner, environment, tmp_path):
    runner.__opts__["pillar_roots"]["base"] = [str(tmp_path / "other")]
    assert "expected one with a folder schemas" in runner.check(environment)["errors"][0]
