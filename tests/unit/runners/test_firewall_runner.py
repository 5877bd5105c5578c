"""Who may reach whom, from the checkout's pillar and a master's mine."""

import ipaddress

import idr_maps
import idr_pillar
import pytest
import salt.cache
import salt.config


@pytest.fixture
def runner(load, master, tmp_path, environment):
    """The runner of a master that knows all hosts but the proxy."""
    module = load("runners", "firewall", opts=master, context={})
    secrets = load("runners", "idr", opts=master, context={}).secrets(environment)
    assert "errors" not in secrets
    cache = salt.cache.factory(master)
    network = ipaddress.ip_network(idr_pillar.network(tmp_path / "pillar", environment))
    for number, host in enumerate(idr_maps.hosts(tmp_path, environment), 10):
        if not host.endswith("-proxy"):
            cache.store("mine", host, {"address": {"__data__": [str(network[number])], "allow_tgt": "*"}})
    return module


def test_rows_name_hosts(runner, environment):
    rows = {(row["to"], row["service"], row["from"]): row for row in runner.rows(environment)}
    row = rows[(f"{environment}-database", "postgresql", "omeroreadwrite")]
    assert (row["ports"], row["who"]) == ("5432", f"{environment}-omeroreadwrite")
    assert rows[(f"{environment}-proxy", "http", "public")]["who"] == "everybody"


def test_who_is_not_in_the_mine_reaches_nobody(runner, environment):
    assert {row["who"] for row in runner.rows(environment) if row["from"] == "proxy"} == {"nobody"}


def test_ssh_is_only_let_in_from_management(runner, environment):
    for row in runner.rows(environment):
        if row["service"] == "ssh":
            assert row["from"] == ("operators" if row["to"].endswith("-management") else "management")


def test_text_has_a_line_for_each_row(runner, environment):
    lines = runner.show(environment).splitlines()
    assert len(lines) == len(runner.rows(environment)) + 1


def test_wrong_pillar_is_one_line_that_names_it(runner, environment, tmp_path):
    path = tmp_path / "pillar/role/database.sls"
    path.write_text(path.read_text().replace("ports: [5432]", "ports: [5432, 99999]"))
    ret = runner.show(environment)
    assert runner.__context__["retcode"] == 1
    assert "firewall:services:postgresql:ports" in ret["errors"][0]
    assert f"{environment}-database" in ret["errors"][0]


def test_unknown_environment_is_one_line(runner):
    assert "no map" in runner.show("elsewhere")["errors"][0]
    assert runner.__context__["retcode"] == 1
