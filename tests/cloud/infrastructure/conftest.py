"""The control plane's `plane` with a project for the tests of infrastructure."""

import faults
import pytest
import tenant as tenants


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
def faulty(tenant):
    """A proxy in front of Neutron, by which an entry of clouds.yaml leads, `.entry`."""
    target = tenant.call(lambda: tenant.cloud.network.get_endpoint())
    made = tenant.call(faults.Proxy, target)
    # states keep their connections
    made.entry = f"faulty-{made.server_port}"
    tenant.add_entry(made.entry, network_endpoint_override=made.address)
    yield made
    made.close()
