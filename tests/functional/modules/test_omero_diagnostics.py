"""What the module says of an installation whose server was never started, by the real `omero` command."""

import http.server
import os
import socket
import subprocess
import threading

import pytest
from salt.exceptions import CommandExecutionError


def own(installation, *paths):
    """Give files that the test made to the installation's user."""
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{installation.user}:{installation.user}", *paths], check=True)


@pytest.fixture
def upgrades():
    """A list of releases on loopback: ``.url``, ``.answer``, ``.asked`` (paths)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(server.answer)

        def log_message(self, *words):
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answer, server.asked = b"", []
    server.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_version(omero):
    found = omero("version")
    assert found["omero-py"].count(".") == 2
    assert found["omero-server"].endswith("STANDIN")


def test_status_of_a_server_that_was_never_started(omero):
    found = omero("status", unit="idr-test-nothing")
    assert (found["up"], found["components"]) == (False, {})
    # the machine of the tests may have no systemd
    assert found["service"] in ("inactive", "unknown")


def test_jvmcfg_follows_the_properties(omero):
    omero("config_load", {"omero.jvmcfg.heap_size.blitz": "2G", "omero.jvmcfg.append.blitz": "-XX:+UseG1GC"})
    found = omero("jvmcfg")
    assert found["blitz"]["heap_bytes"] == 2 << 30
    assert "-XX:+UseG1GC" in found["blitz"]["options"]
    assert "heap_size" in found["blitz"]["settings"]
    assert found["pixeldata"]["heap_bytes"] > 100 << 20
    assert {"blitz", "indexer", "pixeldata", "repository"} <= set(found)


def test_jvmcfg_that_cannot_be_used(omero):
    omero("config_load", {"omero.jvmcfg.strategy.blitz": "nonsense"})
    with pytest.raises(
        CommandExecutionError, match=r"^The memory settings omero\.jvmcfg\.\* cannot be used: omero admin"
    ):
        omero("jvmcfg")


def test_endpoints_with_a_prefix_and_a_listener(omero):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        omero("config_load", {"omero.ports.ssl": port, "omero.client.icetransports": "ssl,wss"})
        assert omero("endpoints") == {
            "registry": {"host": "127.0.0.1", "port": 4061, "endpoint": "tcp -h 127.0.0.1 -p 4061", "listening": False},
            "ssl": {"host": "*", "port": port, "endpoint": f"ssl -h * -p {port}", "listening": True},
            "wss": {"host": "*", "port": 4066, "endpoint": "wss -h * -p 4066", "listening": False},
        }
    omero("config_load", {"omero.ports.prefix": 1, "Ice.Default.Host": "192.0.2.1"})
    found = omero("endpoints")
    assert found["ssl"] == {
        "host": "192.0.2.1",
        "port": 14064,
        "endpoint": "ssl -h 192.0.2.1 -p 14064",
        "listening": False,
    }
    assert found["registry"]["port"] == 14061


def test_endpoints_that_cannot_be(omero, installation):
    omero("config_load", {"omero.ports.prefix": 9})
    with pytest.raises(CommandExecutionError, match=rf"{installation.omerodir}: omero.ports.registry: a port"):
        omero("endpoints")


def test_certificates(omero, installation):
    folder = installation.omerodir / "tls"
    folder.mkdir()
    command = "req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.pem -days 30"
    words = ["-subj", "/O=OMERO.server/CN=omero.example.org", "-addext", "subjectAltName=DNS:omero.example.org"]
    subprocess.run(["openssl", *command.split(), *words], cwd=folder, check=True, capture_output=True)
    assert omero("certificates") == {}
    names = {"DefaultDir": str(folder), "CertFile": "server.pem", "KeyFile": "server.key", "CAs": "none.pem"}
    omero("config_load", {f"omero.glacier2.IceSSL.{key}": value for key, value in names.items()})
    found = omero("certificates")
    own_one = found[f"{folder}/server.pem"]
    told = subprocess.run(
        ["openssl", "x509", "-in", "server.pem", "-noout", "-fingerprint", "-sha256"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert own_one["sha256"] == told.split("=")[1].strip().replace(":", "").lower()
    assert (own_one["names"], own_one["key"]) == (["omero.example.org"], True)
    assert own_one["days_left"] in (29, 30)
    assert "expected" in found[f"{folder}/none.pem"]["error"]
    (folder / "server.key").write_text("no key")
    assert omero("certificates")[f"{folder}/server.pem"]["key"] is False


def test_logs_are_without_secrets(omero, installation):
    omero("config_set", "omero.db.pass", secret="secrets:odd")
    folder = installation.omerodir / "var/log"
    folder.mkdir(parents=True)
    lines = [f"line {n}" for n in range(500)]
    (folder / "Blitz-0.log").write_text("\n".join([*lines, 'it\'s $HOME "q" \\ é is the password']) + "\n")
    assert omero("logs")["Blitz-0.log"]["bytes"] > 500
    assert omero("logs", "Blitz-0.log", lines=2) == ["line 499", "******** is the password"]
    for name in ("../../etc/passwd", "/etc/passwd", "none"):
        with pytest.raises(CommandExecutionError, match="one of Blitz-0.log was expected"):
            omero("logs", name)


def test_diagnostics_of_a_server_that_is_down(omero, installation, upgrades):
    data = installation.omerodir / "data"
    data.mkdir()
    (installation.omerodir / "var").mkdir()
    own(installation, data, installation.omerodir / "var")
    omero("config_load", {"omero.data.dir": str(data), "omero.upgrades.url": upgrades.url})
    found = omero("diagnostics")
    assert found["versions"]["OMERO.server"].endswith("STANDIN")
    assert found["commands"]["python"]["version"].count(".") == 2
    assert found["folders"]["data"] == {"path": str(data), "exists": True, "writable": True}
    assert found["environment"]["OMERODIR"] == str(installation.omerodir)
    assert found["environment"]["ICE_HOME"] is None
    assert found["components"] == {}


def test_checkupgrade(omero, upgrades):
    omero("config_load", {"omero.upgrades.url": upgrades.url})
    assert omero("checkupgrade") == {"newer": False}
    assert "version=" in upgrades.asked[0]
    upgrades.answer = b"Please upgrade to 9.9.9: see the site"
    assert omero("checkupgrade") == {"newer": True, "said": "Please upgrade to 9.9.9: see the site"}


def test_checkupgrade_of_a_list_that_is_not_there(omero):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    omero("config_load", {"omero.upgrades.url": f"http://127.0.0.1:{port}/"})
    with pytest.raises(CommandExecutionError, match="^The list of releases could not be asked"):
        omero("checkupgrade")
