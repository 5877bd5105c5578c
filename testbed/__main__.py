"""`make up`, `make down`, `make test`, `make lint` and `bin/local`, in that order of interest."""

import argparse
import os
import subprocess
import sys

from testbed import image, lan, machine, master, packages, site, wheels
from testbed.console import Problem, elapsed, fail, run, say, step
from testbed.paths import CACHE, CHECKOUT, MAP, RUN, STATE


def up():
    """From whatever there is to a working site."""
    machine.check()
    CACHE.mkdir(parents=True, exist_ok=True)
    machine.install_packages()
    lan.make_namespace()
    apt_port = packages.start_apt_cache()
    lan.open_exit(apt_port)
    wheels.make()
    run(["/usr/bin/python3", CHECKOUT / "testbed/standin_release.py", CACHE / "releases"])
    packages.start_file_server()
    wheels.master_environment()
    image.make()
    master.configure()
    master.start()
    site.secrets()
    site.check_pillar()
    with step("making the hosts of the map"):
        hosts = site.make_hosts()
        site.wait_for_minions(hosts)
    lan.open_entrance()
    with step(f"applying the states on {len(hosts)} hosts"):
        changed = site.apply(hosts)
    say(f"{changed} states changed something")
    site.wait_for_page()
    say(f"the site is up after {elapsed()}: {site.PAGE} (and https://127.0.0.1:8443/, with a CA of its own)")
    say("raw OMERO as user public: 127.0.0.1:4064; look inside: bin/local salt '*' test.ping")


def down():
    """Remove all that `up` made, except the cache."""
    if not (STATE.exists() or RUN.exists()):
        return say("nothing to remove")
    with step("removing the local environment"):
        if lan.holder():
            master.call_any("salt-cloud", "-m", MAP, "-d", "-P", "-y")
        lan.tear_down()


def execute(command):
    """Run one command inside, with this terminal."""
    return subprocess.call(lan.enter(command))


def main():
    parser = argparse.ArgumentParser(prog="idr-salt")
    actions = parser.add_subparsers(dest="action", required=True)
    for name in ("up", "down", "lint"):
        actions.add_parser(name)
    actions.add_parser("exec").add_argument("command", nargs=argparse.REMAINDER)
    actions.add_parser("test").add_argument("options", nargs=argparse.REMAINDER)
    chosen = parser.parse_args()
    try:
        if chosen.action == "exec":
            return execute(chosen.command)
        if chosen.action in ("test", "lint"):
            from testbed import tests

            return tests.run(chosen.options) if chosen.action == "test" else tests.lint()
        machine.lock()
        {"up": up, "down": down}[chosen.action]()
        return 0
    except Problem as problem:
        return fail(problem)
    except KeyboardInterrupt:
        return fail("interrupted; running it again goes on from here")


if __name__ == "__main__":
    os.chdir(CHECKOUT)
    sys.exit(main())
