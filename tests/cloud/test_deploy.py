"""
Salt comes to a server by Salt Cloud's own bootstrap over SSH.

A stand-in for the server's own sshd listens at the address that the cloud gave the server, in the control plane's
namespace; what it is sent stays in a folder of the test.
"""

import json
import subprocess
import time

import pytest
import yaml
from salt.exceptions import SaltCloudSystemExit

ADDRESS = "10.77.0.60"
# root's home is another one in a mount namespace of its own
SERVE = """\
set -eu
mount -t tmpfs -o mode=700 tmpfs /root
install -d -m 700 /root/.ssh
install -m 600 "$1/id.pub" /root/.ssh/authorized_keys
exec dropbear -F -E -s -r "$1/host" -p "$2:22" -P ""
"""
SCRIPT = """\
#!/bin/sh
cp -a "$(dirname "$0")" "{folder}/received" && exit {code}
"""


@pytest.fixture(scope="module")
def ssh(site, tmp_path_factory):
    """The folder with the key that opens the server."""
    folder = tmp_path_factory.mktemp("ssh")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "id"], check=True)
    subprocess.run(["dropbearkey", "-t", "ed25519", "-f", folder / "host"], check=True, capture_output=True)
    namespace = site.plane.namespace
    subprocess.run(["ip", "-n", namespace.name, "addr", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", SERVE, "sh", folder, ADDRESS]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(namespace.enter(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    time.sleep(0.5)
    assert process.poll() is None, (folder / "log").read_text()
    yield folder
    process.terminate()
    process.wait(10)


def options(ssh, tmp_path, code=0):
    """What a profile says for SSH, and a script that keeps what it has been given."""
    script = tmp_path / "deploy.sh"
    script.write_text(SCRIPT.format(folder=tmp_path, code=code))
    return {
        "networks": [{"network": "idr", "fixed_ip": ADDRESS}],
        "volumes": [{"name": "db", "size": 1}],
        "grains": {"colour": "red"},
        "deploy": True,
        "ssh_interface": "private_ips",
        "ssh_username": "root",
        "key_filename": str(ssh / "id"),
        "script": str(script),
        "tmp_dir": str(tmp_path / "server"),
        "wait_for_passwd_maxtries": 3,
    }


def test_a_minion_gets_its_key_and_knows_its_volumes(clean, ssh, tmp_path):
    node = clean.create("ssh-one", **options(ssh, tmp_path))
    received = tmp_path / "received"
    minion = yaml.safe_load((received / "minion").read_text())
    assert (minion["id"], minion["master"]) == ("ssh-one", "192.0.2.1")
    grains = yaml.safe_load((received / "grains").read_text())
    (volume,) = node["volumes"]
    assert grains == {"colour": "red", "volumes": {"db": volume["device"]}}
    accepted = clean.keys / "ssh-one"
    assert (received / "minion.pub").read_text().strip() == accepted.read_text().strip()
    assert oct((received / "minion.pem").stat().st_mode & 0o777) == "0o600"
    assert "PRIVATE" not in json.dumps(node)


def test_a_server_that_salt_cannot_come_to_is_taken_back(clean, ssh, tmp_path):
    with pytest.raises(SaltCloudSystemExit) as caught:
        clean.create("ssh-two", **options(ssh, tmp_path, code=3))
    assert f"ssh-two: Salt could not be deployed over SSH at {ADDRESS}: " in str(caught.value)
    assert str(caught.value).endswith("deploy.sh' failed. Exit code: 3")
    assert "profile idr-base, host ssh-two: " in str(caught.value)
    assert clean.left() == {}
    assert "ssh-two" not in clean.accepted_keys()
