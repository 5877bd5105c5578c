"""Execution module idr."""

import idr_firewall
import pytest
import salt.config
from salt.exceptions import CommandExecutionError

KEY = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"
MINE = {
    "idr-x-database": ["192.0.2.9"],
    "idr-x-omeroreadonly-2": ["192.0.2.2"],
    "idr-x-omeroreadonly-10": ["192.0.2.10"],
    "idr-other-omeroreadonly-1": ["192.0.2.77"],
}
PILLAR = {
    "firewall:services": {"postgresql": {"ports": [5432], "from": ["omeroreadonly"]}},
    "firewall:operators": [],
}


def answers(mine_get, pillar=()):
    """The functions that the module calls."""
    return {"mine.get": mine_get, "pillar.get": lambda key, default="", unmask=False: dict(pillar).get(key, default)}


@pytest.fixture
def module(load):
    """Function that loads the module on a host with a mine and a pillar."""

    def module(host="idr-x-database", mine=MINE, pillar=PILLAR):
        functions = answers(lambda pattern, alias, tgt_type: mine, pillar)
        return load("modules", "idr", salt=functions, opts={"id": host}, context={})

    return module


def test_firewall_rules_have_the_addresses_of_the_mine(module):
    text = module().firewall_rules()
    assert "elements = { 192.0.2.2, 192.0.2.10 }" in text
    assert "192.0.2.77" not in text
    assert idr_firewall.digest(text)


def test_a_host_whose_address_is_none_of_the_network_is_nobody(module):
    mine = {**MINE, "idr-x-omeroreadonly-2": ["198.51.100.2"], "idr-x-omeroreadonly-3": ["192.0.2.3\n0.0.0.0/0"]}
    pillar = {**PILLAR, "environment:network": "192.0.2.0/24"}
    text = module(mine=mine, pillar=pillar).firewall_rules()
    assert "elements = { 192.0.2.10 }" in text
    assert "198.51.100.2" not in text
    assert "0.0.0.0/0" not in text


def test_no_rules_without_the_mine(module):
    with pytest.raises(CommandExecutionError, match="the mine has no 'address' of idr-x-database itself"):
        module(mine={}).firewall_rules()


def test_no_rules_of_a_wrong_pillar(module):
    wrong = {**PILLAR, "firewall:services": {"web": {"ports": [80], "from": ["elsewhere"]}}}
    with pytest.raises(CommandExecutionError, match="idr-x-database: firewall:services:web:from: expected"):
        module(pillar=wrong).firewall_rules()


def test_no_rules_for_a_stranger(module):
    with pytest.raises(CommandExecutionError, match="minion id 'stranger'"):
        module(host="stranger").firewall_rules()


def test_sysctls_of_a_container_are_those_that_it_may_write(module, tmp_path):
    idr = module()
    idr.PROC_SYS = str(tmp_path)
    (tmp_path / "net").mkdir()
    (tmp_path / "net/own").write_text("0")
    wanted = {"net.own": 1, "vm.the_machines": 2}
    assert idr.sysctls(wanted) == wanted
    assert idr.sysctls(wanted, own=True) == {"net.own": 1}


def test_the_mine_is_asked_once_in_a_run(load):
    asked = []

    def get(pattern, alias, tgt_type):
        asked.append(pattern)
        return MINE

    idr = load("modules", "idr", salt=answers(get), opts={"id": "idr-x-database"}, context={})
    assert idr.peers() == idr.peers("database") + idr.peers("omeroreadonly")
    assert len(asked) == 1
    idr.peers(fresh=True)
    assert len(asked) == 2
    idr.REMEMBER = 0
    idr.peers()
    assert len(asked) == 3


