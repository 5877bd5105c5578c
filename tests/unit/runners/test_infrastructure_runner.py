"""The states of infrastructure from a copy of the checkout's pillar, and the orchestrations that put them in order."""

import copy
import fcntl

import idr_ids
import idr_maps
import idr_releases
import pytest
import salt.config
import salt.utils.templates
import yaml

FILE = """
cloud: lab
master: []
networks: {net: {}}
subnets: {sub: {network: net}}
floating_ips: {site: {external_network: public}}
"""


@pytest.fixture
def folder(environment, tmp_path):
    """Folder of the environment in pillar."""
    return tmp_path / "pillar/env" / environment


@pytest.fixture
def runner(load, master, environment, folder):
    """The runner of a master whose environment has infrastructure and secrets."""
    (folder / "infrastructure.yaml").write_text(FILE)
    assert "errors" not in load("runners", "idr", opts=master, context={}).secrets(environment)
    return load("runners", "infrastructure", opts=master, context={})


def produce(folder, text="production: true\n"):
    path = folder / "environment.yaml"
    path.write_text(path.read_text() + text)


def test_groups_follow_from_the_hosts_of_the_map(runner, environment, tmp_path):
    steps = {step["id"]: step["arguments"] for step in runner.present(environment)["steps"]}
    ports = {}
    for name, arguments in steps.items():
        for rule in arguments.get("rules", ()):
            everybody = "remote_group" not in rule and "remote_ip_prefix" not in rule and rule["direction"] == "ingress"
            if everybody:
                ports.setdefault(name, []).append((rule["port_range_min"], rule["port_range_max"]))
    public = [(80, 80), (443, 443), (4063, 4063), (4064, 4064), (14060, 14099)]
    assert {name: sorted(found) for name, found in ports.items()} == {f"rules {environment}-proxy": public}
    hosts = idr_maps.hosts(tmp_path, environment)
    assert len([name for name in steps if name.startswith("rules ")]) == len(
        {host.rstrip("-0123456789") for host in hosts}
    )
    ssh = {
        (name, rule.get("remote_group"), rule.get("remote_ip_prefix"))
        for name, arguments in steps.items()
        for rule in arguments.get("rules", ())
        if rule.get("port_range_min") == 22
    }
    operators = {found for found in ssh if found[2]}
    assert operators == {(f"rules {environment}-management", None, "10.99.0.1/32")}
    assert {remote for _, remote, _ in ssh - operators} == {f"{environment}-management"}


def test_a_wrong_pillar_is_refused(runner, environment, tmp_path):
    path = tmp_path / "pillar/role/database.sls"
    path.write_text(path.read_text().replace("ports: [5432]", "ports: [99999]"))
    answer = runner.present(environment)
    assert runner.__context__["retcode"] == 1
    assert "firewall:services:postgresql:ports" in answer["errors"][0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("firewall: {operators: [10.99.0.1/33]}", "firewall:operators"),
        ("firewall: {operators: everybody}", "firewall:operators"),
        ("firewall: {services: {http: {from: [nobody]}}}", "firewall:services:http:from"),
        ("firewall: [", "env.idr-local.firewall"),
        ("include: [env.nowhere]", "env.nowhere"),
    ],
)
def test_what_is_wrong_with_a_firewall_is_named(runner, environment, folder, text, expected):
    (folder / "firewall.sls").write_text(text)
    answer = runner.present(environment)
    assert runner.__context__["retcode"] == 1
    assert expected in answer["errors"][0]


def test_infrastructure_comes_before_secrets_and_releases(load, master, environment, folder):
    """A firewall does not depend on them."""
    (folder / "infrastructure.yaml").write_text(FILE)
    runner = load("runners", "infrastructure", opts=master, context={})
    first = runner.present(environment)["steps"]
    assert "errors" not in load("runners", "idr", opts=master, context={}).secrets(environment)
    path = folder / "standin.sls"
    path.write_text(path.read_text().replace("sha256: {{ sha256[version] }}", ""))
    assert load("runners", "idr", opts=master, context={}).check(environment)["errors"]
    assert runner.present(environment)["steps"] == first


@pytest.mark.parametrize("function", ["present", "removed"])
@pytest.mark.parametrize("name", ["../x", "elsewhere", "", None])
def test_a_wrong_environment_is_one_line(runner, function, name):
    answer = getattr(runner, function)(name)
    assert (len(answer["errors"]), runner.__context__["retcode"]) == (1, 1)


def test_removal_of_production_needs_its_name(runner, environment, folder):
    assert runner.removed(environment)["steps"]
    produce(folder)
    assert f"confirm: {environment}" in runner.removed(environment)["errors"][0]
    assert f"confirm: {environment}" in runner.removed(environment, confirm="idr")["errors"][0]
    assert runner.removed(environment, confirm=environment)["steps"]


