"""From the map to the page: make the hosts, apply the states, look at the site."""

import json
import time
import urllib.error
import urllib.request

from testbed import master
from testbed.console import Problem, say
from testbed.paths import ENVIRONMENT, MAP

PAGE = "http://127.0.0.1:8080/"
LOGIN = "omero login -s 127.0.0.1 -p 4064 -u public"


def secrets():
    """Make the environment's secrets on first use."""
    master.call("salt-run", "--out=json", "idr.secrets", ENVIRONMENT)


def check_pillar():
    """Refuse a wrong pillar before anything is made."""
    master.call("salt-run", "--out=json", "idr.check", ENVIRONMENT)


def make_hosts():
    """Run the map: makes the hosts that are missing, starts those that are stopped; returns all names."""
    made = _json(master.call("salt-cloud", "-m", MAP, "-P", "-y", "--out=json", timeout=600))
    # salt-cloud ends with exit code 0 when a host could not be made
    errors = [f"{name}: {node['Error']}" for name, node in sorted(made.items()) if "Error" in (node or ())]
    if errors:
        raise Problem(f"{MAP}: not all hosts could be made\n  " + "\n  ".join(errors))
    found = _json(master.call("salt-cloud", "-m", MAP, "-Q", "--out=json"))
    hosts = {
        name: node
        for drivers in found.values()
        for nodes in drivers.values()
        for name, node in nodes.items()
        if name.startswith(f"{ENVIRONMENT}-")
    }
    stopped = sorted(
        name for name, node in hosts.items() if str(node.get("state", "")).lower() not in ("running", "active")
    )
    if stopped:
        say(f"starting {', '.join(stopped)}")
        master.call("salt-cloud", "-a", "start", "-y", *stopped)
    return sorted(hosts)


def wait_for_minions(hosts, within=180):
    """Wait until all `hosts` answer and the mine knows them; Problem that names who does not within `within` s."""
    deadline = time.monotonic() + within
    silent, unknown = hosts, hosts
    while time.monotonic() < deadline:
        up = _json(master.call("salt-run", "--out=json", "manage.up", "tgt=" + ",".join(hosts), "tgt_type=list"))
        silent = sorted(set(hosts) - set(up))
        if not silent:
            answer = master.call("salt", hosts[0], "mine.get", f"{ENVIRONMENT}-*", "address", "--out=json", "--static")
            unknown = sorted(set(hosts) - set(_json(answer).get(hosts[0], ())))
            if not unknown:
                return
            master.call("salt", "-L", ",".join(unknown), "mine.update", "--out=json", "--static")
        time.sleep(1)
    raise Problem(f"no answer within {within} s from {', '.join(silent or unknown)}")


def apply(hosts, timeout=900):
    """`salt '*' state.apply`; returns the number of changed states, Problem that lists what failed on the `hosts`."""
    output = master.call_any(
        "salt",
        ENVIRONMENT + "-*",
        "state.apply",
        # a read-only server may be joining
        "queue=True",
        "--out=json",
        "--static",
        "-t",
        str(timeout),
        timeout=timeout + 60,
    )
    answers = _json(output)
    changed, failed = 0, [f"{host}: no answer" for host in hosts if host not in answers]
    for host, states in sorted(answers.items()):
        if not isinstance(states, dict):
            failed.append(f"{host}: {states}")
            continue
        for state in states.values():
            changed += bool(state["changes"])
            if state["result"] is False and "requisite failed" not in str(state["comment"]):
                failed.append(
                    f"{host}: {state.get('__id__')} ({state.get('__sls__')}): {str(state['comment']).strip()[:400]}"
                )
    if failed:
        raise Problem("salt '*' state.apply failed\n  " + "\n  ".join(failed[:12]))
    return changed


def wait_for_page(within=120):
    """Wait until the site shows OMERO.web's page without a login; Problem with what came instead."""
    deadline = time.monotonic() + within
    seen = "nothing"
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(PAGE, timeout=30) as answer:
                body = answer.read().decode(errors="replace")
                if "openmicroscopy" in body:
                    return
                seen = f"another page ({len(body)} characters, {answer.geturl()})"
        except (urllib.error.URLError, OSError) as error:
            seen = str(error)
        time.sleep(1)
    raise Problem(f"{PAGE} does not show the site within {within} s; last seen: {seen}")


def _json(text):
    """The JSON object in a command's output, where a log line may come before or after it."""
    start = min((i for i in (text.find("{"), text.find("[")) if i >= 0), default=-1)
    if start < 0:
        return {}
    value, _ = json.JSONDecoder().raw_decode(text[start:])
    return value
