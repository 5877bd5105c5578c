"""What schema OMERO5.5 of the stand-in adds: whom to credit for an image, seen at the end of its description."""

from omero.rtypes import rstring, unwrap

SINCE = ("OMERO5.5", 0)


def read(transaction):
    """{image's id: text} of the images that credit somebody."""
    rows = transaction.rows("select i.id, c.value from image i join credit c on c.id = i.credit")
    return {row["id"]: row["value"] for row in rows}


def show(store, found):
    """Put the credits at the end of the images' descriptions."""
    for image in store.extent("Image"):
        if image.id.val in found:
            text = unwrap(image._description) or ""
            image._description = rstring(f"{text}\n\nCredit: {found[image.id.val]}".strip())
