"""All roles on one host, fewer of them by one more line in the map, and front ends without read-only servers."""

import re
import shutil

import compiling
import idr_check
import idr_cross
import idr_ids
import pytest
import systems

ENVIRONMENT, HOST = "omero-demo", "omero-demo-allinone"
DATABASE, READER = f"{ENVIRONMENT}-database", f"{ENVIRONMENT}-omeroreadonly-1"
APART = tuple(f"{ENVIRONMENT}-{role}" for role in ("database", "omeroreadwrite", "proxy"))


@pytest.fixture(scope="module")
def compile_hosts(checkout, pillar_root, tmp_path_factory):
    """Function that compiles a host of an environment that has these hosts in its map."""

    def compile_hosts(host, hosts, system="debian-12"):
        root = tmp_path_factory.mktemp("hosts") / "pillar"
        shutil.copytree(pillar_root, root)
        (root.parent / f"{ENVIRONMENT}.map").write_text(f"idr-base: [{', '.join(hosts)}]\n")
        addresses = {name: [f"10.98.0.{number}"] for number, name in enumerate(hosts, 10)}
        known = {"address": addresses, "serving": dict.fromkeys(hosts, True), "pgbackrest": {}}
        grains = systems.grains(system, host)
        return compiling.Compiled(compiling.options(checkout, root, root.parent / "minion", grains, known))

    return compile_hosts


def text(compiled, name):
    chunk, path = next((chunk, path) for chunk, path in compiled.sources() if chunk["name"] == name)
    return compiled.rendered(chunk, path)


def servers(compiled, backend):
    sections = re.findall(
        r"^(?:backend|listen) (\S+)\n((?:    .*\n|\n)*)", text(compiled, "/etc/haproxy/haproxy.cfg"), re.MULTILINE
    )
    return re.findall(r"^    server (\S+) (\S+:\d+)", dict(sections)[backend], re.MULTILINE)


@pytest.mark.parametrize("system", systems.SYSTEMS)
@pytest.mark.parametrize(
    ("others", "roles"),
    [
        ((), ["database", "omeroreadwrite", "proxy"]),
        ((DATABASE,), ["omeroreadwrite", "proxy"]),
        ((READER,), ["database", "omeroreadwrite", "proxy"]),
        (APART[:2], ["proxy"]),
    ],
)
def test_all_hosts_compile_and_fit_the_schemas(compile_hosts, checkout, others, roles, system):
    validators = idr_check.schemas(checkout / "pillar/schemas")
    for host in (HOST, *others) if system == "debian-12" else (HOST,):
        compiled = compile_hosts(host, (HOST, *others), system)
        assert "_errors" not in compiled.pillar
        assert (compiled.errors, compiled.undefined()) == ([], [])
        assert idr_check.errors(compiled.pillar, validators) == []
        assert idr_cross.within(compiled.pillar, {}, memory=16000) == []
        assert compiled.pillar["roles"] == idr_ids.roles(host, roles)
        assert compiled.pillar["environment"]["allinone"] == roles


def test_nothing_waits_for_what_comes_later(compile_hosts):
    compiled = compile_hosts(HOST, (HOST,))
    order = [chunk["__id__"] for chunk in compiled.chunks]
    wanted = [
        "postgresql-cluster",
        "postgresql-role-omero",
        "postgresql-database-omero",
        "omero-database-fits",
        "omero-server-configuration",
        "omero-schema",
    ]
    wanted += ["omero-server-running", "server-serves", "frontend-servers", "haproxy"]
    assert [order.index(name) for name in wanted] == sorted(order.index(name) for name in wanted)
    assert order.index("nginx-service") < order.index("server-serves")


