"""Management and what every host has: logs in one place, the way in by SSH, security updates, kernel values."""

import json
import subprocess
import time

import pytest
import yaml

from testbed.paths import STATE

PREFIX = "idr-local-"
MANAGEMENT = f"{PREFIX}management"
TARGET = f"{PREFIX}proxy"
JOURNALS = "/data/logs/journal"
PERSON = "tester"
ALL = [f"{PREFIX}{name}" for name in ("database", "omeroreadwrite", "omeroreadonly-1", "omeroreadonly-2")] + [
    TARGET,
    MANAGEMENT,
]


@pytest.fixture(scope="module")
def management(local):
    return local.host(MANAGEMENT)


@pytest.fixture(scope="module")
def addresses(local):
    found = local.salt(MANAGEMENT, "mine.get", f"{PREFIX}*", "address")[MANAGEMENT]
    return {name: addresses[0] for name, addresses in found.items()}


def collected(management, *matches, within=60):
    """Wait until the collected journals have an entry that matches all of `matches`; the entries as text."""
    deadline = time.monotonic() + within
    while True:
        shown = management.run("journalctl -D %s --no-pager -o cat " + " ".join(matches), JOURNALS).stdout
        if shown.strip() and "No entries" not in shown or time.monotonic() > deadline:
            return shown
        time.sleep(1)


@pytest.mark.parametrize("name", ALL)
def test_what_a_host_logs_arrives(local, management, name):
    word = f"arrives-{time.time_ns()}"
    assert local.host(name).run("logger -t idr-test %s", word).succeeded
    assert word in collected(management, f"_HOSTNAME={name}", "SYSLOG_IDENTIFIER=idr-test", f"MESSAGE={word}")


def test_each_host_has_a_file_of_its_own(management, addresses):
    for address in addresses.values():
        assert management.file(f"{JOURNALS}/remote-{address}.journal").user == "systemd-journal-remote"
    assert management.mount_point("/data").filesystem == "xfs"


def test_what_was_logged_while_the_server_was_away_arrives_later(local, management):
    name = TARGET
    host = local.host(name)
    word = f"later-{time.time_ns()}"
    assert management.run("systemctl stop systemd-journal-remote.socket systemd-journal-remote.service").succeeded
    try:
        assert host.run("logger -t idr-test %s && sleep 3", word).succeeded
        # not an error of the host: its states stay green
        answer = local.salt(name, "state.apply", "journal")[name]
        assert all(state["result"] for state in answer.values()), answer
    finally:
        assert management.run("systemctl start systemd-journal-remote.socket").succeeded
    assert word in collected(management, f"_HOSTNAME={name}", f"MESSAGE={word}")


def test_no_secret_is_in_what_the_hosts_log(management):
    files = sorted((STATE / "secrets/idr-local").glob("*.sls"))
    secrets = {value for path in files for group in _groups(path) for value in group.values()}
    assert secrets
    logged = management.run("journalctl -D %s --no-pager -a -o cat", JOURNALS).stdout
    assert len(logged) > 10_000
    assert not [secret for secret in secrets if secret in logged]


def _groups(path):
    return yaml.safe_load(path.read_text())["secrets"].values()


def test_logs_have_a_limit(management):
    assert management.service("idr-logs-limit.timer").is_running
    assert management.run("systemctl start idr-logs-limit.service").succeeded
    unit = management.run("systemctl cat idr-logs-limit.service").stdout
    assert "--vacuum-size=20G" in unit


def test_places_for_what_is_to_come(management):
    assert (management.file("/data/backups").mode, management.file("/data/metrics").mode) == (0o700, 0o755)
    assert management.file("/data/logs").is_directory


@pytest.mark.parametrize("name", ALL)
def test_what_every_host_has(local, name):
    host = local.host(name)
    shown = host.run("systemd-analyze cat-config systemd/journald.conf").stdout
    assert "\nStorage=persistent\n" in shown
    assert "\nSystemMaxUse=1G\n" in shown
    # no password that could be guessed, of anybody
    passwords = [line.split(":")[1] for line in host.file("/etc/shadow").content_string.splitlines()]
    assert not [password for password in passwords if password.startswith("$")]
    assert host.run("sysctl -n net.ipv4.tcp_keepalive_time net.ipv4.conf.all.accept_redirects").stdout == "300\n0\n"
    assert 19532 not in _ports(host) or name == MANAGEMENT
    assert 19531 not in _ports(host)


