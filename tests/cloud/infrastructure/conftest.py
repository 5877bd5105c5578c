"""The control plane's `plane` with a project for the tests of infrastructure."""

import pytest
import tenant as tenants

from testbed.openstack import seed


@pytest.fixture(scope="session")
def project(plane, checkout, tmp_path_factory):
    """A project; openstacksdk finds its clouds.yaml."""
    folder = tmp_path_factory.mktemp("infrastructure")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OS_CLIENT_CONFIG_FILE", str(folder / "clouds.yaml"))
        made = tenants.Tenant(plane, folder, checkout)
        yield made
        made.close()


@pytest.fixture
def tenant(project):
    """The project, empty before and after."""
    assert project.remains() == []
    yield project
    project.clean()


@pytest.fixture
def outside(tenant):
    """Name of the network outside."""
    return tenant.call(lambda: next(tenant.cloud.network.networks(is_router_external=True)).name)


@pytest.fixture
def faulty(tenant, proxy):
    """The proxy without faults, by which the entry of clouds.yaml of this name leads."""
    proxy.clear()
    tenant.add_entry("faulty", region_name=seed.FAULTY)
    yield proxy
    proxy.clear()
