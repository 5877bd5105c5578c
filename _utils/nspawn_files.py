"""The files that the nspawn driver writes into a host's own layer before its first boot. No side effects here."""

from dataclasses import dataclass

VOLUMES_UNIT = """\
# A container has no udev and systemd leaves devices of fstab alone in it: this makes the volumes' devices and links
# and mounts them where fstab says, before systemd binds folders of theirs.
[Unit]
Description=Attached volumes
DefaultDependencies=no
After=systemd-remount-fs.service
Wants=local-fs-pre.target
Before=local-fs-pre.target local-fs.target
Conflicts=umount.target
Before=umount.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/systemd-tmpfiles --create nspawn-volumes.conf
ExecStart=/usr/bin/mount --all

[Install]
WantedBy=local-fs.target
"""


@dataclass(frozen=True)
class File:
    """A file to write; ``link`` makes it a symbolic link to that target."""

    path: str
    content: str = ""
    mode: int = 0o644
    link: str | None = None


def network(address, prefix, gateway, mac=None):
    """Return systemd-networkd's file for the host's one interface, which without ``mac`` keeps what nspawn gave it."""
    link = f"[Link]\nMACAddress={mac}\n\n" if mac else ""
    return (
        f"[Match]\nName=host0\n\n{link}[Network]\nAddress={address}/{prefix}\nGateway={gateway}\n"
        "DHCP=no\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nLLDP=no\n"
    )


def machine(name, address, prefix, gateway, machine_id, mac=None):
    """Return what makes the image this one host: name, address, machine id and its volumes' unit."""
    unit = "etc/systemd/system/nspawn-volumes.service"
    return [
        File("etc/hostname", f"{name}\n"),
        File("etc/hosts", f"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n{address} {name}\n"),
        File("etc/machine-id", f"{machine_id}\n", 0o444),
        File("etc/systemd/network/10-host0.network", network(address, prefix, gateway, mac)),
        File(unit, VOLUMES_UNIT),
        File("etc/systemd/system/local-fs.target.wants/nspawn-volumes.service", link=f"/{unit}"),
    ]


def minion(config, private_key, public_key, master_key=None):
    """
    Return the minion's configuration and keys.

    config
        The text of /etc/salt/minion.
    master_key
        The master's public key, so that the minion trusts no other from the start; None leaves it out.
    """
    files = [
        File("etc/salt/minion", config, 0o640),
        File("etc/salt/pki/minion/minion.pem", private_key, 0o400),
        File("etc/salt/pki/minion/minion.pub", public_key),
    ]
    if master_key:
        files.append(File("etc/salt/pki/minion/minion_master.pub", master_key))
    return files


def no_minion():
    """Return what keeps the image's minion from starting in a host made without Salt (``deploy: False``)."""
    return [File("etc/systemd/system/salt-minion.service", link="/dev/null")]
