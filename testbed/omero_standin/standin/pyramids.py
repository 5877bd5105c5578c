"""Pyramid files beside the pixels, which OMERO makes; the stand-in makes none, and finds and removes them."""


def pyramids(root, little=None):
    """(pixels' id, path) of the pyramids, sorted; `little` (a bool): only those of this byte order, as TIFF says it."""
    found = []
    for path in (root / "Pixels").rglob("*_pyramid"):
        number = path.name.removesuffix("_pyramid")
        if number.isdigit() and path.is_file() and (little is None or order(path) is little):
            found.append((int(number), path))
    return sorted(found)


def order(path):
    """True for a little-endian TIFF, False for a big-endian one, None for neither."""
    with path.open("rb") as file:
        return {b"II": True, b"MM": False}.get(file.read(2))
