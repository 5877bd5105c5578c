"""The Salt master of the local cloud: its configuration folder and its process."""

import hashlib

from testbed import lan, processes
from testbed.console import Problem, run, say
from testbed.paths import CHECKOUT, GATEWAY, INSIDE, RUN, STATE

CODE = ("_clouds", "_modules", "_pillar", "_runners", "_utils")

# only where this master keeps its things; all else is the repository's etc/master.d
LOCAL = f"""\
# written by `make up`: what differs on the local cloud
root_dir: {INSIDE}/.local/root
interface: {GATEWAY}
worker_threads: 4
"""


def configure():
    """Lay /etc/salt of the namespace out as an installation has it: links into the repository, and one local file."""
    salt = STATE / "salt"
    for folder in ("master.d", "cloud.providers.d", "cloud.profiles.d", "cloud.conf.d"):
        (salt / folder).mkdir(parents=True, exist_ok=True)
    (salt / "master").write_text("# see master.d\n")
    (salt / "cloud").write_text("# see cloud.*.d\n")
    links = {f"master.d/{p.name}": f"etc/master.d/{p.name}" for p in (CHECKOUT / "etc/master.d").glob("*.conf")}
    links |= {
        f"cloud.conf.d/{p.name}": f"etc/cloud.conf.d/{p.name}" for p in (CHECKOUT / "etc/cloud.conf.d").glob("*.conf")
    }
    links["cloud.providers.d/local.conf"] = "cloud.providers.d/local.conf"
    # not those of machines that are there already: Salt Cloud would ask all minions for them each time
    links["cloud.profiles.d/idr-roles.conf"] = "cloud.profiles.d/idr-roles.conf"
    links["cloud.profiles.d/idr-base.conf"] = "testbed/cloud.profiles.d/idr-base.conf"
    for old in salt.glob("*.d/*.conf"):
        if old.is_symlink() and f"{old.parent.name}/{old.name}" not in links:
            old.unlink()
    for name, target in links.items():
        link = salt / name
        if not link.is_symlink():
            link.symlink_to(INSIDE / target)
    (salt / "master.d/zz-local.conf").write_text(LOCAL)


def start():
    """Start the master, anew if its configuration or code has changed, and wait, up to 60 s, until it answers."""
    stamp, wanted = RUN / "master.configuration", _digest()
    if processes.pid_of("master") and stamp.exists() and stamp.read_text() == wanted:
        return
    processes.stop("master", within=30)
    say("starting the Salt master")
    processes.start("master", lan.enter(["salt-master", "--log-level=warning"]), within=60, ready=_answers)
    stamp.write_text(wanted)


def _digest():
    files = sorted((STATE / "salt/master.d").glob("*.conf"))
    texts = [(CHECKOUT / "etc/master.d" / p.name if p.is_symlink() else p).read_bytes() for p in files]
    # What a process of the master has imported it keeps.
    texts += [path.read_bytes() for kind in CODE for path in sorted((CHECKOUT / kind).glob("*.py"))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def _answers():
    return not run(lan.enter(["salt-run", "--out=quiet", "manage.allowed"]), check=False, timeout=60).returncode


def call_any(*command, timeout=300):
    """Run one of Salt's commands inside and return its output, whatever its exit code."""
    return _run(command, timeout).stdout


def _run(command, timeout):
    return lan.inside(command, timeout=timeout, check=False, merge=False, log=STATE / "log/salt.log")


def call(*command, timeout=300):
    """Run one of Salt's commands inside and return its output; Problem with its last lines when it fails."""
    done = _run(command, timeout)
    if done.returncode:
        tail = "\n".join(f"    {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-15:])
        raise Problem(f"`{' '.join(command[:5])}` failed\n{tail}\n  to look closer: bin/local {' '.join(command[:5])}")
    return done.stdout