def test_a_second_orchestration_is_kept_out(runner, environment, master):
    folder = idr_releases.folder(master)
    folder.mkdir(parents=True)
    with (folder / f"{environment}-infrastructure.lock").open("a+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        for function in (runner.present, runner.removed):
            assert "is taken" in function(environment, lock=True)["errors"][0]
            assert "steps" in function(environment)
    assert "steps" in runner.present(environment, lock=True)


@pytest.fixture
def rendered(checkout, tmp_path, runner):
    """Function that renders an orchestration with the runner's answer and returns its states."""
    opts = copy.deepcopy(salt.config.DEFAULT_MINION_OPTS)
    opts |= {"file_client": "local", "cachedir": str(tmp_path / "minion")}
    opts |= {"file_roots": {"base": [str(checkout / "salt")]}, "extension_modules": str(tmp_path / "extmods")}

    def call(name, kwarg):
        assert kwarg.pop("lock") is True
        return getattr(runner, name.removeprefix("infrastructure."))(**kwarg)

    def rendered(name, **pillar):
        result = salt.utils.templates.JINJA(
            str(checkout / f"salt/orch/{name}.sls"),
            to_str=True,
            context={},
            opts=opts,
            saltenv="base",
            pillar=pillar,
            salt={"saltutil.runner": call},
        )
        assert result["result"], result["data"]
        return yaml.safe_load(result["data"])

    return rendered


def _as_step(id, state):
    ((function, arguments),) = state.items()
    given = {key: value for one in arguments for key, value in one.items()}
    return {"id": id, "state": function, "require": given.pop("require"), "arguments": given}


def test_orchestrations_are_what_the_runner_says(rendered, runner, environment, folder):
    produce(folder)
    states = rendered("infrastructure", environment=environment)
    assert [_as_step(*item) for item in states.items()] == runner.present(environment)["steps"]
    states = rendered("infrastructure_removed", environment=environment, confirm=environment)
    assert [_as_step(*item) for item in states.items()] == runner.removed(environment, environment)["steps"]


@pytest.mark.parametrize("pillar", [{}, {"environment": "elsewhere"}])
@pytest.mark.parametrize("name", ["infrastructure", "infrastructure_removed"])
def test_a_refusal_is_one_failed_state(rendered, name, pillar):
    states = rendered(name, **pillar)
    assert list(states) == ["infrastructure-refused"]
    assert list(states["infrastructure-refused"]) == ["test.fail_without_changes"]


def test_production_is_refused_by_the_orchestration(rendered, environment, folder):
    produce(folder)
    (state,) = rendered("infrastructure_removed", environment=environment).values()
    assert "expected its name again" in state["test.fail_without_changes"][0]["comment"]


@pytest.fixture
def profile(checkout):
    """What all hosts on OpenStack are made with."""
    return yaml.safe_load((checkout / "cloud.profiles.d/idr-base.conf").read_text())["idr-base"]


@pytest.fixture
def roles(checkout):
    """The profiles of roles."""
    return yaml.safe_load((checkout / "cloud.profiles.d/idr-roles.conf").read_text())


def _master_of(path, key):
    """Say where the master is, and let the files of public keys that it would have be in its folder."""
    data = yaml.safe_load(path.read_text())
    data["master"] = ["192.0.2.10/32"]
    for name, pair in data["key_pairs"].items():
        file = path.parent / f"{name}.pub"
        file.write_text(key)
        pair["public_key_file"] = str(file)
    path.write_text(yaml.safe_dump(data))


@pytest.mark.parametrize("name", ["idr-ci", "idr-next", "idr-prod", "idr-test"])
def test_the_maps_find_what_their_profiles_ask_for(load, master, tmp_path, profile, roles, name):
    path = tmp_path / f"pillar/env/{name}/infrastructure.yaml"
    kept = yaml.safe_load(path.read_text())["key_pairs"][name]["public_key_file"]
    assert kept == profile["key_filename"].format(environment=name) + ".pub"
    _master_of(path, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n")
    answer = load("runners", "infrastructure", opts=master, context={}).present(name)
    made = {(step["state"], step["arguments"]["name"]) for step in answer["steps"]}
    wanted = {("openstack_key_pair.present", profile["key_name"].format(environment=name))}
    wanted |= {("openstack_network.present", network.format(environment=name)) for network in profile["networks"]}
    for host in idr_maps.hosts(tmp_path, name):
        parts = idr_ids.parse(host)
        wanted |= {("openstack_security_group.rules", group.format(**parts)) for group in profile["security_groups"]}
        own = roles[f"idr-{parts['role']}"]
        if "server_group" in own:
            wanted.add(("openstack_server_group.present", own["server_group"].format(**parts)))
    assert wanted <= made
    assert ("openstack_server_group.present", f"{name}-omeroreadonly") in wanted


def test_the_public_idr_is_production(load, master, tmp_path):
    runner = load("runners", "infrastructure", opts=master, context={})
    assert "expected its name again" in runner.removed("idr-prod")["errors"][0]
    assert runner.removed("idr-prod", confirm="idr-prod")["steps"]
