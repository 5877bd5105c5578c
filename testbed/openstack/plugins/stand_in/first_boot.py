"""What an image of a cloud does when it first boots, which cloud-init does in a real one. No side effects here."""

from nspawn_config import LOCALHOST
from nspawn_files import File

# the user that Debian's image has for whoever holds the key
USER = "debian"
KEYS = "etc/stand-in/authorized_keys"
UNIT = "etc/systemd/system/stand-in-first-boot.service"
FIRST_BOOT = f"""\
# A stand-in for cloud-init: the user of the image and the keys that may log in as it.
[Unit]
Description=First boot of a stand-in for an OpenStack server
ConditionPathExists=!/home/{USER}
Before=ssh.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/useradd --create-home --shell /bin/bash {USER}
ExecStart=/usr/bin/install -d -o {USER} -g {USER} -m 700 /home/{USER}/.ssh
ExecStart=/usr/bin/install -o {USER} -g {USER} -m 600 /{KEYS} /home/{USER}/.ssh/authorized_keys

[Install]
WantedBy=multi-user.target
"""
# The image has Salt already; who deploys brings its configuration and starts it.
MINION = "[Unit]\nConditionPathExists=/etc/salt/minion\n"


def hosts(name, address, names):
    """Text of /etc/hosts of the server `name`; `names` are those that a site's DNS would know, with their addresses."""
    known = {name: address, **names}
    return LOCALHOST + "".join(f"{where} {who}\n" for who, where in sorted(known.items()))


def files(server, names):
    """
    The files that are in a server's root before it boots for the first time, as a list of `nspawn_files.File`.

    server: `{"name", "address", "public_key", "ram" (MB), ...}`. names: as for `hosts`.
    """
    return [
        File("etc/hosts", hosts(server["name"], server["address"], names)),
        File(KEYS, f"{server['public_key'] or ''}\n"),
        File(f"etc/sudoers.d/{USER}", f"{USER} ALL=(ALL) NOPASSWD:ALL\n", 0o440),
        File(UNIT, FIRST_BOOT),
        File("etc/systemd/system/multi-user.target.wants/stand-in-first-boot.service", link=f"/{UNIT}"),
        File("etc/systemd/system/salt-minion.service.d/stand-in.conf", MINION),
        # the kernel shows a host all of this machine's memory, whatever the flavour
        File("etc/salt/minion.d/stand-in.conf", f"grains:\n  memory: {server['ram']}\n"),
    ]
