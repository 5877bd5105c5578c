"""
Bio-Formats' memo files: where they are, which images lack them, and in which order they are made.

A memo file is what Bio-Formats knows after it has opened a file, so that it opens it quickly from then on. It belongs
to the file that is opened, not to the image: all images of a plate or of a multi-series file share one. Its name and
when it counts are those of ``loci.formats.Memoizer`` and of ``PixelsService`` in omero-romio.

Used by Salt and, beside :mod:`omero_memo_worker`, by the server's Python: needs the standard library alone.
"""

import csv
import io
import os
import zlib

SUFFIX = ".bfmemo"
# so many rows at once: far below the statement_timeout of the read-only database user
PAGE = 50000


def folders(config):
    """
    Where a server keeps memo files.

    :param config: its properties, as pillar or as ``omero config get`` has them
    :returns: ``{"written": folder, "read": [folder, ...], "managed": the folder of the images' files, "private":
        bool}``; private means that no other server writes there
    """

    def place(key, default):
        return str(config.get(key) or default).replace("${omero.data.dir}", data)

    data = str(config.get("omero.data.dir") or "/OMERO")
    shared = place("omero.pixeldata.memoizer.dir", "${omero.data.dir}/BioFormatsCache")
    keys = ("omero.cluster.read_only", "omero.cluster.read_only.repo")
    read_only = any(str(config.get(key)).lower() == "true" for key in keys)
    # a server that may write to the repository takes no notice of the local folder
    local = config.get("omero.pixeldata.memoizer.dir.local") if read_only else None
    return {
        "written": str(local or shared),
        "read": [str(local), shared] if local else [shared],
        "managed": place("omero.managed.dir", "${omero.data.dir}/ManagedRepository"),
        "private": bool(local),
    }


def memo(folder, path):
    """Return the path of the memo file of an image's file in a folder of memo files."""
    place, name = os.path.split(os.path.join(folder, path.lstrip("/")))
    return os.path.join(place, f".{name}{SUFFIX}")


def is_warm(places, path, since=0.0):
    """
    Whether one of the folders has a memo file that still counts: not older than the image's file, as Bio-Formats has
    it, nor than ``since``, when the release was installed, whose Bio-Formats may be another.

    :param places: folders of memo files
    :param path: of the image's file
    :param since: seconds since the epoch
    """
    for place in places:
        made = _modified(memo(place, path))
        if made is not None and made >= max(since, _modified(path) or 0):
            return True
    return False


def _modified(path):
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None


def since(omerodir):
    """Return when the release that is installed became current, in seconds since the epoch; 0 where it is unknown."""
    try:
        # of the link, which each change of release makes anew
        return os.lstat(omerodir).st_mtime
    except OSError:
        return 0.0


def count(place):
    """Return ``(memo files, bytes)`` in and below a folder; ``(0, 0)`` where there is none."""
    files = size = 0
    for top, _, names in os.walk(place):
        for name in names:
            if name.endswith(SUFFIX):
                try:
                    size += os.lstat(os.path.join(top, name)).st_size
                except FileNotFoundError:
                    continue
                files += 1
    return files, size


def numbers(images):
    """
    Return image ids as a sorted list.

    :raises ValueError: not a list of positive whole numbers
    """
    found = images if isinstance(images, (list, tuple)) else [images]
    if not found or any(isinstance(one, bool) or not str(one).isdigit() or int(one) < 1 for one in found):
        raise ValueError(f"images: a list of image ids such as [1, 2] was expected, not {images!r}")
    return sorted({int(one) for one in found})


def wanted(images=None, newest=None):
    """
    What is asked for, in the form that a request has.

    :param images: list of image ids
    :param newest: so many of the images that were added last; with neither all images
    :returns: ``{"images": [...]}``, ``{"newest": N}`` or ``{}``
    :raises ValueError: both, or of another form
    """
    if images is not None and newest is not None:
        raise ValueError("images, newest: one of them was expected, not both")
    if images is not None:
        return {"images": numbers(images)}
    if newest is None:
        return {}
    if isinstance(newest, bool) or not str(newest).isdigit() or int(newest) < 1:
        raise ValueError(f"newest: a number of images from 1 on was expected, not {newest!r}")
    return {"newest": int(newest)}


def query(want, after=0, page=PAGE):
    """
    Return psql's command for one page of rows ``pixels,image,path,name`` in CSV; of all images by growing pixels id.

    :param want: what :func:`wanted` returned
    :param after: last pixels id of the page before
    """
    # without a path they are OMERO's own pixel files, which Bio-Formats never opens
    where, tail = "path is not null and name is not null and image_index = 0", "order by id"
    if "images" in want:
        where += f" and image in ({','.join(map(str, numbers(want['images'])))})"
    elif "newest" in want:
        tail = f"order by image desc limit {int(want['newest'])}"
    else:
        where += f" and id > {int(after)}"
        tail += f" limit {int(page)}"
    return f"copy (select id, image, path, name from pixels where {where} {tail}) to stdout with csv"


def rows(text):
    """Return the rows ``(pixels, image, path, name)`` in psql's answer to :func:`query`."""
    found = csv.reader(io.StringIO(text, newline=""))
    return [(int(pixels), int(image), path, name) for pixels, image, path, name in found]


def listed(want, ask, page=PAGE):
    """
    Return all rows of the images that are wanted.

    :param ask: function that returns psql's answer to a command
    """
    found = rows(ask(query(want, 0, page)))
    last = found
    while not want and len(last) == page:
        last = rows(ask(query(want, last[-1][0], page)))
        found += last
    return found


def files(found, managed):
    """
    What has to be opened: each file once, the newest images first.

    :param found: rows of :func:`rows`
    :param managed: folder of the images' files
    :returns: list of ``{"file": path, "image": id, "pixels": id, "images": how many are in the file}``
    """
    by_file: dict = {}
    for pixels, image, path, name in sorted(found, key=lambda row: -row[1]):
        place = os.path.join(managed, path.strip("/"), name)
        one = by_file.setdefault(place, {"file": place, "image": image, "pixels": pixels, "images": 0})
        one["images"] += 1
    return list(by_file.values())


def part(items, number, parts):
    """Return the items of part ``number`` (from 0) of ``parts``; the same file is always in the same part."""
    return [one for one in items if zlib.crc32(one["file"].encode()) % parts == number]


def turned(items, number, turns):
    """Return the items begun at ``number`` (from 0) of ``turns``, so that each server opens another file at a time."""
    at = len(items) * number // max(turns, 1)
    return items[at:] + items[:at]
