"""Ten read-only servers at once, under the eyes of visitors."""

import time

import pytest
import visiting
from test_read_only_servers import ENVIRONMENT, joins, ports, reloads

HOSTS = [f"{ENVIRONMENT}-omeroreadonly-{number}" for number in range(11, 21)]


@pytest.fixture
def ten(local):
    """They are made at the same time; destroyed at the same time they are out of the proxies with one reconcile."""
    done = local.run("salt-cloud", "-P", "-p", "idr-omeroreadonly", *HOSTS, "-y", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    yield
    assert local.run("salt-cloud", "-d", "-P", "-y", *HOSTS, timeout=600).returncode == 0
    visiting.run(local, "idr.reconcile", ENVIRONMENT)
    assert not set(HOSTS) & set(visiting.servers(local.host(visiting.PROXY), "omeroweb"))


def test_all_serve_with_few_reloads_and_no_visitor_notices(local, request):
    before = reloads(local.host(visiting.PROXY))
    with visiting.reading(local) as visits:
        request.getfixturevalue("ten")
        deadline = time.monotonic() + 3000
        while {joins(local).get(host, {}).get("state") for host in HOSTS} != {"serving"}:
            assert time.monotonic() < deadline, joins(local)
            time.sleep(10)
    assert visits["failed"] == []
    assert int(reloads(local.host(visiting.PROXY))) - int(before) <= 3
    assert ports(local) == [14061, 14062, *range(14071, 14081)]
