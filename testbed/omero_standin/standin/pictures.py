"""The files of the demo repository: pixels drawn and thumbnails rendered, of those images that have none yet."""

import itertools

import numpy as np

from standin import demo
from standin.drawing import Cells
from standin.files import sample_type, shape
from standin.rendering import Renderer


def planes(pixels):
    """The bytes of each plane in the file's order."""
    t, c, z, height, width = shape(pixels)
    cells = Cells(pixels._image.id.val, width, height, z)
    peak = 2**pixels._significantBits.val - 1
    for time, channel, level in itertools.product(range(t), range(c), range(z)):
        yield np.rint(cells.plane(level, channel, time) * peak).astype(sample_type(pixels)).tobytes()


def complete(store, files):
    """How many files were written. What an earlier, interrupted start has written stays as it is."""
    written = 0
    for pixels in store.extent("Pixels"):
        if pixels._details._owner._omeName.val != demo.OWNER:
            continue
        if not files.complete(pixels):
            files.write(files.pixels(pixels.id.val), planes(pixels))
            written += 1
        for thumbnail in pixels._thumbnailsSeq:
            path = files.thumbnail(thumbnail.id.val)
            if not (path.is_file() and path.stat().st_size):
                files.write(path, [Renderer(pixels, files).thumbnail(max(thumbnail._sizeX.val, thumbnail._sizeY.val))])
                written += 1
    return written
