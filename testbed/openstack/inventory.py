"""What a project has that costs money."""


def left(cloud):
    """
    All of it as `{kind: sorted names}` without empty kinds.

    cloud: an openstacksdk connection of the project's user.
    """
    project = {"project_id": cloud.current_project_id}
    found = {
        "servers": [server.name for server in cloud.compute.servers()],
        "volumes": [volume.name for volume in cloud.block_storage.volumes()],
        "snapshots": [snapshot.name for snapshot in cloud.block_storage.snapshots()],
        "floating IPs": [ip.floating_ip_address for ip in cloud.network.ips(**project)],
        "ports": [port.id for port in cloud.network.ports(**project) if not port.device_owner.startswith("network:")],
    }
    return {kind: sorted(names) for kind, names in found.items() if names}
