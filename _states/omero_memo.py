"""
Memo files of the server on this host: part of the states ``omero``.
"""

import omero_wait
from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

__virtualname__ = "omero"


def __virtual__():
    return __virtualname__ if "omero.memo_start" in __salt__ else (False, "the module omero is not loaded")


def memo_warm(name, images=None, newest=None, timeout=0):
    """
    These images have memo files, or the worker is making them.

    Images that the worker could not open in its last round are not tried again by this state: ``omero.memo_progress``
    names them.

    :param name: for the reader
    :param images: list of image ids
    :param newest: so many of the images that were added last; with neither all images
    :param timeout: seconds to wait until the worker is done; 0 does not wait

    .. code-block:: yaml

        omero-memo-newest:
          omero.memo_warm:
            - newest: 1000
    """
    test = __opts__["test"]
    try:
        found = __salt__["omero.memo_missing"](images=images, newest=newest)["images"]
        total, missing, tried = found["total"], found["missing"], found["tried"]
        if missing == tried:
            without = f", {tried} got none when they were opened" if tried else ""
            return _ret(name, True, f"{total - missing} of {total} images have memo files{without}")
        if __salt__["omero.memo_progress"]()["state"] not in ("never", "stopped", "done"):
            return _awaited(name, {}, timeout, f"The worker is at it; {missing} of {total} images lack memo files")
        changes = {"missing": {"old": missing, "new": "being made"}}
        if test:
            return _ret(name, None, f"Memo files of {missing} of {total} images would be made", changes)
        __salt__["omero.memo_start"](images=images, newest=newest)
    except CommandExecutionError as error:
        # on a bare host neither database nor folders are there
        return _ret(name, None if test else False, str(error))
    return _awaited(name, changes, timeout, f"Memo files of {missing} of {total} images are being made")


def _awaited(name, changes, timeout, comment):
    if not timeout or __opts__["test"]:
        return _ret(name, True, comment, changes)

    def over():
        found = __salt__["omero.memo_progress"]()
        return found["state"] == "done", found

    done, found = omero_wait.until(over, timeout, interval=2)
    if not done:
        said = f"{found['state']} ({found['why']})" if found["why"] else found["state"]
        return _ret(name, False, f"Not done within {timeout} s; the worker is {said}", changes)
    counts = found["images"]
    return _ret(name, True, f"The worker is done with {counts['done']} images, {counts['failed']} failed", changes)