def test_what_two_roles_want_on_one_host_has_two_places(compile_hosts):
    compiled = compile_hosts(HOST, (HOST,))
    assert "listen 8080 default_server;" in text(compiled, "/etc/nginx/conf.d/omero-web.conf")
    assert "listen 80 default_server;" in text(compiled, "/etc/nginx/conf.d/proxy.conf")
    binds = re.findall(r"^    bind (\S+)", text(compiled, "/etc/haproxy/haproxy.cfg"), re.MULTILINE)
    assert binds == ["127.0.0.1:8081", "127.0.0.1:8082", "127.0.0.1:8083", ":14060"]
    rules = text(compiled, "/etc/idr-firewall.nft")
    assert "dport { 4063, 4064, 14060-14099 } accept" in rules
    assert "8080" not in rules


def test_visitors_come_to_the_read_write_server_where_there_is_no_other(compile_hosts):
    for host, hosts, server in ((HOST, (HOST,), f"{HOST}:8080"), (APART[2], APART, f"{APART[1]}:80")):
        compiled = compile_hosts(host, hosts)
        for backend in ("readonly", "omeroweb", "readwrite"):
            assert servers(compiled, backend) == [(server.split(":")[0], server)]
    assert servers(compiled, "omero") == [(APART[1], f"{APART[1]}:4064")]
    assert "server-serves" in {chunk["__id__"] for chunk in compile_hosts(APART[1], APART).chunks}
    assert "@proxy tcp dport { 4063-4065 } accept" in text(compile_hosts(APART[1], APART), "/etc/idr-firewall.nft")


def test_they_come_to_read_only_servers_where_there_are_any(compile_hosts):
    compiled = compile_hosts(HOST, (HOST, READER))
    assert servers(compiled, "omeroweb") == [(READER, f"{READER}:80")]
    assert servers(compiled, "readwrite") == [(HOST, f"{HOST}:8080")]
    assert "server-serves" not in {chunk["__id__"] for chunk in compiled.chunks}
    # 4064 is the read-write server's own here
    assert "dport { 14060-14099 } accept" in text(compiled, "/etc/idr-firewall.nft")
    reader = compile_hosts(READER, (HOST, READER))
    (mounted,) = [chunk for chunk in reader.chunks if chunk["__id__"] == "share-mounted"]
    assert mounted["device"] == f"{HOST}:/data/OMERO"


def _database(compiled):
    (config,) = [chunk for chunk in compiled.chunks if chunk["__id__"] == "omero-server-configuration"]
    return config["properties"]["omero.db.host"]


def _allowed(compiled):
    lines = text(compiled, "/etc/postgresql/15/main/pg_hba.conf").splitlines()
    return [tuple(line.split()[2:4]) for line in lines if line.startswith("hostssl")]


def test_the_database_is_where_the_map_says(compile_hosts):
    whole = compile_hosts(HOST, (HOST,))
    assert (_database(whole), _allowed(whole)) == ("127.0.0.1", [("omero", "127.0.0.1/32")])
    beside = compile_hosts(HOST, (HOST, DATABASE))
    assert _database(beside) == DATABASE
    assert not [chunk for chunk in beside.chunks if chunk["state"] == "postgresql"]
    database = compile_hosts(DATABASE, (HOST, DATABASE))
    assert _allowed(database) == [("omero", "10.98.0.10/32")]
    assert "@omeroreadwrite tcp dport { 5432 } accept" in text(database, "/etc/idr-firewall.nft")


def test_volumes_are_folders_where_hosts_have_none(compile_hosts):
    used = {
        (chunk["state"], chunk["name"]) for chunk in compile_hosts(HOST, (HOST,)).chunks if "volume-" in chunk["__id__"]
    }
    assert used == {("file", path) for path in ("/data", "/var/cache/nginx", "/var/lib/postgresql")}


def test_secrets_are_those_of_all_its_roles_alone(compile_hosts):
    assert set(compile_hosts(HOST, (HOST,)).pillar["secrets"]) == {"database", "omero", "pgbackrest", "web"}
    assert "pgbackrest" not in compile_hosts(HOST, (HOST, DATABASE)).pillar["secrets"]
