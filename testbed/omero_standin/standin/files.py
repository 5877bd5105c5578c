"""Pixels and thumbnails in the data directory, as OMERO's ROMIO lays them out."""

import math
import pathlib

import numpy as np

TYPES = {"uint8": np.dtype(">u1"), "uint16": np.dtype(">u2")}


class MissingError(Exception):
    """The data directory lacks the file, or has another size of it; the text names its path."""


def place(number):
    """Where file `number` is below its folder, a thousand in each: 999, Dir-001/1000, Dir-001/Dir-234/1234567."""
    folders, rest = [], number
    while rest > 999:
        rest //= 1000
        folders.insert(0, f"Dir-{rest % 1000:03}")
    return "/".join([*folders, str(number)])


def shape(pixels):
    """(T, C, Z, Y, X): the order of the planes in the file, the last one quickest, for dimension order XYZCT."""
    return tuple(getattr(pixels, f"_size{axis}").val for axis in "TCZYX")


def sample_type(pixels):
    return TYPES[pixels._pixelsType._value.val]


class Files:
    def __init__(self, data_directory):
        self.root = pathlib.Path(data_directory)

    def pixels(self, number):
        return self.root / "Pixels" / place(number)

    def thumbnail(self, number):
        return self.root / "Thumbnails" / place(number)

    def complete(self, pixels):
        """Whether the file of these pixels is there in its full size."""
        path = self.pixels(pixels.id.val)
        return path.is_file() and path.stat().st_size == math.prod(shape(pixels)) * sample_type(pixels).itemsize

    def open(self, pixels):
        """The samples as an array mapped from the file, which is never written this way."""
        path = self.pixels(pixels.id.val)
        if not self.complete(pixels):
            raise MissingError(f"no pixels in {path}")
        try:
            return np.memmap(path, sample_type(pixels), "r", shape=shape(pixels))
        except OSError as error:
            raise MissingError(f"no pixels in {path}: {error.strerror}") from error

    @staticmethod
    def write(path, chunks):
        """Write the chunks to the file, which is there as a whole or not at all if the server is killed.

        After a power cut it may be shorter, which `complete` sees; a sync of each file would take a minute in all.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.partial")
        with partial.open("wb") as out:
            out.writelines(chunks)
        partial.replace(path)