def _ports(host):
    return {int(line.split()[3].rpartition(":")[2]) for line in host.run("ss -Hltn").stdout.splitlines() if line}


def test_only_security_updates_install_themselves(management):
    """As unattended-upgrades itself understands its configuration."""
    script = (
        "import importlib.machinery, importlib.util;"
        "loader = importlib.machinery.SourceFileLoader('uu', '/usr/bin/unattended-upgrade');"
        "spec = importlib.util.spec_from_loader('uu', loader); uu = importlib.util.module_from_spec(spec);"
        "loader.exec_module(uu); import apt_pkg; apt_pkg.init_config();"
        "print(uu.get_allowed_origins());"
        "print(apt_pkg.config.find_b('Unattended-Upgrade::Automatic-Reboot', True))"
    )
    done = management.run("/usr/bin/python3 -c %s", script)
    assert done.stdout.splitlines() == [
        "['origin=Debian,codename=bookworm-security,label=Debian-Security']",
        "False",
    ], done.stderr


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("ssh") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tester", "-f", path], check=True)
    return path


def apply_accounts(local, accounts=None):
    pillar = [f"pillar={json.dumps({'accounts': accounts})}"] if accounts else []
    for host, answer in local.salt("-L", f"{MANAGEMENT},{TARGET}", "state.apply", "accounts", *pillar).items():
        assert all(state["result"] for state in answer.values()), (host, answer)


@pytest.fixture
def account(local, key):
    """An account on two hosts, as an operator gives it to a person by pillar."""
    apply_accounts(local, {PERSON: {"keys": [key.with_suffix(".pub").read_text().strip()], "sudo": True}})
    yield PERSON
    apply_accounts(local, {PERSON: {"absent": True}})


@pytest.fixture
def ssh(local, key, addresses):
    """Function that runs a command by SSH as the person, from outside; through management with `jump`."""

    def ssh(host, *command, jump=False, options=()):
        common = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=5"]
        common += ["-o", "BatchMode=yes", "-F", "none", "-i", str(key), *options]
        through = " ".join(["ssh", *common, "-W", "%h:%p", f"{PERSON}@{addresses[MANAGEMENT]}"])
        proxy = ["-o", f"ProxyCommand={through}"] if jump else []
        return local.run("ssh", *common, *proxy, f"{PERSON}@{addresses[host]}", *command, timeout=60)

    return ssh


def test_a_person_comes_in_through_management_and_only_there(local, account, ssh):
    assert ssh(MANAGEMENT, "hostname").stdout.strip() == MANAGEMENT
    assert ssh(TARGET, "hostname", jump=True).stdout.strip() == TARGET
    direct = ssh(TARGET, "hostname")
    assert direct.returncode == 255
    assert "timed out" in direct.stderr
    assert ssh(MANAGEMENT, "sudo -n id -u").stdout.strip() == "0"


def test_passwords_open_nothing(local, account, ssh):
    host = local.host(MANAGEMENT)
    assert host.run("echo tester:not-a-secret-of-anybody | chpasswd").succeeded
    refused = ssh(MANAGEMENT, "true", options=["-o", "PreferredAuthentications=password,keyboard-interactive"])
    assert refused.returncode == 255
    assert "Permission denied (publickey)" in refused.stderr
    # the next run takes the password away
    apply_accounts(local, {PERSON: {"keys": [host.file(f"/etc/ssh/authorized_keys/{PERSON}").content_string.strip()]}})
    assert f"{PERSON}:*:" in host.file("/etc/shadow").content_string


def test_who_is_no_longer_in_pillar_has_no_way_in(local, account, ssh):
    assert ssh(MANAGEMENT, "true").returncode == 0
    apply_accounts(local)
    refused = ssh(MANAGEMENT, "true")
    assert refused.returncode == 255
    assert "Permission denied (publickey)" in refused.stderr


def test_a_configuration_that_sshd_does_not_accept_is_never_loaded(local, account, ssh):
    pillar = json.dumps({"ssh": {"sshd": {"NoSuchOption": "x"}}})
    answer = local.salt(MANAGEMENT, "state.apply", "ssh", f"pillar={pillar}")[MANAGEMENT]
    failed = {state["__id__"] for state in answer.values() if state["result"] is False}
    assert failed == {"ssh-config", "ssh-service"}
    assert "NoSuchOption" not in local.host(MANAGEMENT).run("cat /etc/ssh/sshd_config.d/*").stdout
    assert ssh(MANAGEMENT, "true").returncode == 0
