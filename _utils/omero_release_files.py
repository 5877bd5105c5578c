"""
Releases on disk: beside one another as ``<link>-<version>``, with a symlink to the one that is current.

``etc/release.sha256`` in a release's folder says of which archive it is; it is written before the folder gets its name,
so a folder of that name is never half a release.
"""

import contextlib
import hashlib
import os
import pathlib
import pwd
import shutil
import subprocess

import omero_releases
from salt.exceptions import CommandExecutionError

RECORD = "releases.json"
_MARKER = "etc/release.sha256"
_CONFIG = "etc/grid/config.xml"
_LIMIT = 900


class Place:
    """
    :param link: path of the symlink, such as ``/opt/omero/server/OMERO.server``
    """

    def __init__(self, link):
        self.link = pathlib.Path(link)
        self.root = self.link.parent
        self.prefix = f"{self.link.name}-"
        self.partial = self.root / f".{self.link.name}.partial"
        self._replaced = self.root / f".{self.link.name}.replaced"

    @classmethod
    def around(cls, path):
        """Return the place of a symlink or of a release's folder beside it."""
        path = pathlib.Path(path)
        return cls(path if path.is_symlink() else path.with_name(path.name.partition("-")[0]))

    def before(self, path):
        """Return the version that was current before that of a folder, or of the symlink, is or will be; or None."""
        version = self.current() if pathlib.Path(path) == self.link else pathlib.Path(path).name[len(self.prefix) :]
        current = self.current()
        return omero_releases.previous(self.known(), current, set(self.present())) if version == current else current

    def folder(self, version):
        """Return the folder of a version."""
        return self.root / f"{self.prefix}{version}"

    def digest(self, version):
        """Return the digest of the archive that a version's folder is from; None where there is no such folder."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder(version) / _MARKER).read_text(encoding="utf-8").strip()
        return None

    def present(self):
        """Return a map from version to digest of the releases that are there."""
        names = sorted(path.name for path in self.root.glob(f"{self.prefix}*"))
        found = {name[len(self.prefix) :]: self.digest(name[len(self.prefix) :]) for name in names}
        return {version: digest for version, digest in found.items() if digest}

    def current(self):
        """Return the version that the link names, None without a link to a release."""
        if not self.link.is_symlink():
            return None
        name = self.link.readlink().name
        return name[len(self.prefix) :] if name.startswith(self.prefix) else None

    def known(self):
        """
        Return what is known of the releases, as :mod:`omero_releases` has it.

        :raises CommandExecutionError: the file of it is broken
        """
        path = self.root / RECORD
        try:
            return omero_releases.read(path.read_text(encoding="utf-8") if path.exists() else None)
        except omero_releases.RecordError as error:
            raise CommandExecutionError(f"{path}: {error}") from None

    def note(self, known):
        """Write down what is known."""
        fresh = self.root / f".{RECORD}.new"
        fresh.write_text(omero_releases.text(known), encoding="utf-8")
        fresh.replace(self.root / RECORD)

    def extract(self, archive, sha256, user):
        """
        Extract an archive beside the releases, under a name that is none of theirs.

        :param archive: path of a zip file with one folder in it
        :param user: system user who owns what comes out
        :raises CommandExecutionError: it has another digest, or is no release
        """
        with open(archive, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise CommandExecutionError(f"its sha256 is {found}, {sha256} was expected")
        for left in (self.partial, self._replaced):
            shutil.rmtree(left, ignore_errors=True)
        owner = pwd.getpwnam(user)
        try:
            self._fill(archive, sha256, owner)
        except BaseException:
            shutil.rmtree(self.partial, ignore_errors=True)
            raise

    def _fill(self, archive, sha256, owner):
        self.partial.mkdir(mode=0o700)
        _run(["unzip", "-q", str(archive), "-d", str(self.partial)])
        inside = list(self.partial.iterdir())
        if len(inside) != 1 or not (inside[0] / "etc").is_dir():
            raise CommandExecutionError("one folder of a release, with a folder etc, was expected in the archive")
        (inside[0] / _MARKER).write_text(f"{sha256}\n", encoding="utf-8")
        # config.xml and IceGrid's copies of it hold passwords and are readable by all
        inside[0].chmod(0o750)
        _run(["chown", "-R", f"{owner.pw_uid}:{owner.pw_gid}", str(inside[0])])

    def put(self, version):
        """Give what was extracted its name. A release of the same version goes, but for what its server wrote."""
        folder, (fresh,) = self.folder(version), self.partial.iterdir()
        if folder.exists():
            _copy(folder / _CONFIG, fresh / _CONFIG)
            folder.rename(self._replaced)
        try:
            fresh.rename(folder)
        except OSError:
            if self._replaced.exists():
                self._replaced.rename(folder)
            raise
        if (self._replaced / "var").exists() and not (folder / "var").exists():
            (self._replaced / "var").rename(folder / "var")
        self.partial.rmdir()
        shutil.rmtree(self._replaced, ignore_errors=True)

    def switch(self, version):
        """Make a version the current one, with the configuration of the one that is."""
        if self.link.exists() and not self.link.is_symlink():
            raise CommandExecutionError(f"{self.link}: a symlink was expected")
        _copy(self.link / _CONFIG, self.folder(version) / _CONFIG)
        fresh = self.root / f".{self.link.name}.link"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self.folder(version).name)
        fresh.replace(self.link)

    def remove(self, version):
        """Remove a version's folder; first its name, so that it is never half a release."""
        self.folder(version).rename(self._replaced)
        shutil.rmtree(self._replaced)


def _copy(old, new):
    """Copy a file with its owner and mode, never readable by more, not even for a moment."""
    if not old.is_file() or (new.exists() and new.samefile(old)):
        return
    if not new.parent.exists():
        # a release comes without etc/grid, which its user must be able to write to
        new.parent.mkdir()
        os.chown(new.parent, old.parent.stat().st_uid, old.parent.stat().st_gid)
    status, fresh = old.stat(), new.with_name(f".{new.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        os.fchown(file.fileno(), status.st_uid, status.st_gid)
        file.write(old.read_bytes())
        os.fchmod(file.fileno(), status.st_mode & 0o777)
    fresh.replace(new)


def _run(command):
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_LIMIT)
    except FileNotFoundError:
        raise CommandExecutionError(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise CommandExecutionError(f"{command[0]} did not end within {_LIMIT} s") from None
    except subprocess.CalledProcessError as error:
        raise CommandExecutionError(
            f"{command[0]} failed (exit code {error.returncode}): {error.stderr[-300:]}"
        ) from None
