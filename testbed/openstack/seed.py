"""What a cloud's operator makes before the first project comes: catalog, flavours, an image, the network outside.

All of these are called by threads inside the control plane's namespace.
"""

import secrets
import tempfile

import openstack

from testbed.openstack.settings import HOST, PORTS, REGION, url

# a second region of the same services, whose addresses are those of a proxy that tests may start there
FAULTY = "Faulty"
FAULTY_OFFSET = 20000
TYPES = {
    "identity": ("keystone", "/v3"),
    "placement": ("placement", ""),
    "image": ("glance", ""),
    "network": ("neutron", ""),
    "compute": ("nova", "/v2.1"),
    "volumev3": ("cinder", "/v3/%(project_id)s"),
    "block-storage": ("cinder", "/v3/%(project_id)s"),
}
# as in the IDR's cloud; name: (MB, processors, GB)
FLAVORS = {
    "m1.tiny": (512, 1, 1),
    "m1.small": (2048, 1, 10),
    "m1.medium": (4096, 2, 20),
    "m1.large": (8192, 4, 40),
    "m1.xlarge": (16384, 8, 80),
}
OUTSIDE = "public"
OUTSIDE_NETWORK = "198.51.100.0/24"
ROLES = ("database", "management", "omeroreadonly", "omeroreadwrite", "proxy")
IMAGE = "debian-12"


def connect(login, region=REGION):
    """A connection of openstacksdk."""
    return openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        region_name=region,
        auth={
            "auth_url": f"{url('keystone')}/v3",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
            **login,
        },
    )


def catalog(connected, password):
    """The services' user, and where each service is: directly, and by the proxy."""
    cloud = connected()
    identity = cloud.identity
    known = {service.type: service for service in identity.services()}
    identity.create_region(id=FAULTY)
    for kind, (name, path) in TYPES.items():
        service = known.get(kind) or identity.create_service(type=kind, name=name)
        for region, offset in ((REGION, 0), (FAULTY, FAULTY_OFFSET)):
            if (region, kind) == (REGION, "identity"):
                continue
            for interface in ("public", "internal", "admin"):
                address = f"http://{HOST}:{PORTS[name] + offset}{path}"
                identity.create_endpoint(service_id=service.id, interface=interface, url=address, region_id=region)
    project = identity.create_project(name="service", domain_id="default")
    user = identity.create_user(name="service", password=password, domain_id="default", default_project_id=project.id)
    roles = {role.name: role for role in identity.roles()}
    roles.setdefault("service", identity.find_role("service") or identity.create_role(name="service"))
    for name in ("admin", "service"):
        identity.assign_project_role_to_user(project, user, roles[name])


def shared(connected):
    """Flavours, volume types, and the network outside."""
    cloud = connected()
    for number, (name, (ram, vcpus, disk)) in enumerate(FLAVORS.items(), 1):
        cloud.create_flavor(name, ram, vcpus, disk, flavorid=str(number))
    cloud.block_storage.create_type(name="file", is_public=True)
    cloud.block_storage.create_type(name="ssd", is_public=True)
    physical = {"network_type": "flat", "physical_network": "outside"}
    network = cloud.create_network(OUTSIDE, external=True, provider=physical)
    cloud.create_subnet(network.id, cidr=OUTSIDE_NETWORK, subnet_name=OUTSIDE, enable_dhcp=False)


def image(connected):
    """An image."""
    cloud = connected()
    with tempfile.NamedTemporaryFile() as disk:
        disk.write(b"stand-in for a disk\n")
        disk.flush()
        cloud.create_image(
            IMAGE, filename=disk.name, disk_format="raw", container_format="bare", visibility="public", wait=True
        )


def tenant(connected, name, quotas=None):
    """
    Make a project with nothing in it and a user; return the user's login.

    quotas: of Nova, such as {"cores": 4}.
    """
    cloud = connected()
    made = cloud.identity.create_project(name=name, domain_id="default")
    password = secrets.token_hex(16)
    user = cloud.identity.create_user(name=name, password=password, domain_id="default", default_project_id=made.id)
    cloud.identity.assign_project_role_to_user(made, user, cloud.identity.find_role("member"))
    if quotas:
        cloud.set_compute_quotas(made.id, **quotas)
    return {"username": name, "password": password, "project_name": name}


def project(connected, name, network="idr", cidr="10.77.0.0/24", quotas=None):
    """
    Make a project with a user, two networks behind a router, and security groups; return the user's login.

    network: name of the first network; the second is `<network>-storage`. quotas: as for `tenant`.
    """
    login = tenant(connected, name, quotas)
    own = connect(login)
    inside = own.create_network(network)
    subnet = own.create_subnet(inside.id, cidr=cidr, subnet_name=network)
    storage = own.create_network(f"{network}-storage")
    own.create_subnet(storage.id, cidr="10.78.0.0/24", subnet_name=f"{network}-storage")
    router = own.create_router(network, ext_gateway_net_id=own.network.find_network(OUTSIDE).id)
    own.add_router_interface(router, subnet_id=subnet.id)
    for group in ("idr-internal", "idr-proxy", "idr-management"):
        own.create_security_group(group, group)
    return login


def surroundings(cloud, environment):
    """What orch.infrastructure makes for an environment, in short; `cloud` is the project's connection."""
    network = cloud.create_network(environment)
    subnet = cloud.create_subnet(network.id, cidr="10.97.1.0/24", subnet_name=environment)
    router = cloud.create_router(environment, ext_gateway_net_id=cloud.network.find_network(OUTSIDE).id)
    cloud.add_router_interface(router, subnet_id=subnet.id)
    for role in ROLES:
        cloud.create_security_group(f"{environment}-{role}", role)
        cloud.compute.create_server_group(name=f"{environment}-{role}", policy="soft-anti-affinity")
    cloud.create_keypair(environment)
