"""What runs on each host, looked at on the host itself."""

import re

import pytest

PREFIX = "idr-local-"
OMERO_HOSTS = ["omeroreadwrite", "omeroreadonly-1", "omeroreadonly-2"]


@pytest.fixture
def host(local, request):
    return local.host(PREFIX + request.param)


def on(*names):
    return pytest.mark.parametrize("host", names, indirect=True)


@on("database", *OMERO_HOSTS, "proxy", "management")
def test_every_host_is_a_whole_system(host):
    assert host.file("/proc/1/comm").content_string == "systemd\n"
    assert host.service("salt-minion").is_running
    assert host.run("systemctl --failed --no-legend").stdout == ""
    peers = host.file("/etc/hosts").content_string
    assert len(set(re.findall(r"^10\.99\.0\.\d+ (idr-local-\S+)", peers, re.M))) == 6


@on("database")
def test_postgresql_stands_on_its_own_volume_and_lets_in_who_must(host):
    assert host.service("postgresql@15-main").is_running
    assert host.service("postgresql").is_enabled
    assert host.mount_point("/var/lib/postgresql").filesystem == "xfs"
    assert "noatime" in host.mount_point("/var/lib/postgresql").options
    assert "LABEL=idr-database" in host.file("/etc/fstab").content_string
    assert host.socket("tcp://5432").is_listening or host.run("ss -ltn sport = :5432").stdout.count("LISTEN")
    rules = [line.split() for line in host.file("/etc/postgresql/15/main/pg_hba.conf").content_string.splitlines()]
    remote = [line for line in rules if line and line[0].startswith("host")]
    assert sorted((line[0], line[2], line[4]) for line in remote) == [
        ("hostssl", "omero", "scram-sha-256"),
        ("hostssl", "omeroreadonly", "scram-sha-256"),
        ("hostssl", "omeroreadonly", "scram-sha-256"),
    ]


@on("database")
def test_schema_was_made_by_the_release(host):
    query = "select currentpatch || '|' || currentversion from dbpatch order by id desc limit 1"
    shown = host.run("su -s /bin/sh - postgres -c %s", f'psql -Atd omero -c "{query}"')
    assert shown.stdout.strip() == "0|OMERO5.4"


@on(*OMERO_HOSTS)
def test_omero_runs_under_systemd(host):
    for name in ("omero-server", "omero-web", "nginx", "redis-server"):
        assert host.service(name).is_running, name
        assert host.service(name).is_enabled, name
    assert host.file("/opt/omero/server/OMERO.server").linked_to.endswith("-standin")
    listening = host.run("ss -ltnH").stdout
    assert re.search(r":80\s", listening)
    assert re.search(r":4064\s", listening)
    assert re.search(r"127\.0\.0\.1:4061\s", listening)
    assert not re.search(r"(0\.0\.0\.0|\*):6379\s", listening)


@on(*OMERO_HOSTS)
def test_the_stand_in_says_what_it_is_and_met_nothing_unexpected(host):
    log = host.file("/opt/omero/server/OMERO.server/var/log/Blitz-0.log").content_string
    assert "STAND-IN" in log
    assert not re.findall(r"^.* (?:WARN|ERROR|FATAL) .*$", log, re.M)


@on("omeroreadonly-1", "omeroreadonly-2")
def test_read_only_servers_are_read_only(host):
    log = host.file("/opt/omero/server/OMERO.server/var/log/Blitz-0.log").content_string
    assert "read-only status: db=true, repo=true" in log


@on("proxy")
def test_the_front_end(host):
    for name in ("nginx", "haproxy"):
        assert host.service(name).is_running, name
        assert host.service(name).is_enabled, name
    assert host.mount_point("/var/cache/nginx").filesystem == "xfs"
    assert host.run("nginx -t").succeeded
    assert host.run("haproxy -c -f /etc/haproxy/haproxy.cfg").succeeded


def test_secrets_are_only_where_they_belong(local):
    held = {
        name.removeprefix(PREFIX): sorted(f"{group}:{key}" for group, keys in secrets.items() for key in keys)
        for name, secrets in local.salt("*", "pillar.get", "secrets").items()
        if secrets
    }
    server = ["database:omeroreadonly", "omero:public", "web:secret_key"]
    assert held == {
        "database": ["database:omero", "database:omeroreadonly", "pgbackrest:authority"],
        "management": ["pgbackrest:authority"],
        "omeroreadwrite": ["database:omero", "omero:public", "omero:root", "web:secret_key"],
        "omeroreadonly-1": server,
        "omeroreadonly-2": server,
    }


def test_no_secret_in_logs_or_job_caches(local):
    """Every value of the secrets files is looked for where a password must never be."""
    script = (
        "cat /srv/idr/.local/secrets/*/*.sls | sed -n 's/^ .*: \\([^ ]\\{12,\\}\\)$/\\1/p' > /run/idr-local/words;"
        " [ -s /run/idr-local/words ] || exit 9;"
        " grep -rlF -f /run/idr-local/words /srv/idr/.local/log /srv/idr/.local/root/var/log"
        " /srv/idr/.local/root/var/cache/salt/master/jobs; found=$?; rm /run/idr-local/words; exit $found"
    )
    done = local.run("sh", "-c", script)
    assert (done.returncode, done.stdout) == (1, ""), done.stdout + done.stderr
