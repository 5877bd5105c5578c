"""
A host that applies the states of the checkout by itself: ``bin/masterless``.

It has the same tree, pillar, checks and secrets as with a master; only where they come from differs.
"""

import argparse
import ipaddress
import os
import pathlib
import shutil
import socket
import subprocess
import sys

import idr_firewall
import idr_ids
import idr_maps
import idr_pillar
import salt.config
import salt.loader
import salt.utils.network
import yaml

# In the checkout, git-ignored: what belongs to this machine alone.
FOLDER = ".masterless"
STATE = "/var/lib/idr-salt"


def configuration(root, minion_id):
    """
    Options of a minion without a master.

    :param root: folder of the checkout
    :param minion_id: the host's id
    :returns: dict for a minion's configuration file
    """
    root = pathlib.Path(root)
    return {
        "id": minion_id,
        "file_client": "local",
        "file_roots": {"base": [str(root / "salt")]},
        "file_ignore_glob": ["*.pyc"],
        # what is known of this machine alone stands before the files of the same names
        "pillar_roots": {"base": [str(root / FOLDER / "pillar"), str(root / "pillar")]},
        "module_dirs": [str(root)],
        "pillar_dirs": [str(root / "_pillar")],
        "ext_pillar": [{"idr_release": {}}, {"idr_schema": {}}],
        "idr_state_dir": STATE,
        "cachedir": "/var/cache/salt/masterless",
        "pki_dir": str(root / FOLDER / "pki"),
        "sock_dir": "/run/salt/masterless",
        "log_file": "/var/log/salt/masterless",
        "log_level": "warning",
        "log_level_logfile": "warning",
        "autoload_dynamic_modules": False,
        "lazy_loader_strict_matching": True,
    }


def network(declared, addresses, outward):
    """
    The network by which the host knows itself.

    :param declared: the environment's network in pillar (CIDR)
    :param addresses: the host's addresses, without those of the loopback interface
    :param outward: the one by which it goes out, or None
    :returns: ``declared`` where the host has an address in it, or the network of one of its addresses alone
    :raises ValueError: it has no address
    """
    if any(ipaddress.ip_address(one) in ipaddress.ip_network(declared) for one in addresses):
        return declared
    if not (outward or addresses):
        raise ValueError("this host has no address but that of the loopback interface: expected one")
    return f"{outward or sorted(addresses)[0]}/32"


def closed(pillar):
    """
    Why nobody could log in by SSH once the states are applied.

    :param pillar: the compiled pillar
    :returns: a line for each reason; none where somebody can
    """
    found = []
    if not any(account.get("keys") and not account.get("absent") for account in pillar["accounts"].values()):
        found.append("accounts: expected somebody with keys, found nobody")
    ssh = pillar["firewall"]["services"].get("ssh", {}).get("from", [])
    if idr_firewall.PUBLIC not in ssh and not ("operators" in ssh and pillar["firewall"]["operators"]):
        found.append("firewall:operators: expected the networks from which operators come, found none")
    return found


def _outward():
    """The address by which the default route leads out; connecting a datagram socket sends nothing."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
    except OSError:
        return None


def prepare(root, minion_id):
    """
    Write the configuration, and the host's own network where the environment's is another one.

    :returns: folder of the configuration
    :raises ValueError: no map has the host, or it has no address
    """
    root = pathlib.Path(root)
    environment = idr_ids.parse(minion_id)["environment"]
    if minion_id not in idr_maps.hosts(root, environment):
        raise ValueError(f"{minion_id}: expected a host of one of the maps in {root}")
    folder = root / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "minion").write_text(yaml.safe_dump(configuration(root, minion_id)), encoding="utf-8")
    described = yaml.safe_load((root / f"pillar/env/{environment}/environment.yaml").read_text(encoding="utf-8"))
    wanted = network(described["network"], salt.utils.network.ip_addrs(), _outward())
    own = folder / "pillar"
    shutil.rmtree(own, ignore_errors=True)
    (own / f"env/{environment}").mkdir(parents=True)
    if wanted != described["network"]:
        text = yaml.safe_dump({**described, "network": wanted})
        (own / f"env/{environment}/environment.yaml").write_text(text, encoding="utf-8")
    return folder


def _check(opts, minion_id, may_close):
    pillar = idr_pillar.compiler(opts, minion_id).compile_pillar()
    wrong = pillar.get("_errors") or idr_pillar.wrong(opts, minion_id, pillar)
    if wrong:
        raise ValueError("the pillar is wrong, nothing was changed\n  " + "\n  ".join(map(str, wrong)))
    reasons = closed(pillar)
    if reasons and not may_close:
        raise ValueError(
            "afterwards nobody could log in by SSH, nothing was changed (--closed goes on all the same)\n  "
            + "\n  ".join(reasons)
        )


def main(arguments=None):
    """
    Secrets, checks, then the states. See docs/masterless.md.

    :returns: exit code: 0 when all states are as declared, 1 for what was refused, 2 when a state failed
    """
    parser = argparse.ArgumentParser(prog="bin/masterless")
    parser.add_argument("root")
    parser.add_argument("--closed", action="store_true", help="also when nobody can log in by SSH afterwards")
    parser.add_argument("id", help="minion id, such as omero-demo-allinone")
    parser.add_argument("more", nargs="*", help="arguments of state.apply, such as test=True")
    given = parser.parse_args(arguments)
    os.umask(0o022)
    try:
        folder = prepare(given.root, given.id)
        opts = salt.config.minion_config(str(folder / "minion"), minion_id=given.id)
        opts["grains"] = salt.loader.grains(opts)
        made = idr_pillar.secrets(opts, idr_ids.parse(given.id)["environment"])["made"]
        if made:
            print(f"secrets made in pillar/secrets: {', '.join(made)}")
        _check(opts, given.id, given.closed)
    except (OSError, ValueError) as error:
        print(f"bin/masterless: {error}", file=sys.stderr)
        return 1
    program = str(pathlib.Path(sys.executable).parent / "salt-call")
    command = [program, f"--config-dir={folder}", "--local", "--retcode-passthrough", "--state-output=changes"]
    return subprocess.call([*command, "state.apply", *given.more])


if __name__ == "__main__":
    sys.exit(main())
