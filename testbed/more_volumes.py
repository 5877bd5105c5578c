"""Volumes beside those of the map: for those who want sets of snapshots of more of them."""

import contextlib
import json
import subprocess

from testbed.paths import CHECKOUT, STATE

LABEL, PATH = "idr-more", "/more"
LIMIT = 300


def _run(*command):
    pipes = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    return subprocess.run([CHECKOUT / "bin/local", *command], check=True, timeout=LIMIT, **pipes).stdout


def _on(host, *arguments):
    _run("salt", "--out=json", "-t", str(LIMIT), "-L", host, *arguments)


@contextlib.contextmanager
def _changed(path, change):
    kept = path.read_text()
    path.write_text(change(kept))
    try:
        yield
    finally:
        path.write_text(kept)


@contextlib.contextmanager
def _with_one_more(host):
    name = f"{host}-more"
    _run("salt-cloud", "-f", "create_volume", "local", f"name={name}", "size=1")
    try:
        answer = json.loads(_run("salt-cloud", "--out=json", "-a", "attach_volume", "-y", host, f"name={name}"))
        # a host's grain has the volumes of its profile as they were when it was made
        device = answer["local"]["nspawn"][host]["device"]
        _on(host, "state.single", "volume.formatted", LABEL, f"device={device}", "queue=True")
        _on(host, "state.apply", "volumes", "queue=True")
        yield name
    finally:
        _on(host, "state.single", "mount.unmounted", PATH, f"device=LABEL={LABEL}", "persist=True", "queue=True")
        _run("salt-cloud", "-a", "detach_volume", "-y", host, f"name={name}")
        _run("salt-cloud", "-f", "delete_volume", "local", f"name={name}")


@contextlib.contextmanager
def beside(environment, role, numbers):
    """
    Give hosts of a role a volume of 1 GB more each, in map and pillar as well, mounted at PATH, until the block ends.

    :param numbers: of the hosts
    :returns: yields the volumes' names
    """
    hosts = [f"{environment}-{role}-{number}" for number in numbers]
    pillar = "\n" + json.dumps({"volumes": {"more": {"label": LABEL, "path": PATH}}})[1:-1] + "\n"

    def mapped(text):
        for host in hosts:
            text = text.replace(f"  - {host}\n", f"  - {host}: {{volumes: [{{name: more, size: 1}}]}}\n")
        return text

    with contextlib.ExitStack() as stack:
        stack.enter_context(_changed(CHECKOUT / f"{environment}.map", mapped))
        stack.enter_context(_changed(STATE / f"secrets/{environment}/{role}.sls", lambda text: text + pillar))
        # the hosts' pillar is again without it before the map is
        stack.callback(_on, ",".join(hosts), "saltutil.refresh_pillar", "wait=True")
        yield [stack.enter_context(_with_one_more(host)) for host in hosts]
