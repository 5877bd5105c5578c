"""Bio-Formats' memo files: a file that has one is opened quickly, one that has none slowly, and gets one."""

import logging
import pathlib
import threading
import time

from standin.files import Files

log = logging.getLogger("memo")


class Memo:
    """
    Where memo files are: below omero.pixeldata.memoizer.dir; on a server with a read-only repository that has an
    omero.pixeldata.memoizer.dir.local below that, after what the other holds was copied to it.
    """

    def __init__(self, settings, clock=time.monotonic, sleep=time.sleep):
        shared, local = (pathlib.Path(settings.text(f"omero.pixeldata.memoizer.dir{end}")) for end in ("", ".local"))
        alone = settings.read_only("repo") and settings.text("omero.pixeldata.memoizer.dir.local")
        self.own, self.other = (local, shared) if alone else (shared, None)
        self.slow = settings.seconds("standin.memo.seconds")
        self.wait = settings.number("omero.pixeldata.memoizer_wait")  # milliseconds
        self.repository = pathlib.Path(settings.text("omero.data.dir")).absolute() / "ManagedRepository"
        # as Bio-Formats, which takes no memo of another version of itself
        self.label = f"STAND-IN for a Bio-Formats memo file, of release {settings.text('omero.version')}\n".encode()
        self.clock, self.sleep, self.lock, self.told = clock, sleep, threading.Lock(), False

    def name(self, source):
        """The memo's path below a folder of memo files, for a file named relative to the managed repository."""
        path = self.repository / source
        return (path.parent / f".{path.name}.bfmemo").relative_to("/")

    def valid(self, path):
        try:
            with path.open("rb") as memo:
                return memo.readline() == self.label
        except OSError:
            return False

    def open(self, source):
        """Take the time that opening `source` takes, and leave a memo where that was long."""
        own = self.own / self.name(source)
        if self.valid(own):
            return
        other = self.other and self.other / self.name(source)
        found = other and self.valid(other)
        begun = self.clock()
        if not found:
            self.sleep(self.slow)
        if found or (self.clock() - begun) * 1000 >= self.wait:
            with self.lock:
                self.keep(own, source)

    def keep(self, own, source):
        try:
            Files.write(own, [self.label, f"{self.repository / source}\n".encode()])
        except OSError as error:
            if not self.told:
                log.info("no memo files are written, each opening of a file without one is slow: %s", error)
            self.told = True


class Sources:
    """The pixels as clients open them, `imported` {pixels' id: file in the managed repository} through memo files."""

    def __init__(self, files, memo, imported):
        self.files, self.memo, self.imported = files, memo, imported
        self.thumbnail = files.thumbnail

    def open(self, pixels):
        samples = self.files.open(pixels)
        source = self.imported.get(pixels.id.val)
        if source:
            self.memo.open(source)
        return samples
