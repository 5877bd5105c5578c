"""The running local environment, shared by all tests here: `make up` once, `make down` by the last test."""

import json
import os
import pathlib
import select
import subprocess
import urllib.request
from http.cookiejar import CookieJar

import pytest
import testinfra
from testinfra.backend.local import LocalBackend

from testbed import processes

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


class HostBackend(LocalBackend):
    """testinfra on one host of the local cloud, by its service manager as a faithful shell would have it."""

    NAME = "idr-local"

    def __init__(self, prefix, name):
        super().__init__()
        self.prefix, self.name = prefix, name

    def get_hostname(self):
        return self.name

    def run(self, command, *args, **kwargs):
        return self.run_local(f"{self.prefix} sh -c %s", self.get_command(command, *args))


class Local:
    """The environment as its user has it: `run` is bin/local, `host` testinfra, `get` a visitor's browser."""

    name = "idr-local"
    url = "http://127.0.0.1:8080"

    def __init__(self):
        self._leaders = {}
        self._asked = None

    def make(self, target, timeout=2400):
        return subprocess.run(
            ["make", target], cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout
        )

    def run(self, *command, timeout=600, **options):
        return subprocess.run(
            [CHECKOUT / "bin/local", *command],
            stdin=options.pop("stdin", subprocess.DEVNULL),
            capture_output=True,
            text=True,
            timeout=timeout,
            **options,
        )

    def salt(self, *arguments, timeout=900):
        """Answer of `salt ARGUMENTS` as a dictionary by minion id; states wait for those that are being applied."""
        if "state.apply" in arguments:
            arguments = (*arguments, "queue=True")
        kind, hosts, function, *rest = arguments if arguments[0] == "-L" else ("", *arguments)
        kind = "list" if kind else "glob"
        asked = {"hosts": hosts, "kind": kind, "function": function, "arguments": rest, "within": 300}
        answer = self._ask(json.dumps(asked), timeout)
        assert isinstance(answer, dict), answer
        return answer

    def _ask(self, line, timeout):
        # it ends with the namespace, which some tests take away
        for _ in range(2):
            if not self._asked or self._asked.poll() is not None:
                command = [CHECKOUT / "bin/local", "python3", CHECKOUT / "tests/local/asking.py"]
                pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
                self._asked = subprocess.Popen(command, text=True, bufsize=1, **pipes)
            said = self._exchanged(line, timeout)
            if said:
                return json.loads(said)
        raise AssertionError(f"no answer to {line}")

    def _exchanged(self, line, timeout):
        try:
            self._asked.stdin.write(f"{line}\n")
        except OSError:
            return self._ended()
        if not select.select([self._asked.stdout], [], [], timeout)[0]:
            self._ended()
            raise AssertionError(f"no answer within {timeout} s to {line}")
        return self._asked.stdout.readline() or self._ended()

    def _ended(self):
        self._asked.kill()
        self._asked.wait()
        return ""

    def leader(self, name):
        """The pid of the host's systemd, as `salt-cloud -a show_instance` tells it; asked again once that has ended."""
        known = self._leaders.get(name)
        if not known or not known[1] or processes.start_time(known[0]) != known[1]:
            done = self.run("salt-cloud", "-a", "show_instance", name, "-y", "--out=json")
            pid = json.loads(done.stdout)["local"]["nspawn"][name]["pid"]
            known = self._leaders[name] = (pid, processes.start_time(pid))
        return known[0]

    def prefix(self, leader):
        enter = f"nsenter --target {leader} --mount --uts --ipc --net --pid --cgroup --root --wd"
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return f"{enter} env -i PATH={path} HOME=/root LANG=C.UTF-8"

    def host(self, name):
        """testinfra's host; ask again after a reboot."""
        return testinfra.host.Host(HostBackend(self.prefix(self.leader(name)), name))

    def get(self, path, timeout=60):
        """(status, body, headers, final address) of a page, fetched as a new visitor with cookies."""
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        try:
            with opener.open(self.url + path, timeout=timeout) as answer:
                return answer.status, answer.read(), answer.headers, answer.geturl()
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers, error.geturl()


@pytest.fixture(scope="session")
def local():
    """The environment; the first test that asks for it pays for `make up`."""
    if os.geteuid() != 0:
        pytest.fail("these tests make hosts and need root; run `sudo make test`")
    environment = Local()
    done = environment.make("up")
    assert done.returncode == 0, done.stdout + done.stderr
    environment.up_output = done.stdout
    return environment
