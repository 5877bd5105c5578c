"""Keys, files, pillar, mine and reactor between real daemons."""

import pathlib
import time

import idr_ids
import idr_secrets
import pytest


def test_start_brings_modules_and_mine(joined, cli, environment, address):
    database, proxy = f"{environment}-database", f"{environment}-proxy"
    assert cli(database, "idr.peers") == [{"id": database, "address": address}, {"id": proxy, "address": address}]
    assert cli(database, "idr.peers", "proxy") == [{"id": proxy, "address": address}]
    states = cli(proxy, "sys.list_state_functions", "volume")
    assert states == ["volume.formatted", "volume.grown"]


def test_a_module_that_a_minion_lost_is_back_with_its_next_state_run(joined, cli, minions, environment):
    name = f"{environment}-proxy"
    lost = pathlib.Path(minions[name].config["extension_modules"], "modules/frontend.py")
    lost.unlink()
    assert cli(name, "state.show_top") == {"base": ["role.proxy"]}
    assert lost.exists()


def test_environments_do_not_see_each_other(joined, cli, environment):
    (stranger,) = [name for name in joined if not name.startswith(environment)]
    assert [peer["id"] for peer in cli(stranger, "idr.peers")] == [stranger]
    assert list(cli(stranger, "mine.get", "*", "address")) == [stranger]
    assert sorted(cli(f"{environment}-proxy", "mine.get", "*", "address")) == [
        name for name in joined if name.startswith(environment)
    ]


def test_key_that_nobody_accepted_gets_nothing(pending, joined, master):
    run, key = master.salt_run_cli(timeout=90), master.salt_key_cli()
    deadline = time.monotonic() + 60
    while pending not in (keys := key.run("--list-all").data)["minions_pre"]:
        assert time.monotonic() < deadline, keys
        time.sleep(1)
    assert sorted(keys["minions"]) == sorted(joined)
    ret = run.run("join.started", pending).data
    assert ret["joined"] is False
    assert "not accepted" in ret["comment"]


def test_role_comes_from_the_id_and_not_from_grains(joined, cli):
    for name in joined:
        role = idr_ids.parse(name)["role"]
        assert cli(name, "pillar.get", "roles", unmask=True) == [role]
        assert cli(name, "state.show_top") == {"base": [f"role.{role}"]}


def test_secrets_reach_only_who_needs_them(joined, cli):
    for name in joined:
        role = idr_ids.parse(name)["role"]
        secrets = cli(name, "pillar.get", "secrets", unmask=True)
        seen = {f"{group}:{key}" for group, values in secrets.items() for key in values}
        assert seen == {secret for secret, roles in idr_secrets.NEEDED.items() if role in roles}


def test_file_server_never_serves_pillar(joined, cli, staged):
    proxy = next(name for name in joined if name.endswith("-proxy"))
    listed = cli(proxy, "cp.list_master")
    assert {"top.sls", "_states/volume.py", "_modules/idr.py", "_utils/idr_ids.py"} <= set(listed)
    assert not [path for path in listed if path.startswith(("pillar", "secrets", "env/", "schemas"))]
    assert not [path for path in listed if path.endswith(".pyc")]
    for path in ("pillar/top.sls", "../pillar/top.sls", "_utils/../../pillar/top.sls", str(staged / "pillar/top.sls")):
        assert not cli(proxy, "cp.get_file_str", f"salt://{path}")


@pytest.mark.parametrize("claimed", ["{environment}-database", "stranger", "{environment}-management"])
def test_minion_cannot_start_another_with_an_event(joined, cli, environment, event_listener, master, claimed):
    claimed = claimed.format(environment=environment)
    begin = time.time()
    tag = f"salt/minion/{claimed}/start"
    assert cli(f"{environment}-proxy", "event.send", tag, {"id": claimed}) is True
    assert event_listener.wait_for_events([(master.id, tag)], after_time=begin, timeout=30).found_all_events
    time.sleep(5)
    events = event_listener.get_events([(master.id, "salt/run/*/new")], after_time=begin)
    assert not [event for event in events if event.data.get("fun") == "runner.join.started"]


def test_start_event_of_its_own_joins(joined, cli, environment, event_listener, master):
    proxy, begin = f"{environment}-proxy", time.time()
    assert cli(proxy, "event.send", f"salt/minion/{proxy}/start") is True
    deadline = time.monotonic() + 90
    while True:
        events = event_listener.get_events([(master.id, "salt/run/*/ret")], after_time=begin)
        done = [event.data["return"] for event in events if event.data.get("fun") == "runner.join.started"]
        if done:
            break
        assert time.monotonic() < deadline
        time.sleep(1)
    assert done[0]["joined"] is True


def test_check_says_what_is_wrong_and_fails(master, environment, staged, joined):
    run = master.salt_run_cli(timeout=120)
    good = run.run("idr.check", environment)
    assert (good.returncode, good.data["errors"]) == (0, [])
    path = staged / "pillar/role/proxy.sls"
    text = path.read_text()
    path.write_text(text.replace("port: 8081", "port: high"))
    try:
        bad = run.run("idr.check", environment)
    finally:
        path.write_text(text)
    assert bad.returncode == 1
    assert f"{environment}-proxy: haproxy:http:port (from {path}): expected integer, found 'high'" in bad.data["errors"]
