"""What the tests of the front end share: its cache on disk, its access log and HAProxy's control socket."""

import contextlib
import hashlib
import json
import re
import secrets
import subprocess
import time

from testbed.paths import CHECKOUT

PROXY = "idr-local-proxy"
# HAProxy's backend that all others follow
CHECKS = "readonly"
LOG = "/var/log/nginx/access.log"
CONTROL = (
    "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect('/run/haproxy/admin.sock');"
    " s.sendall(sys.argv[1].encode() + b'\\n'); print(s.makefile().read())"
)
# where an entry of nginx's cache says until when it is fresh
EXPIRE = "import struct,sys; f=open(sys.argv[1],'r+b'); f.seek(8); f.write(struct.pack('=q', 1))"


def logged(proxy, token):
    """[(status, cache status, zone), ...] of the requests whose address has the token."""
    lines = proxy.run("tail -n 2000 %s", LOG).stdout.splitlines()
    found = []
    for line in lines:
        if token in line:
            fields = line.split()
            found.append((re.search(r'" (\d{3}) ', line)[1], fields[-3], fields[-2]))
    return found


def entry(zone, key):
    """The file in which nginx keeps a page."""
    digest = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    return f"/var/cache/nginx/{zone}/{digest[-1]}/{digest[-3:-1]}/{digest}"


def expire(proxy, zone, key):
    """Put the end of a page's freshness into the past."""
    done = proxy.run("python3 -c %s %s", EXPIRE, entry(zone, key))
    assert done.succeeded, done.stderr


def control(proxy, command):
    done = proxy.run("python3 -c %s %s", CONTROL, command)
    assert done.succeeded, done.stderr
    return done.stdout


def servers(proxy, backend):
    """{server: state} of one of HAProxy's backends."""
    rows = [line.split(",") for line in control(proxy, "show stat").splitlines()]
    return {row[1]: row[17] for row in rows if row[0] == backend and row[1] not in ("FRONTEND", "BACKEND")}


def visits(proxy, backend="omeroweb"):
    """{server: how many requests or connections it got since HAProxy's process began}"""
    rows = [line.split(",") for line in control(proxy, "show stat").splitlines()]
    return {row[1]: int(row[7]) for row in rows if row[0] == backend and row[1] not in ("FRONTEND", "BACKEND")}


@contextlib.contextmanager
def no_back_end(proxy):
    """While no read-only server is in service; their own checks bring them back."""
    names = sorted(servers(proxy, CHECKS))
    assert names
    try:
        for name in names:
            control(proxy, f"set server {CHECKS}/{name} state maint")
        assert all("MAINT" in state for state in servers(proxy, "omeroweb").values())
        yield
    finally:
        for name in names:
            control(proxy, f"set server {CHECKS}/{name} state ready")
        wait(lambda: all(state.startswith("UP") for state in servers(proxy, "omeroweb").values()), 60)


def wait(true, within):
    """Wait until `true()` is; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.5)


def apply(local, pillar=None, sls="proxy"):
    """{state id: its answer} of the proxy's states with another pillar laid over its own."""
    arguments = ["state.apply", sls, *([f"pillar={json.dumps(pillar)}"] if pillar else [])]
    answer = local.salt(PROXY, *arguments)[PROXY]
    assert isinstance(answer, dict), answer
    assert all(state["result"] for state in answer.values()), [s for s in answer.values() if not s["result"]]
    return {state["__id__"]: state for state in answer.values()}


@contextlib.contextmanager
def reading(local, *sources, host=PROXY):
    """Visitors of a host meanwhile, from these addresses; yields a dictionary that has the answers in the end."""
    script = CHECKOUT / "tests/local/reading.py"
    command = [CHECKOUT / "bin/local", "python3", script, host, secrets.token_hex(4), *sources]
    told = {}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "reading\n"
        try:
            yield told
        finally:
            told.update(json.loads(process.communicate(timeout=180)[0]))


def run(local, *arguments):
    """What a runner returns."""
    done = local.run("salt-run", "--out=json", *arguments, timeout=300)
    return json.loads(done.stdout)
