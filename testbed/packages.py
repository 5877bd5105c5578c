"""The package cache that the hosts use, since they have no route out: Debian packages, wheels and releases."""

import random
import re
import shutil
import socket
import sys

from testbed import lan, mirrors, processes
from testbed.console import Problem, run
from testbed.paths import CACHE, CACHE_INSIDE, FILES_PORT, GATEWAY, INSIDE, RUN, STATE


def os_release():
    """Fields of /etc/os-release as a dictionary."""
    with open("/etc/os-release") as lines:
        pairs = (line.strip().partition("=") for line in lines if "=" in line)
        return {key: value.strip('"') for key, _, value in pairs}


def machine_archives():
    """The Debian archives of this machine; Problem when it has none."""
    codename = os_release().get("VERSION_CODENAME", "")
    found = mirrors.archives("/etc/apt", codename)
    if not mirrors.main_archive(found, codename):
        raise Problem(f"/etc/apt names no http(s) source with the suite `{codename}` and the component `main`")
    return found


def apt_proxy():
    """The http proxy that this machine's apt is configured with, or an empty string."""
    answer = run(["apt-config", "shell", "proxy", "Acquire::http::Proxy"]).stdout
    return answer.partition("'")[2].rpartition("'")[0].removeprefix("DIRECT")


def free_port():
    """A TCP port of 127.0.0.1 that nothing listens on now, below 32768: apt-cacher-ng takes no higher one."""
    for port in random.sample(range(20000, 32768), 50):
        if not answers(port):
            return port
    raise Problem("no free TCP port on 127.0.0.1 between 20000 and 32767 for the package cache")


def answers(port):
    """Whether something listens on `port` of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start_apt_cache():
    """Run apt-cacher-ng on a free port of 127.0.0.1; it fetches as this machine's apt would."""
    folder = RUN / "apt"
    if not processes.pid_of("apt-cache"):
        # its relay leads to the port of the one that is gone
        processes.stop("relay-apt-out")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(
            "/etc/apt-cacher-ng", folder / "conf", symlinks=False, ignore=shutil.ignore_patterns("backends_*", "zz*")
        )
        for name in ("debs", "log"):
            (CACHE / "apt" / name).mkdir(parents=True, exist_ok=True)
        proxy = apt_proxy()
        (folder / "conf/acng.conf").write_text(
            f"CacheDir: {CACHE}/apt/debs\nLogDir: {CACHE}/apt/log\nSocketPath: {folder}/admin\n"
            f"BindAddress: 127.0.0.1\nPort: {free_port()}\nForeGround: 1\nExThreshold: 30\nNetworkTimeout: 60\n"
            + (f"Proxy: {proxy}\n" if proxy else "")
            + mirrors.remaps(machine_archives())
        )
    port = int(re.search(r"^Port: (\d+)", (folder / "conf/acng.conf").read_text(), re.M)[1])
    processes.start("apt-cache", ["/usr/sbin/apt-cacher-ng", "-c", folder / "conf"], ready=lambda: answers(port))
    return port


def start_file_server():
    """Serve wheels and releases to the hosts on the gateway's address."""
    files = STATE / "files"
    for name in ("wheels", "releases"):
        link = files / name
        if not link.is_symlink():
            link.symlink_to(CACHE_INSIDE / name)
    command = [
        sys.executable,
        "-m",
        "http.server",
        "--bind",
        GATEWAY,
        "--directory",
        INSIDE / ".local/files",
        FILES_PORT,
    ]
    address = ["curl", "-sfo", "/dev/null", "-m", "2", f"http://{GATEWAY}:{FILES_PORT}/"]
    processes.start(
        "files",
        [str(a) for a in lan.enter(map(str, command))],
        ready=lambda: not run(lan.enter(address), check=False).returncode,
    )
