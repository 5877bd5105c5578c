"""A real OpenStack control plane, and Salt Cloud with the checkout's driver in front of it."""

import logging

import pytest

from testbed.openstack import faults as proxies
from testbed.openstack import plane as planes
from testbed.openstack import seed
from testbed.openstack.site import Site

# what the tests' own looks say is thousands of lines
for noisy in ("keystoneauth", "urllib3", "openstack", "stevedore"):
    logging.getLogger(noisy).setLevel(logging.WARNING)


@pytest.fixture(scope="session")
def plane(as_root):
    """The running control plane; ``plane.namespace.call(function)`` calls something that can reach it."""
    made = planes.Plane()
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def make_site(plane, tmp_path_factory, checkout):
    """Function ``(name, **project)`` that makes a project with a configuration of its own."""
    return lambda name, **project: Site(plane, tmp_path_factory.mktemp(name), checkout, name, **project)


@pytest.fixture(scope="session")
def site(make_site):
    """The project that most tests work in; each leaves nothing there."""
    return make_site("idr")


@pytest.fixture
def clean(site):
    """For tests that need the project empty: it is before, and is made so afterwards."""
    assert site.left() == {}
    yield site
    site.clean()


@pytest.fixture(scope="session")
def proxy(plane):
    """The running proxy that makes faults."""
    made = proxies.Proxy()
    plane.namespace.call(made.start)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def faulty_site(proxy, make_site):
    """A project whose services are behind the proxy."""
    return make_site("faulty", region=seed.FAULTY)


@pytest.fixture
def faulty(faulty_site, proxy):
    """The project behind the proxy, empty before and after, and ``faulty.proxy`` without faults."""
    assert faulty_site.left() == {}
    proxy.clear()
    faulty_site.proxy = proxy
    yield faulty_site
    proxy.clear()
    faulty_site.clean()