def test_those_who_serve_are_those_who_say_so(load):
    asked = []
    said = {"idr-x-omeroreadonly-2": True, "idr-x-omeroreadonly-10": False, "idr-other-omeroreadonly-1": True}
    # One that serves but has no address there is no peer.
    known = {"address": MINE, "serving": {**said, "idr-x-omeroreadonly-3": True}}

    def get(pattern, alias, tgt_type):
        asked.append((alias, tgt_type))
        return known[alias]

    idr = load("modules", "idr", salt=answers(get), opts={"id": "idr-x-database"}, context={})
    expected = [{"id": "idr-x-omeroreadonly-2", "address": "192.0.2.2"}]
    assert idr.peers("omeroreadonly", serving=True) == idr.peers("omeroreadonly", serving=True) == expected
    assert asked == [("address", "pcre"), ("serving", "pcre")]
    known["serving"] = {}
    assert idr.peers("omeroreadonly", serving=True, fresh=True) == []
    assert len(idr.peers("omeroreadonly")) == 2


def test_accepted_are_the_hosts_whose_keys_the_master_accepted(load, tmp_path):
    for state, names in {
        "minions": ["idr-x-proxy", "idr-x-database", "idr-other-database", "stranger"],
        "minions_pre": ["idr-x-management"],
    }.items():
        (tmp_path / state).mkdir()
        for name in names:
            (tmp_path / state / name).write_text(KEY)
    opts = {
        **salt.config.DEFAULT_MASTER_OPTS,
        "__role": "master",
        "pki_dir": str(tmp_path),
        "cachedir": str(tmp_path),
        "id": "master",
    }
    assert load("modules", "idr", opts=opts).accepted("idr-x") == ["idr-x-database", "idr-x-proxy"]
    assert load("modules", "idr", opts={**opts, "__role": "minion"}).accepted("idr-x") == []


def test_a_host_is_known_by_its_key_or_by_a_map(load, tmp_path):
    (tmp_path / "pki/minions").mkdir(parents=True)
    (tmp_path / "pki/minions/idr-x-management").write_text(KEY)
    (tmp_path / "pillar/schemas").mkdir(parents=True)
    (tmp_path / "x.map").write_text("idr-management: [idr-y-management]\n")
    opts = {
        **salt.config.DEFAULT_MASTER_OPTS,
        "__role": "master",
        "pki_dir": str(tmp_path / "pki"),
        "cachedir": str(tmp_path),
        "id": "master",
        "pillar_roots": {"base": [str(tmp_path / "pillar"), "/nowhere"]},
    }
    idr = load("modules", "idr", opts=opts)
    known = {name: idr.exists(f"{name}-management") for name in ("idr-x", "idr-y", "idr-z")}
    assert known == {"idr-x": True, "idr-y": True, "idr-z": False}


def test_an_all_in_one_host_is_a_peer_by_each_of_its_roles(module):
    mine = {"idr-x-allinone": ["192.0.2.1"], "idr-x-omeroreadonly-1": ["192.0.2.2"]}
    idr = module("idr-x-omeroreadonly-1", mine, {**PILLAR, "environment:allinone": ["database", "proxy"]})
    assert idr.peers("proxy") == idr.peers("database") == [{"id": "idr-x-allinone", "address": "192.0.2.1"}]
    assert idr.peers("omeroreadwrite") == []
    services = {"http": {"ports": [80], "from": ["proxy"]}}
    rules = module("idr-x-omeroreadonly-1", mine, {"firewall:services": services, "environment:allinone": ["proxy"]})
    assert "elements = { 192.0.2.1 }" in rules.firewall_rules()


def test_pillar_is_told_what_the_maps_say(load, tmp_path):
    (tmp_path / "pillar/schemas").mkdir(parents=True)
    (tmp_path / "x.map").write_text("p: [idr-x-allinone, idr-x-database]\nq: [idr-y-allinone]\n")
    opts = {"id": "master", "pillar_roots": {"base": [str(tmp_path / "other"), str(tmp_path / "pillar")]}}
    idr = load("modules", "idr", salt={}, opts=opts, context={})
    assert idr.described("idr-x-allinone") == {
        "roles": ["omeroreadwrite", "proxy"],
        "allinone": ["omeroreadwrite", "proxy"],
        "public": "omeroreadwrite",
    }
    assert idr.described("idr-y-allinone")["roles"] == ["database", "omeroreadwrite", "proxy"]
    (tmp_path / "x.map").write_text("p: [idr-x-allinone, idr-x-allinone-2]\n")
    with pytest.raises(CommandExecutionError, match="expected one host of role allinone"):
        idr.described("idr-x-allinone")
