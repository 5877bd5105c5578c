"""Which mounts show a folder of a volume that other hosts write, without side effects."""

import posixpath

# Only root may go below it: the volume is mounted read-write there.
BASE = "/var/lib/idr-share"
# A filesystem that another host has mounted can only be mounted as it is there: read-write.
# A clone has the UUID of its origin, beside which one kernel refuses to mount it.
VOLUME_OPTIONS = ("noatime", "nouuid", "nodev", "noexec", "nosuid", "nofail")
BIND_OPTIONS = ("bind", "ro", "nodev", "noexec", "nosuid", "nofail")


def plan(name, label, folder):
    """
    The two mounts, in their order, as fstab's fields.

    :param name: where the folder is to be seen, read-only
    :param label: label of the volume's filesystem
    :param folder: the folder's path in the volume, without a slash at its beginning
    :returns: two maps with ``name``, ``device``, ``fstype``, ``opts`` (str)
    :raises ValueError: a path that is not of the form expected.
    """
    if not name.startswith("/") or posixpath.normpath(name) != name or name == "/":
        raise ValueError(f"{name!r}: expected an absolute path, such as /data/OMERO-readonly")
    if not folder or folder.startswith("/") or posixpath.normpath(folder) != folder or folder.split("/")[0] == "..":
        raise ValueError(f"{folder!r}: expected the path of a folder within the volume, such as OMERO")
    volume = f"{BASE}/{label}"
    return [
        {"name": volume, "device": f"LABEL={label}", "fstype": "xfs", "opts": ",".join(VOLUME_OPTIONS)},
        {"name": name, "device": f"{volume}/{folder}", "fstype": "none", "opts": ",".join(BIND_OPTIONS)},
    ]


def lacking(mounted, wanted):
    """
    Which of the options wanted a mount does not have.

    :param mounted: list of options as the kernel shows them
    :param wanted: comma-separated options as in fstab
    :returns: sorted list; what only mount or systemd know is left out, and what counts in the moment of mounting alone
    """
    unseen = {"bind", "nofail", "nouuid"}
    return sorted(set(wanted.split(",")) - unseen - set(mounted))


def empty(walk):
    """
    Whether there are only folders in a tree, or nothing at all.

    :param walk: what ``os.walk`` of its top yields
    """
    return not any(files for _, _, files in walk)
