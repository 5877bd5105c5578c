#!/usr/bin/env python3
"""
What the OpenStack driver takes for a whole map, against its slowest host alone and against openstacksdk in a loop.

Usage: make test PYTEST_ARGS=--version, once, for the tools; then, as root, with the Python of that environment:
benchmarks/openstack.py [--boot SECONDS] [--json]

Makes idr-prod.map (8 servers, 4 volumes) on the control plane of the tests. It has no hardware, so that a proxy holds
each request for a server as long as a small one takes to boot (0: not at all; then it is the services' own work that
is measured, on one machine). What counts are ratios. The servers are without SSH: what the driver does, not the hosts.
"""

import argparse
import collections
import contextlib
import json
import pathlib
import sys
import tempfile
import time

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
# instead of this folder, where this file would be taken for the package openstack
sys.path[:1] = [str(CHECKOUT), str(CHECKOUT / "_utils")]

import yaml  # noqa: E402

from testbed.openstack import faults, plane, seed, site  # noqa: E402

MAP, ENVIRONMENT = "idr-prod.map", "idr-prod"
# with a volume; and with a volume and a floating IP, which takes longest
ALONE = ("idr-prod-database", "idr-prod-proxy")
MANY = 34


@contextlib.contextmanager
def timed(times, name):
    """Note in `times` how many seconds the block takes."""
    begun = time.monotonic()
    yield
    times[name] = round(time.monotonic() - begun, 1)


def hosts():
    """`{host: its profile with what its map says}` of the map."""
    profiles = yaml.safe_load((CHECKOUT / "cloud.profiles.d/idr-roles.conf").read_text())
    base = yaml.safe_load((CHECKOUT / "cloud.profiles.d/idr-base.conf").read_text())["idr-base"]
    entries = yaml.safe_load((CHECKOUT / MAP).read_text())
    found = {}
    for profile, each in entries.items():
        for entry in each:
            ((name, more),) = entry.items()
            found[name] = base | profiles[profile] | more
    return found


def by_the_sdk(cloud, wanted):
    """Make hosts one after the other, as who knows openstacksdk would, with its own waiting."""
    for name, host in wanted.items():
        volumes = [
            cloud.create_volume(volume["size"], name=f"{name}-{volume['name']}", wait=True)
            for volume in host.get("volumes", ())
        ]
        server = cloud.create_server(
            name,
            image=host["image"],
            flavor=host["size"],
            network=ENVIRONMENT,
            key_name=ENVIRONMENT,
            security_groups=[f"{ENVIRONMENT}-{name.removeprefix('idr-prod-').rstrip('-1234')}"],
            auto_ip=bool(host.get("floating_ip")),
            wait=True,
        )
        for volume in volumes:
            cloud.attach_volume(server, volume, wait=True)


def alone(made, folder, name):
    """Make one host of the map, by a map of its own."""
    entries = yaml.safe_load((CHECKOUT / MAP).read_text())
    (profile,) = [key for key, each in entries.items() if any(name in entry for entry in each)]
    entry = next(entry for entry in entries[profile] if name in entry)
    path = folder / "one.map"
    path.write_text(yaml.safe_dump({profile: [entry]}))
    made.ask("-m", path, "-P")


def of_the_map(made, folder, times):
    """Seconds for the slowest host alone, for the map, for a complete map again, and for openstacksdk."""
    wanted = hosts()
    for name in ALONE:
        with timed(times, f"alone: {name}"):
            alone(made, folder, name)
        made.clean()
    with timed(times, "map"):
        answer = made.ask("-m", MAP, "-P")
    if failed := [f"{name}: {node['Error']}" for name, node in answer.items() if "Error" in node]:
        raise SystemExit("\n".join(failed))
    with timed(times, "map again"):
        made.ask("-m", MAP, "-P")
    made.clean()
    cloud = made.plane.namespace.call(seed.connect, made.login, seed.FAULTY)
    with timed(times, "openstacksdk, one by one"):
        made.plane.namespace.call(by_the_sdk, cloud, wanted, within=900)
    made.clean()


def requests_of_query(made, proxy):
    """How many requests `salt-cloud -Q` sends for MANY servers, by service and what is asked for."""

    def make(cloud):
        image, network = cloud.image.find_image(seed.IMAGE), cloud.network.find_network("idr")
        cloud.compute.create_server(
            name="many", image_id=image.id, flavor_id="1", networks=[{"uuid": network.id}], min_count=MANY
        )
        while [server for server in cloud.compute.servers() if server.status != "ACTIVE"]:
            time.sleep(1)

    made.look(make)
    proxy.clear()
    answer = made.ask("-Q")["embassy"]["openstack"]
    if len(answer) != MANY:
        raise SystemExit(f"expected {MANY} servers, found {len(answer)}")
    seen = collections.Counter(f"{one.service} {one.method} {one.path.partition('?')[0]}" for one in proxy.seen)
    made.clean()
    return dict(seen)


def measure(boot):
    """All of it: `(seconds, requests of -Q)`; `boot` is how many seconds a request for a server is held."""
    times, running, proxy = {}, plane.Plane(), faults.Proxy()
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        stack.callback(running.stop)
        running.start()
        running.namespace.call(proxy.start)
        stack.callback(proxy.stop)
        folder = pathlib.Path(place)
        many = site.Site(running, folder / "many", CHECKOUT, "many", region=seed.FAULTY)
        requests = requests_of_query(many, proxy)
        made = site.Site(running, folder / "prod", CHECKOUT, "prod", region=seed.FAULTY)
        made.as_the_checkout_says(ENVIRONMENT)
        proxy.faults = [faults.Fault("nova", "POST", "/servers$", times=sys.maxsize, delay=boot)]
        of_the_map(made, folder, times)
        return times, requests


def main():
    parser = argparse.ArgumentParser(description="The OpenStack driver in ratios.")
    parser.add_argument("--boot", type=float, default=20, metavar="SECONDS", help="how long a server takes to boot")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    times, requests = measure(chosen.boot)
    slowest = max(seconds for name, seconds in times.items() if name.startswith("alone: "))
    ratios = {
        "map to its slowest host alone (at most 2)": round(times["map"] / slowest, 2),
        "openstacksdk one by one to map (at least 3)": round(times["openstacksdk, one by one"] / times["map"], 2),
        "seconds of a complete map (less than 5)": times["map again"],
    }
    if chosen.json:
        return print(json.dumps({"seconds": times, "ratios": ratios, "requests": requests}, indent=2))
    for table in (times, ratios, requests):
        print("\n".join(f"{name:70} {value:6}" for name, value in table.items()), end="\n\n")


if __name__ == "__main__":
    main()
