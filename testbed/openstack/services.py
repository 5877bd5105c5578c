"""The processes of the control plane: MariaDB and one for each service."""

import contextlib
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

from testbed.console import Problem
from testbed.openstack import settings

HERE = pathlib.Path(__file__).parent
PYTHON = "/usr/bin/python3"
READY_SECONDS = 120
STOP_SECONDS = 20


def environment(state):
    """Variables of the services; nothing of the caller's Python environment."""
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(state),
        # the plug-ins, and what they share with our own driver of such hosts
        "PYTHONPATH": f"{HERE / 'plugins'}:{HERE.parents[1] / '_utils'}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore",
    }


class Services:
    """Background processes in `namespace`, whose logs, sockets and files are below the folder `state`."""

    def __init__(self, state, namespace):
        self.state, self.namespace = state, namespace
        self.running = {}

    def start(self, name, arguments, **variables):
        """Start `arguments` as the process `name`."""
        with (self.state / f"log/{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.namespace.enter(arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**environment(self.state), **variables},
                cwd=self.state,
                start_new_session=True,
            )

    def stop(self, *names):
        """End all of them, or those of these names, the database last; who does not end in time is killed."""
        chosen = [name for name in reversed(list(self.running)) if not names or name in names]
        for name in chosen:
            if name != "mariadb":
                self.running[name].terminate()
        for name in sorted(chosen, key=lambda name: name == "mariadb"):
            process = self.running.pop(name)
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_SECONDS)

    def wait(self, name, ready):
        """Wait until `ready()` of the process `name`; Problem with its log's end when it ends or takes too long."""
        deadline = time.monotonic() + READY_SECONDS
        while self.running[name].poll() is None and time.monotonic() < deadline:
            if ready():
                return
            time.sleep(0.1)
        log = self.state / f"log/{name}.log"
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        how = "ended" if self.running[name].poll() is not None else f"was not ready within {READY_SECONDS} s"
        raise Problem(f"OpenStack's {name} {how}; {log} ends with:\n{tail}")

    def wait_for_answer(self, name):
        """Wait until the service answers on its port, whatever it says."""
        self.wait(name, lambda: self.namespace.call(_answers, settings.url(name)))

    def start_database(self):
        """Start MariaDB on its folder, which must exist, and wait until it answers on its socket."""
        options = {
            "user": "root",
            "datadir": self.state / "mysql",
            "socket": self.state / "mysql.sock",
            "pid-file": self.state / "mysql.pid",
            "innodb-flush-log-at-trx-commit": 0,
            "innodb-doublewrite": 0,
            "innodb-log-file-size": "32M",
            "innodb-buffer-pool-size": "128M",
            "max-connections": 400,
            "performance-schema": "OFF",
        }
        flags = ["--skip-networking", "--skip-log-bin", "--skip-name-resolve"]
        given = [f"--{key}={value}" for key, value in options.items()]
        self.start("mariadb", ["/usr/sbin/mariadbd", "--no-defaults", *given, *flags])
        ping = ["mariadb-admin", "--no-defaults", "-uroot", f"--socket={self.state}/mysql.sock", "ping"]
        self.wait("mariadb", lambda: not subprocess.run(ping, capture_output=True, check=False).returncode)

    def start_keystone(self):
        """Start Keystone, which all others ask."""
        self._start_wsgi("keystone", "/usr/bin/keystone-wsgi-public", 6, OS_KEYSTONE_CONFIG_FILES="keystone.conf")
        self.wait_for_answer("keystone")

    def start_others(self):
        """Start all but Keystone and wait until they answer."""
        conf = self.state / "conf"
        self._start_wsgi("placement", "/usr/bin/placement-api", 4, OS_PLACEMENT_CONFIG_DIR="")
        # the program itself is in the package that would start it as a service
        self.start("glance", [PYTHON, "-m", "glance.cmd.api", "--config-file", conf / "glance-api.conf"])
        self.start("neutron", [PYTHON, "/usr/bin/neutron-server", "--config-file", conf / "neutron.conf"])
        self.start("cinder", [PYTHON, HERE / "cinder_all.py", "--config-file", conf / "cinder.conf"])
        # nova-compute gives up when Placement does not answer
        self.wait_for_answer("placement")
        self.start("nova", [PYTHON, HERE / "nova_all.py", "--config-file", conf / "nova.conf"])
        for name in ("glance", "neutron", "cinder", "nova"):
            self.wait_for_answer(name)

    def _start_wsgi(self, name, script, threads, **configuration):
        variables = {key: str(self.state / "conf" / file) for key, file in configuration.items()}
        options = {
            "http-socket": f"{settings.HOST}:{settings.PORTS[name]}",
            "wsgi-file": script,
            "threads": threads,
            "buffer-size": 65535,
            "socket-timeout": 30,
            "add-header": "Connection: close",
        }
        given = [f"--{key}={value}" for key, value in options.items()]
        flags = ["--enable-threads", "--die-on-term", "--need-app", "--disable-logging"]
        self.start(name, ["/usr/bin/uwsgi_python311", *given, *flags], **variables)


def _answers(url):
    with contextlib.suppress(OSError):
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  http on loopback
        except urllib.error.HTTPError as answer:
            answer.close()
        return True
    return False


def call(state, *arguments, within=300, text=None, **variables):
    """Run one of the services' own programs, with `text` on its standard input; Problem when it fails.

    Its output goes to a log of its name.
    """
    name = pathlib.Path(arguments[0]).name
    with (state / f"log/{name}.log").open("ab") as log:
        done = subprocess.run(
            list(map(str, arguments)),
            input=(text or "").encode(),
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**environment(state), **variables},
            cwd=state,
            timeout=within,
            check=False,
        )
    if done.returncode:
        raise Problem(f"`{name}` failed with exit code {done.returncode}: see {state}/log/{name}.log")
