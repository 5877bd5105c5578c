"""
How ``salt-ssh`` reaches the hosts of the maps.
"""

import idr_maps

# From an option of Salt Cloud's SSH to the roster's.
_OPTIONS = {"ssh_host": "host", "ssh_port": "port", "ssh_username": "user", "key_filename": "priv"}


def hosts(root, config=None):
    """
    Hosts whose map or profile says where they are.

    :param root: folder of the ``*.map`` files and of ``cloud.profiles.d``
    :param config: the master's folder of configuration, whose profiles count as well
    :returns: ``{minion id: {"host": str, "user": str, "port": int, "priv": path, "sudo": bool,
        "ssh_options": [str, ...]}}``, without what nothing says
    :raises ValueError: a map or a profile is not readable
    """
    found = {}
    for host in idr_maps.hosts(root):
        settings = idr_maps.settings(root, host, config)
        if settings.get("ssh_host"):
            found[host] = _target(settings)
    return found


def _target(settings):
    target = {new: settings[old] for old, new in _OPTIONS.items() if settings.get(old)}
    target["sudo"] = settings.get("sudo", target.get("user", "root") != "root")
    if settings.get("known_hosts_file"):
        target["ssh_options"] = ["StrictHostKeyChecking=yes", f"UserKnownHostsFile={settings['known_hosts_file']}"]
    return target
