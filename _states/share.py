"""
The repository that read-only servers share with the read-write server.
"""

import os

import omero_wait
import share_mounts
from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

__virtualname__ = "share"

PAUSE = 3
# a filesystem has its label before mkfs has ended
MOUNT_LIMIT = 15


def __virtual__():
    return __virtualname__


def bound(name, label, folder, timeout=600):
    """
    A folder of a volume that another host writes is seen here, read-only, now and after a reboot.

    The volume must be the very same device in both hosts. Its filesystem is mounted where only root comes to.

    :param label: label of the volume's filesystem; its host makes it, this state waits for it
    :param folder: path of the folder within the volume, which is waited for as well
    :param timeout: limit in seconds of each of the two waits

    .. code-block:: yaml

        /data/OMERO-readonly:
          share.bound:
            - label: idr-omero
            - folder: OMERO
    """
    changes: dict = {}
    try:
        volume, public = share_mounts.plan(name, label, folder)
        for entry, ready in ((volume, lambda: _labelled(label)), (public, lambda: _folder(public["device"]))):
            problem = _provide(entry, ready, timeout, changes)
            if problem:
                return _ret(name, None if __opts__["test"] else False, problem, changes)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return _ret(name, False, str(exc), changes)
    if not changes:
        return _ret(name, True, f"{public['device']} is seen here")
    return _ret(name, None if __opts__["test"] else True, f"{public['device']} {_would('is')} seen here", changes)


def _would(verb):
    return "would be" if __opts__["test"] else verb


def _labelled(label):
    return bool(__salt__["volume.by_label"](label)), f"no device has the label {label}"


def _folder(path):
    return os.path.isdir(path), f"there is no folder {path}"


def _provide(entry, ready, timeout, changes):
    """Mount what is not mounted, and have fstab say so; return what stands in the way, or None."""
    name, test = entry["name"], __opts__["test"]
    stands = _mounted(entry)
    if not stands:
        done, reason = omero_wait.until(ready, 0 if test else timeout, interval=PAUSE)
        if not done and not test:
            return f"Not shared within {timeout} s: {reason}. Is the read-write server converged?"
        changes[name] = entry["device"]
        if not done:
            return f"Would wait up to {timeout} s: {reason}"
        if not test:
            _mount(entry)
    fields = {key: entry[key] for key in ("device", "fstype", "opts")}
    written = __salt__["mount.set_fstab"](name, **fields, match_on="name", test=test)
    if written != "present":
        changes[f"/etc/fstab {name}"] = written
    return None


def _mounted(entry):
    found = __salt__["mount.active"]().get(entry["name"])
    if not found or share_mounts.lacking(found["opts"], entry["opts"]):
        return False
    return entry["fstype"] != "none" or _same(entry["name"], entry["device"])


def _same(one, other):
    try:
        return os.path.samefile(one, other)
    except FileNotFoundError:
        return False


def _mount(entry):
    name = entry["name"]
    if name in __salt__["mount.active"]():
        # of other options, or of a folder that was replaced; whoever still reads there may end it in peace
        done = __salt__["mount.umount"](name, lazy=True)
        if done is not True:
            raise CommandExecutionError(f"{name}: umount: {done}")
    os.makedirs(share_mounts.BASE, mode=0o700, exist_ok=True)
    os.chmod(share_mounts.BASE, 0o700)
    os.makedirs(name, exist_ok=True)

    def mount():
        said = __salt__["mount.mount"](name, entry["device"], fstype=entry["fstype"], opts=entry["opts"])
        return said is True and _mounted(entry), said

    done, said = omero_wait.until(mount, MOUNT_LIMIT, interval=PAUSE)
    if not done:
        raise CommandExecutionError(f"{name}: mount of {entry['device']}: {said}")


def complete(name, folders, timeout=600):
    """
    A mount from the read-write server has all folders of a repository. Changes nothing, waits.

    :param folders: list of names
    :param timeout: limit of the wait in seconds

    .. code-block:: yaml

        /data/OMERO-readonly:
          share.complete:
            - folders: [Files, ManagedRepository]
    """

    def look():
        missing = sorted(each for each in folders if not os.path.isdir(os.path.join(name, each)))
        return not missing, ", ".join(missing)

    test = __opts__["test"]
    done, missing = omero_wait.until(look, 0 if test else timeout, interval=PAUSE)
    if done:
        return _ret(name, True, f"All of {', '.join(sorted(folders))} are there")
    if test:
        return _ret(name, None, f"Would wait up to {timeout} s for {missing}")
    return _ret(name, False, f"The read-write server did not make {missing} within {timeout} s")


def linked(name, target, folders):
    """
    A folder has a link to each of the folders below ``target``. Folders without a file give way, others are refused.

    :param folders: list of names

    .. code-block:: yaml

        /data/OMERO:
          share.linked:
            - target: /data/OMERO-readonly
            - folders: [Files, ManagedRepository]
    """
    links = {os.path.join(name, each): os.path.join(target, each) for each in sorted(folders)}
    wrong = {link: place for link, place in links.items() if not os.path.islink(link) or os.readlink(link) != place}
    try:
        full = [link for link in wrong if os.path.isfile(link) or _has_files(link)]
        if full:
            return _ret(name, False, f"{', '.join(full)}: expected a link or nothing, has files: not touched")
        if not __opts__["test"]:
            for link, place in wrong.items():
                _link(link, place)
    except OSError as exc:
        return _ret(name, False, str(exc))
    if not wrong:
        return _ret(name, True, f"{len(links)} links lead to {target}")
    return _ret(name, None if __opts__["test"] else True, f"{len(wrong)} links {_would('are')} made", wrong)


def _has_files(folder):
    return not os.path.islink(folder) and not share_mounts.empty(os.walk(folder))


def _link(link, place):
    if os.path.islink(link):
        os.unlink(link)
    # from the innermost folder on; a file that came meanwhile stops it
    for folder, _, _ in os.walk(link, topdown=False):
        os.rmdir(folder)
    os.symlink(place, link)  # noqa: PTH211
