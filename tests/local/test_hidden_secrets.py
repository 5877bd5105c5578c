"""No password is where others can read it: logs, journals, caches, temporary files and command lines of all hosts."""

import concurrent.futures
import json
import subprocess

import pytest
import yaml

HOSTS = ("database", "omeroreadwrite", "omeroreadonly-1", "proxy", "management")
READWRITE = "idr-local-omeroreadwrite"
# the files that hold passwords by their purpose are elsewhere: etc/grid, pg_authid, redis
PLACES = "/var/log /var/cache/salt /tmp /var/tmp /etc/systemd /etc/salt/minion.d /data/logs /data/backups/*.json"
LOOK = f"""
import subprocess, sys
words = [word for word in sys.stdin.read().split() if word]
patterns = "\\n".join(words)
told = {{"text": True, "capture_output": True, "errors": "replace"}}
found = subprocess.run("grep -rlaF -f - {PLACES} 2>/dev/null", shell=True, input=patterns, **told)
print(found.stdout, end="")
journal = subprocess.run(["journalctl", "--no-pager", "-q", "-o", "verbose"], **told)
print("journal" if any(word in journal.stdout for word in words) else "", end="")
"""
# looks some hundred times a second at all command lines, for so many seconds
WATCH = """
import glob, sys, time
words = [word.encode() for word in sys.stdin.read().split() if word]
end, looks, seen = time.monotonic() + float(sys.argv[1]), 0, set()
while time.monotonic() < end:
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            line = open(path, "rb").read()
        except OSError:
            continue
        looks += 1
        seen |= {line.split(b"\\0")[0].decode() for word in words if word in line}
    time.sleep(0.002)
print(looks, sorted(seen))
"""


@pytest.fixture(scope="module")
def words(checkout):
    """Every secret of the environment, one a line."""
    found = set()
    for path in (checkout / ".local/secrets/idr-local").glob("*.sls"):
        for group in yaml.safe_load(path.read_text())["secrets"].values():
            found |= {value for value in group.values() if isinstance(value, str) and len(value) >= 12}
    assert len(found) >= 5
    return "\n".join(sorted(found))


def _inside(local, name, program, words, *arguments, timeout=300):
    prefix = local.prefix(local.leader(name)).split()
    return subprocess.run(
        [*prefix, "python3", "-c", program, *arguments], input=words, capture_output=True, text=True, timeout=timeout
    )


@pytest.mark.parametrize("role", HOSTS)
def test_no_host_keeps_one_where_it_must_not(local, words, role):
    done = _inside(local, f"idr-local-{role}", LOOK, words)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_none_is_on_a_command_line_while_they_are_used(local, words):
    """The functions that use passwords run while all command lines of their host are watched."""
    groups = {"public": {"type": "read-only"}}
    users = {"watched": {"groups": ["public"], "password": "secrets:omero:public"}}
    calls = (
        ["omero.look", "login=root"],
        ["omero.accounts", json.dumps(groups), json.dumps(users)],
        ["omero.sessions"],
        ["omero.db_version"],
        ["omero.db_dump"],
        ["state.apply", "omero.readwrite"],
    )
    with concurrent.futures.ThreadPoolExecutor() as pool:
        watching = pool.submit(_inside, local, READWRITE, WATCH, words, "25")
        for call in calls:
            answer = local.salt(READWRITE, *call)[READWRITE]
            assert not isinstance(answer, str), answer
        done = watching.result()
    looks, seen = done.stdout.split(" ", 1)
    assert done.returncode == 0, done.stderr
    assert int(looks) > 1000
    assert seen.strip() == "[]"
