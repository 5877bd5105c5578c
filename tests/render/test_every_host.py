"""What every host has whatever its role: firewall, accounts, logs, upgrades, kernel values."""

import re
import shutil

import compiling
import idr_ids
import idr_maps
import pytest
import systems

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyF2mPYvWJj4vRkW2p0i4Hk0nC8Zp6mY1q9d3sO1bXe someone@example.org"


@pytest.fixture(scope="session")
def environment(checkout):
    """Any environment that has hosts."""
    return idr_ids.parse(idr_maps.hosts(checkout)[0])["environment"]


@pytest.fixture
def compile_with(checkout, pillar_root, mine, tmp_path, environment):
    """Function that compiles a host with more pillar, which wins over the rest."""

    def compile_with(role, system, more):
        root = tmp_path / "pillar"
        shutil.copytree(pillar_root, root)
        (root / "more.sls").write_text(more)
        top = root / "top.sls"
        top.write_text(top.read_text().replace("    - common\n", "    - common\n    - more\n", 1))
        # merged after common, and before what only this environment says
        for name in ("accounts", "upgrades"):
            (root / f"env/{environment}/{name}.sls").write_text("{}\n")
        grains = systems.grains(system, f"{environment}-{role}", ["data"])
        return compiling.Compiled(compiling.options(checkout, root, tmp_path / "minion", grains, mine))

    return compile_with


def text(compiled, name):
    chunk, path = next((chunk, path) for chunk, path in compiled.sources() if chunk["name"] == name)
    return compiled.rendered(chunk, path)


def states(compiled, prefix):
    return {
        (chunk["state"], chunk["fun"], chunk["name"])
        for chunk in compiled.chunks
        if chunk["__id__"].startswith(prefix) and chunk["state"] != "pkg"
    }


def test_firewall_is_checked_before_it_replaces_the_old_one(compiled):
    (rules,) = [chunk for chunk in compiled.chunks if chunk["__id__"] == "firewall-rules"]
    assert rules["check_cmd"] == "nft -c -f"
    assert {"idr": "peers-known"} in rules["require"]
    (loaded,) = [chunk for chunk in compiled.chunks if chunk["state"] == "firewall"]
    assert {"file": "firewall-rules"} in loaded["watch"]


def test_ssh_is_let_in_from_management_alone(compiled):
    rules = text(compiled, "/etc/idr-firewall.nft")
    lines = re.findall(r"^\t\t(.*dport \{ 22 \}.*)$", rules, re.MULTILINE)
    from_where = {"management": ["operators"], "allinone": ["management", "operators"]}
    expected = from_where.get(idr_ids.parse(compiled.opts["id"])["role"], ["management"])
    assert [line.split("@")[1].split()[0] for line in lines] == expected


def test_nobody_has_an_account_by_default(compiled):
    assert compiled.pillar["accounts"] == {}
    assert "NOPASSWD" not in text(compiled, "/etc/sudoers.d/idr-accounts")
    assert states(compiled, "accounts-keys") == {("file", "directory", "/etc/ssh/authorized_keys")}


@pytest.mark.parametrize("system", systems.SYSTEMS)
def test_accounts_come_and_go_by_pillar(compile_with, system):
    more = f"accounts:\n  ann: {{keys: ['{KEY}'], sudo: true}}\n  bob: {{keys: ['{KEY}']}}\n  eve: {{absent: true}}\n"
    compiled = compile_with("management", system, more)
    assert compiled.errors == []
    assert states(compiled, "account-") == {
        ("user", "present", "ann"),
        ("user", "present", "bob"),
        ("user", "absent", "eve"),
        ("file", "managed", "/etc/ssh/authorized_keys/ann"),
        ("file", "managed", "/etc/ssh/authorized_keys/bob"),
    }
    assert re.findall(r"^(\w+) ALL=", text(compiled, "/etc/sudoers.d/idr-accounts"), re.MULTILINE) == ["ann"]
    people = [chunk for chunk in compiled.chunks if chunk["state"] == "user" and chunk["fun"] == "present"]
    assert {chunk["password"] for chunk in people} == {"*"}


def test_no_password_opens_ssh(compiled):
    config = text(compiled, next(c["name"] for c in compiled.chunks if c["__id__"] == "ssh-config")).splitlines()
    assert {"PasswordAuthentication no", "PermitRootLogin no", "AuthenticationMethods publickey"} <= set(config)
    assert not [line for line in config if line.endswith(("True", "False"))]


def test_a_host_without_a_log_server_keeps_its_logs(compile_with):
    compiled = compile_with("proxy", "debian-12", "logs: {server: null}\n")
    assert not states(compiled, "journal-upload")
    assert "Storage=persistent" in text(compiled, "/etc/systemd/journald.conf.d/idr.conf")


@pytest.mark.parametrize(
    ("system", "name", "says"),
    [
        ("debian-12", "/etc/apt/apt.conf.d/90idr-upgrades", '"origin=Debian,codename=${distro_codename}-security,'),
        ("ubuntu-24.04", "/etc/apt/apt.conf.d/90idr-upgrades", '"origin=Ubuntu,archive=${distro_codename}-security,'),
        ("rocky-9", "/etc/dnf/automatic.conf", "upgrade_type = security"),
    ],
)
def test_security_updates_of_each_system(compile_with, system, name, says):
    compiled = compile_with("proxy", system, "upgrades: {automatic: true, exclude: [linux-image]}\n")
    assert says in text(compiled, name)
    assert "linux-image" in text(compiled, name)
    assert [chunk for chunk in compiled.chunks if chunk["state"] == "unit" and chunk["name"].endswith(".timer")]


def test_a_machine_gets_all_kernel_values(compile_host, environment):
    compiled = compile_host(f"{environment}-proxy", "debian-12", virtual="kvm")
    config = text(compiled, "/etc/sysctl.d/60-idr.conf")
    assert set(re.findall(r"^([a-z]\S+) = ", config, re.MULTILINE)) == set(compiled.pillar["sysctl"])
