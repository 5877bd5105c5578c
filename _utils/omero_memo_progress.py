"""
What is asked of the worker that makes memo files, and how far it is: files in one folder, each replaced as a whole.

    request.json   what is wanted; its ``id`` tells one round from another
    wanted         there while the round is not done, or was stopped: the unit starts only with it
    seen           one line for each file that was opened: image, and one of RESULTS
    status.json    for people

Used by Salt and, beside :mod:`omero_memo_worker`, by the server's Python: needs the standard library alone.
"""

import json
import os
import pathlib
import tempfile
import time
import uuid

FOLDER = "/var/lib/omero-memo"
# it has a memo file; Bio-Formats made none; it could not be opened
RESULTS = ("ok", "bare", "failed")


class Progress:
    """
    :param folder: where the files are
    :param owner: ``(uid, gid)`` of who works there; this process's own without
    """

    def __init__(self, folder=FOLDER, owner=None):
        self.folder, self.owner = pathlib.Path(folder), owner

    def make(self):
        """Make the folder."""
        self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        if self.owner:
            os.chown(self.folder, *self.owner)

    def request(self):
        """Return what is asked; None if nothing was, or it cannot be read."""
        return self._json("request.json")

    def status(self):
        """Return how far the worker is; None if it never was."""
        return self._json("status.json")

    def is_wanted(self):
        return (self.folder / "wanted").exists()

    def ask(self, request):
        """
        Ask for a round, or for the rest of the one that is under way if it is the same.

        :param request: map, without ``id``
        :returns: "joined" if a round of it was still wanted, "resumed" if it was stopped, else "started"
        """
        self.make()
        now = self.request() or {}
        same = {key: value for key, value in now.items() if key != "id"} == request
        if same and self.is_wanted():
            return "joined"
        over = (self.status() or {}).get("state") == "done" and (self.status() or {}).get("id") == now.get("id")
        if not same or over:
            self._replace("request.json", json.dumps({**request, "id": uuid.uuid4().hex}))
        self._replace("wanted", "")
        return "resumed" if same and not over else "started"

    def stop(self):
        """Nothing is wanted any more; what is seen stays."""
        (self.folder / "wanted").unlink(missing_ok=True)

    def opened(self, request):
        """Return ``{image: one of RESULTS}`` of the files that this round has opened so far."""
        path = self.folder / "seen"
        lines = path.read_text().splitlines() if path.exists() else []
        if not lines or lines[0] != f"# {request['id']}":
            return {}
        words = [line.split() for line in lines[1:]]
        # the last line may have been cut off by a power cut
        return {int(one[0]): one[1] for one in words if len(one) == 2 and one[1] in RESULTS}

    def resume(self, request):
        """Return what :meth:`opened` does, and make the file ready for more of this round."""
        found = self.opened(request)
        lines = [f"# {request['id']}", *(f"{image} {result}" for image, result in found.items())]
        self._replace("seen", "\n".join(lines) + "\n")
        return found

    def note(self, image, result):
        """A file was opened."""
        with (self.folder / "seen").open("a") as file:
            file.write(f"{image} {result}\n")

    def tell(self, status):
        """Write the status."""
        self._replace("status.json", json.dumps({**status, "updated": round(time.time())}, sort_keys=True))

    def _json(self, name):
        try:
            found = json.loads((self.folder / name).read_text())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _replace(self, name, text):
        handle, path = tempfile.mkstemp(dir=self.folder, prefix=f".{name}.")
        try:
            with open(handle, "w") as file:
                if self.owner:
                    os.fchown(handle, *self.owner)
                file.write(text)
                file.flush()
                os.fsync(handle)
            os.replace(path, self.folder / name)
        except BaseException:
            os.unlink(path)
            raise
