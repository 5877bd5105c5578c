"""What the files of single roles say."""

import re

import compiling
import idr_ids
import idr_maps
import pytest
import salt.pillar
import systems


@pytest.fixture(scope="session")
def environment(checkout):
    """Any environment that has hosts."""
    return idr_ids.parse(idr_maps.hosts(checkout)[0])["environment"]


def _text(compiled, name):
    chunk, path = next((chunk, path) for chunk, path in compiled.sources() if chunk["name"] == name)
    return compiled.rendered(chunk, path)


def _addresses(mine, environment, role):
    hosts = [host for host in mine["address"] if host.startswith(f"{environment}-{role}")]
    return sorted(mine["address"][host][0] for host in hosts)


def test_database_lets_in_exactly_who_needs_it(compile_host, mine, environment):
    compiled = compile_host(f"{environment}-database", "debian-12")
    lines = _text(compiled, "/etc/postgresql/15/main/pg_hba.conf").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert rules[0] == ["local", "all", "all", "peer"]
    assert all(rule[0] == "hostssl" and rule[4] == "scram-sha-256" for rule in rules[1:])
    for user, role in (("omero", "omeroreadwrite"), ("omeroreadonly", "omeroreadonly")):
        hosts = [rule[3].removesuffix("/32") for rule in rules[1:] if rule[2] == user]
        assert hosts == _addresses(mine, environment, role)


def test_volume_is_mounted_before_the_database_is_installed(compile_host, environment):
    compiled = compile_host(f"{environment}-database", "debian-12")
    ids = [chunk["__id__"] for chunk in sorted(compiled.chunks, key=lambda chunk: chunk["order"])]
    assert ids.index("volume-db") < ids.index("postgresql-packages")
    mount = next(chunk for chunk in compiled.chunks if chunk["__id__"] == "volume-db" and chunk["state"] == "mount")
    assert mount["device"] == "LABEL=idr-database"
    assert mount["name"] == "/var/lib/postgresql"
    assert mount["opts"] == "noatime,nouuid"
    # where it was mounted without, it is not mounted again for that
    assert mount["hidden_opts"] == "nouuid"


def test_haproxy_knows_the_servers_by_name(compile_host, mine, environment):
    compiled = compile_host(f"{environment}-proxy", "debian-12")
    text = _text(compiled, "/etc/haproxy/haproxy.cfg")
    sections = dict(re.findall(r"^(?:backend|listen) (\S+)\n((?:    .*\n|\n)*)", text + "\n", re.MULTILINE))
    readers = [host for host in mine["address"] if host.startswith(f"{environment}-omeroreadonly")]
    servers = sorted(host for host in readers if mine["serving"][host])
    assert 0 < len(servers) < len(readers)
    assert re.findall(r"server (\S+) \S+:80 check$", sections["readonly"], re.MULTILINE) == servers
    assert re.findall(r"server (\S+) \S+:80 check$", sections["readwrite"], re.MULTILINE) == [
        f"{environment}-omeroreadwrite"
    ]
    for section, port in (("omeroweb", 80), ("omero", 4064), ("omerotcp", 4063), ("websocket", 4065)):
        assert re.findall(rf"server (\S+) \S+:{port} track readonly/", sections[section]) == servers
    for number, server in enumerate(servers, 1):
        assert f"bind :{14060 + number}\n" in sections[server]
        assert f"server {server} {server}:4064 track readonly/{server}\n" in sections[server]
    assert not set(re.findall(r"\d+\.\d+\.\d+\.\d+", text)) & {address for (address,) in mine["address"].values()}


def test_proxy_caches_in_the_zones_of_its_pillar(compile_host, environment):
    compiled = compile_host(f"{environment}-proxy", "debian-12")
    text = _text(compiled, "/etc/nginx/conf.d/proxy.conf")
    sizes = dict(re.findall(r"^proxy_cache_path \S+/(\w+) .* max_size=(\S+) ", text, re.MULTILINE))
    assert sizes == {
        "omero": "1g",
        "omerostatic": "200m",
        "omerothumbnail": "10g",
        "omerorender": "40g",
        "omerometadata": "25g",
        "omeroapi": "10g",
        "omeroviewers": "1g",
    }
    used = re.findall(r"proxy_cache (\w+);", text)
    # the public site, and the cache buster
    assert used == [location["zone"] for location in compiled.pillar["proxy"]["cache"]["locations"]] * 2
    assert text.count("proxy_cache_bypass 1;") == len(used) // 2


@pytest.mark.parametrize(
    ("virtual", "has"), [("kvm", True), ("physical", True), ("systemd-nspawn", False), ("container", False)]
)
def test_only_a_machine_sets_its_clock(compile_host, environment, virtual, has):
    compiled = compile_host(f"{environment}-management", "debian-12", virtual=virtual)
    assert ("common-time" in {chunk["__id__"] for chunk in compiled.chunks}) is has


def _pillar(checkout, pillar_root, tmp_path, grains, minion_id):
    """Pillar as a master makes it for an id that is neither its own nor the one that the grains claim."""
    opts = compiling.options(checkout, pillar_root, tmp_path, grains, {})
    opts["id"] = "master"
    return salt.pillar.Pillar(opts, grains, minion_id, "base").compile_pillar()


@pytest.mark.parametrize("stranger", ["stranger", "idr-local-omeroreadonly-x", "database"])
def test_unknown_id_gets_nothing(stranger, checkout, pillar_root, tmp_path):
    claimed = systems.grains("debian-12", stranger, roles=["database"])
    assert _pillar(checkout, pillar_root, tmp_path, claimed, stranger) == {}


def test_grains_do_not_make_a_role(checkout, pillar_root, tmp_path, environment):
    claimed = systems.grains("debian-12", f"{environment}-database", roles=["database"])
    pillar = _pillar(checkout, pillar_root, tmp_path, claimed, f"{environment}-proxy")
    assert pillar["roles"] == ["proxy"]
    assert pillar["secrets"] == {}


def test_no_server_keeps_pages_while_a_snapshot_is_taken(compile_host, environment):
    compiled = compile_host(f"{environment}-proxy", "debian-12")
    text = _text(compiled, "/etc/nginx/conf.d/proxy.conf")
    kept = text.count("access_log /var/log/nginx/access.log idr_proxy;")
    assert kept > 1
    assert text.count("if (-f /run/idr-snapshot/armed) { set $idr_unkept 1; }") == kept
    assert text.count("proxy_no_cache $idr_unkept;") == kept
