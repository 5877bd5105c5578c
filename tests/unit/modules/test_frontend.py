import pytest
from salt.exceptions import CommandExecutionError

PILLAR = {"per_server": {"first_port": 14060, "last_port": 14062, "server_port": 4064}}


@pytest.fixture
def frontend(load, tmp_path, monkeypatch):
    pillar = dict(PILLAR)
    known = {"haproxy": pillar, "environment:public": "omeroreadonly"}
    peers = [{"id": f"idr-x-omeroreadonly-{number}", "address": "10.0.0.1"} for number in (1, 2)]
    module = load(
        "modules",
        "frontend",
        salt={
            "idr.peers": lambda role, serving: peers if (role, serving) == ("omeroreadonly", True) else [],
            "pillar.get": lambda key, unmask=False: known[key] if unmask else "***",
        },
    )
    monkeypatch.setattr(module, "FLAGS", {of: str(tmp_path / "site" / of) for of in module.FLAGS})
    module.peers, module.pillar, module.known = peers, pillar, known
    return module


def test_servers_have_their_ports(frontend):
    assert frontend.raw_servers() == [
        {"id": "idr-x-omeroreadonly-1", "port": 14061, "web": True, "api": True},
        {"id": "idr-x-omeroreadonly-2", "port": 14062, "web": True, "api": True},
    ]
    assert "-p 14061:ssl" in frontend.client_arguments()[0]


def test_clients_are_sent_to_the_servers_of_raw_omero_alone(frontend):
    frontend.pillar["api_servers"] = 1
    assert [(one["web"], one["api"]) for one in frontend.raw_servers()] == [(True, False), (False, True)]
    (endpoints,) = [one for one in frontend.client_arguments() if "Router" in one]
    assert "-p 14062" in endpoints
    assert "14061" not in endpoints


def test_without_read_only_servers_it_is_the_read_write_server(frontend):
    frontend.known["environment:public"] = "omeroreadwrite"
    frontend.__salt__["idr.peers"] = lambda role, serving: [{"id": "x-allinone"}] if role == "omeroreadwrite" else []
    assert frontend.raw_servers() == [{"id": "x-allinone", "port": 14060, "web": True, "api": True}]


def test_a_server_without_a_port_is_named(frontend):
    frontend.peers.append({"id": "idr-x-omeroreadonly-3", "address": "10.0.0.3"})
    with pytest.raises(CommandExecutionError, match="idr-x-omeroreadonly-3"):
        frontend.raw_servers()


def test_bad_words_are_named(frontend):
    with pytest.raises(CommandExecutionError, match="proxy:redirects"):
        frontend.redirects([{"from": "/a\n", "to": "/"}])
    with pytest.raises(CommandExecutionError, match="control"):
        frontend.quoted("\n")


def test_flag_is_set_and_taken_away(frontend, tmp_path):
    with pytest.raises(CommandExecutionError, match="no front end"):
        frontend.maintenance(on=True)
    (tmp_path / "site").mkdir()
    assert [frontend.maintenance(on) for on in (None, True, True, None, False, False)] == [
        False,
        True,
        True,
        True,
        False,
        False,
    ]
    with pytest.raises(CommandExecutionError, match="true or false"):
        frontend.maintenance(on="no")
