"""Which of the machine's loop devices are this checkout's: inside, every checkout's files have the same paths."""

import json
import os

from testbed.console import run
from testbed.paths import STATE

COLUMNS = "NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN,MAJ:MIN"


def attached():
    """Names of the loop devices of the pool and of the volumes in it."""
    try:
        image = os.stat(STATE / "pool.img").st_ino
    except FileNotFoundError:
        return []
    listed = run(["losetup", "--list", "--json", "-O", COLUMNS]).stdout
    return ours(json.loads(listed or '{"loopdevices": []}')["loopdevices"], image)


def ours(devices, image):
    """
    Names of those of `devices`, as `losetup --json` lists them, that are on the pool whose file has the inode `image`.

    A pool's device stays as long as the file system on it is in use, and that as long as a volume on it is.
    """
    pools = [one for one in devices if one["back-ino"] == image and one["back-file"].endswith(".local/pool.img")]
    numbers = {one["maj:min"].strip() for one in pools}
    volumes = [one for one in devices if one["back-maj:min"].strip() in numbers]
    return sorted(one["name"] for one in (*pools, *volumes))
