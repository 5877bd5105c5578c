"""Peers through Salt's real loaders; the mine and the host's addresses are doubles."""

import threading
import time

import pytest

MINE = '''"""Test double of Salt's mine."""
import json, pathlib, re
FILE = pathlib.Path({path!r})
def get(tgt, fun, tgt_type="glob"):
    assert tgt_type == "pcre" and fun == "address"
    return {{host: data for host, data in json.loads(FILE.read_text()).items() if re.match(tgt, host)}}
def update():
    FILE.write_text(FILE.with_name("after-update").read_text())
'''
NETWORK = """'Test double of the addresses of this host.'
import ipaddress
def ip_addrs(cidr):
    return [address for address in ["10.1.0.1"] if ipaddress.ip_address(address) in ipaddress.ip_network(cidr)]
"""
KNOWN = '{"idr-test-database": ["10.1.0.1"], "idr-test-omeroreadonly-1": ["10.1.0.2"], "idr-demo-proxy": ["10.1.0.9"]}'


@pytest.fixture
def mine(tmp_path):
    """Folder of a mine that knows nothing until it is updated."""
    folder = tmp_path / "double/_modules"
    folder.mkdir(parents=True)
    (tmp_path / "mine").write_text("{}")
    (tmp_path / "after-update").write_text(KNOWN)
    (folder / "mine.py").write_text(MINE.format(path=str(tmp_path / "mine")))
    (folder / "network.py").write_text(NETWORK)
    return tmp_path


@pytest.fixture
def hosts(tmp_path):
    """A hosts file."""
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n")
    return path


@pytest.fixture
def peers_known(apply, mine, hosts):
    """Function that applies the state with the double."""

    def peers_known(test=False, network="10.1.0.0/24", **arguments):
        loaders = {"module_dirs": [mine / "double"], "pillar": {"environment": {"network": network}}}
        arguments = {"hosts": str(hosts), "timeout": 10, **arguments}
        return apply("idr.peers_known", "peers", test=test, loaders=loaders, **arguments)

    return peers_known


def test_block_is_written_once(peers_known, mine, hosts):
    (mine / "mine").write_text(KNOWN)
    predicted = peers_known(test=True, roles=["omeroreadonly"])
    assert predicted["result"] is None
    assert hosts.read_text() == "127.0.0.1 localhost\n"
    done = peers_known(roles=["omeroreadonly"])
    assert (done["result"], done["changes"]) == (True, predicted["changes"])
    lines = hosts.read_text().splitlines()
    assert "10.1.0.1 idr-test-database" in lines
    assert not [line for line in lines if "demo" in line]
    assert peers_known(roles=["omeroreadonly"])["changes"] == {}


def test_own_address_is_published_when_the_mine_has_lost_it(peers_known, hosts):
    assert peers_known()["result"] is True
    assert "10.1.0.1 idr-test-database" in hosts.read_text()


def test_missing_role_ends_at_the_limit_and_writes_nothing(peers_known, mine, hosts):
    (mine / "mine").write_text(KNOWN)
    begin = time.monotonic()
    ret = peers_known(roles=["proxy", "database"], timeout=3)
    assert 2 < time.monotonic() - begin < 9
    assert ret["result"] is False
    assert "no host of role proxy" in ret["comment"]
    assert "role database" not in ret["comment"]
    assert hosts.read_text() == "127.0.0.1 localhost\n"


def test_a_new_host_is_waited_for_and_then_left_out(peers_known, mine, hosts):
    (mine / "mine").write_text(KNOWN)
    begin = time.monotonic()
    ret = peers_known(expected=["idr-test-database", "idr-test-proxy"], timeout=3)
    assert 2 < time.monotonic() - begin < 9
    assert ret["result"] is True
    assert ret["comment"].startswith("2 hosts of the environment are known, not yet idr-test-proxy")
    assert "proxy" not in hosts.read_text()


def test_a_host_that_comes_in_time_is_in(peers_known, mine, hosts):
    (mine / "mine").write_text(KNOWN)
    late = KNOWN.replace("}", ', "idr-test-proxy": ["10.1.0.3"]}')
    timer = threading.Timer(3, lambda: (mine / "mine").write_text(late))
    timer.start()
    ret = peers_known(expected=["idr-test-proxy"], timeout=20)
    timer.join()
    assert ret["result"] is True
    assert "10.1.0.3 idr-test-proxy" in hosts.read_text()


def test_a_host_that_the_mine_has_lost_is_not_cut_off(peers_known, mine, hosts):
    (mine / "mine").write_text(KNOWN)
    everybody = ["idr-test-database", "idr-test-omeroreadonly-1"]
    assert peers_known(expected=everybody)["result"] is True
    before = hosts.read_text()
    (mine / "mine").write_text('{"idr-test-database": ["10.1.0.1"]}')
    ret = peers_known(expected=everybody, timeout=1)
    assert (ret["result"], ret["changes"]) == (False, {})
    assert "lost idr-test-omeroreadonly-1" in ret["comment"]
    assert hosts.read_text() == before
    # whose key was deleted is gone for good
    assert peers_known(expected=everybody[:1], timeout=1)["result"] is True
    assert "omeroreadonly" not in hosts.read_text()


def test_test_mode_does_not_wait_and_does_not_publish(peers_known, mine):
    begin = time.monotonic()
    ret = peers_known(test=True, timeout=60)
    assert time.monotonic() - begin < 10
    assert ret["result"] is None
    assert (mine / "mine").read_text() == "{}"


def test_host_outside_the_network_says_so(peers_known, hosts):
    ret = peers_known(network="10.2.0.0/24", timeout=1)
    assert ret["result"] is False
    assert "environment:network" in ret["comment"]


def test_damaged_hosts_file_is_left_alone(peers_known, mine, hosts):
    (mine / "mine").write_text(KNOWN)
    hosts.write_text("# peers of this environment, by Salt: start\n")
    before = hosts.read_text()
    ret = peers_known()
    assert ret["result"] is False
    assert str(hosts) in ret["comment"]
    assert hosts.read_text() == before


@pytest.mark.parametrize("minion_id", ["somebody", "idr-test-web"])
def test_other_ids_have_no_peers(salt_loaders, mine, minion_id):
    functions = salt_loaders(minion_id=minion_id, module_dirs=[mine / "double"]).functions
    assert functions["idr.host"]() is None
    with pytest.raises(Exception, match="is not <environment>-<role>"):
        functions["idr.peers"]()
