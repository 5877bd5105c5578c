"""
Volumes that maps or profiles want larger than the cloud has them.
"""

import cloud_volumes

GIB = 1024**3


def plan(wanted, known):
    """
    What has to be extended.

    :param wanted: ``{host: {volume: {"size": GB, "file": path}}}``
    :param known: answer of the driver's ``list_volumes``
    :returns: ``{volume's name in the cloud: {"host", "volume", "from": GB, "to": GB}}``, sorted; volumes that the cloud
        does not have, as of a host that is not made yet, are not in it
    :raises ValueError: one is to be smaller, or belongs to another host; a line for each, with file, host and volume
    """
    found, wrong = {}, []
    for host, volumes in sorted(wanted.items()):
        for volume, one in sorted(volumes.items()):
            name = cloud_volumes.cloud_name(host, volume)
            if name not in known:
                continue
            where = f"{one['file']}: {host}: volume {volume}"
            has, owner = known[name]["size"], known[name].get("attached_to")
            if owner not in (None, host):
                wrong.append(f"{where}: expected in the cloud at {host}, found at {owner}")
            elif one["size"] < has:
                wrong.append(f"{where}: expected size {has} (GB) or more, found {one['size']}: a volume never shrinks")
            elif one["size"] > has:
                found[name] = {"host": host, "volume": volume, "from": has, "to": one["size"]}
    if wrong:
        raise ValueError("; ".join(wrong))
    return found


def mounted(pillars, hosts):
    """
    File systems of volumes, by host.

    :param pillars: ``{host: compiled pillar}``
    :param hosts: those that count
    :returns: ``{host: {volume: path}}``
    """
    return {
        host: {name: one["path"] for name, one in sorted((pillars[host].get("volumes") or {}).items())}
        for host in hosts
        if pillars[host].get("volumes")
    }
