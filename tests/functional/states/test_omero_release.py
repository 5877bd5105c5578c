"""omero.release_installed by Salt's real loaders and real archives; the service is a file that is there or not."""

import getpass
import hashlib
import json
import os
import zipfile

import pytest

SERVICE = '''
"""A DOUBLE of Salt's service module: a server runs while the file beside this folder is there."""
import pathlib

__virtualname__ = "service"
RUNS = pathlib.Path(__file__).parents[2] / "runs"
STUBBORN = RUNS.with_name("stubborn")


def __virtual__():
    return __virtualname__


def show(name):
    for file in (RUNS, STUBBORN):
        if file.exists():
            return {"ActiveState": file.read_text() or "active"}
    return {"ActiveState": "inactive"}


def stop(name):
    link = RUNS.parent / "opt/OMERO.server"
    RUNS.with_name("stopped").write_text(str(link.resolve().name))
    RUNS.unlink(missing_ok=True)
    return True
'''


class Site:
    """A place for releases, and archives to install there."""

    def __init__(self, folder, apply):
        self.folder, self._apply = folder, apply
        self.link = folder / "opt/OMERO.server"
        self.link.parent.mkdir()
        doubles = folder / "doubles/modules"
        doubles.mkdir(parents=True)
        (doubles / "service.py").write_text(SERVICE)

    def archive(self, version, text="one", inside=None):
        path = self.folder / f"OMERO.server-{version}-{text}.zip"
        top = inside or f"OMERO.server-{version}"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in (("omero.properties", text), ("grid/templates.xml", "<icegrid/>")):
                # Without a time of its own: the same archive is the same file whenever it is made.
                entry = zipfile.ZipInfo(f"{top}/etc/{name}")
                entry.external_attr = 0o600 << 16
                archive.writestr(entry, content)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return {"version": version, "source": str(path), "sha256": sha256, "user": getpass.getuser()}

    def apply(self, test=False, **given):
        loaders = {"module_dirs": [self.folder / "doubles"]}
        return self._apply("omero.release_installed", str(self.link), test=test, loaders=loaders, **given)

    def install(self, **given):
        """Apply as a user would: predicted, done as predicted, then nothing to do."""
        predicted = self.apply(test=True, **given)
        assert predicted["result"] is None, predicted
        ret = self.apply(**given)
        assert (ret["result"], ret["changes"]) == (True, predicted["changes"]), ret
        for test in (True, False):
            again = self.apply(test=test, **given)
            assert (again["result"], again["changes"]) == (True, {})
        return ret["changes"]

    def refuse(self, match, **given):
        before = self.listing()
        ret = self.apply(**given)
        assert (ret["result"], ret["changes"]) == (False, {})
        assert match in ret["comment"]
        assert self.listing() == before

    def listing(self):
        found = {path: path.read_bytes() for path in self.link.parent.rglob("*") if path.is_file()}
        return found, os.readlink(self.link) if self.link.is_symlink() else None

    def releases(self, salt_loaders):
        return salt_loaders().functions["omero.releases"](omerodir=str(self.link))


@pytest.fixture
def site(tmp_path, apply):
    return Site(tmp_path, apply)


def test_first_release(site, salt_loaders):
    given = site.archive("5.6.1")
    assert site.releases(salt_loaders) == []
    changes = site.install(**given, service="omero-server")
    assert changes == {
        "extracted": {"old": None, "new": given["sha256"]},
        "release": {"old": None, "new": "5.6.1"},
        "recorded": "5.6.1",
    }
    assert os.readlink(site.link) == "OMERO.server-5.6.1"
    assert site.link.stat().st_mode & 0o777 == 0o750
    (found,) = site.releases(salt_loaders)
    assert found["since"].endswith("+00:00")
    told = {"version": "5.6.1", "url": given["source"], "sha256": given["sha256"], "current": True, "previous": False}
    assert found == {**told, "since": found["since"]}


def test_next_release_stops_the_one_that_runs_and_takes_its_configuration(site, salt_loaders):
    site.install(**site.archive("5.6.1"))
    config = site.link / "etc/grid/config.xml"
    config.write_text("<a/>")
    config.chmod(0o640)
    (site.folder / "runs").touch()
    changes = site.install(**site.archive("5.7.0"), service="omero-server")
    assert changes["service"] == {"old": "running", "new": "stopped"}
    assert (site.folder / "stopped").read_text() == "OMERO.server-5.6.1"
    assert os.readlink(site.link) == "OMERO.server-5.7.0"
    assert (config.read_text(), config.stat().st_mode & 0o777) == ("<a/>", 0o640)
    assert [(one["version"], one["current"], one["previous"]) for one in site.releases(salt_loaders)] == [
        ("5.7.0", True, False),
        ("5.6.1", False, True),
    ]


def test_back_to_the_release_before_needs_no_archive(site):
    first = site.archive("5.6.1")
    site.install(**first)
    site.install(**site.archive("5.7.0"))
    os.unlink(first["source"])
    assert site.install(**first) == {"release": {"old": "5.7.0", "new": "5.6.1"}, "recorded": "5.6.1"}


def test_the_last_ones_are_kept(site, salt_loaders):
    for version in ("1.0", "2.0", "3.0"):
        site.install(**site.archive(version))
    assert site.install(**site.archive("4.0"))["removed"] == ["1.0"]
    assert site.install(**site.archive("4.0"), keep=1) == {"removed": ["2.0"]}
    assert [one["version"] for one in site.releases(salt_loaders)] == ["4.0", "3.0"]
    # what is no release of ours is left alone
    (site.link.parent / "OMERO.server-mine").mkdir()
    site.install(**site.archive("5.0"), keep=1)
    assert (site.link.parent / "OMERO.server-mine").exists()


def test_old_ones_are_pruned_by_a_state_of_its_own(site, salt_loaders, apply):
    for version in ("1.0", "2.0", "3.0", "4.0"):
        site.install(**site.archive(version), keep=None)
    name = str(site.link)
    predicted = apply("omero.releases_pruned", name, test=True, keep=2, version="5.0")
    assert (predicted["result"], predicted["changes"]) == (None, {"removed": ["1.0", "2.0", "3.0"]})
    done = apply("omero.releases_pruned", name, keep=2)
    assert (done["result"], done["changes"]) == (True, {"removed": ["1.0", "2.0"]})
    assert [one["version"] for one in site.releases(salt_loaders)] == ["4.0", "3.0"]
    assert apply("omero.releases_pruned", name, keep=2)["changes"] == {}


def test_another_archive_of_the_same_version(site):
    first = site.archive("5.6.1")
    site.install(**first)
    (site.link / "etc/grid/config.xml").write_text("<a/>")
    (site.link / "var").mkdir()
    (site.link / "var/log").write_text("said")
    (site.link / "old").touch()
    (site.folder / "runs").touch()
    changes = site.install(**site.archive("5.6.1", "two"), service="omero-server")
    assert changes["extracted"]["old"] == first["sha256"]
    assert changes["service"] == {"old": "running", "new": "stopped"}
    assert "release" not in changes
    assert (site.link / "etc/omero.properties").read_text() == "two"
    assert (site.link / "etc/grid/config.xml").read_text() == "<a/>"
    assert (site.link / "var/log").read_text() == "said"
    assert not (site.link / "old").exists()
    assert [path.name for path in site.link.parent.glob(".*")] == []


def test_an_archive_with_another_name_inside(site):
    site.install(**site.archive("5.6.1", inside="OMERO.server-5.6.1-ice36-b1"))
    assert (site.link / "etc/omero.properties").exists()


def test_what_an_interrupted_run_left_is_no_release(site):
    half = site.link.parent / ".OMERO.server.partial/OMERO.server-5.6.1"
    half.mkdir(parents=True)
    site.install(**site.archive("5.6.1"))
    assert not half.exists()


def test_refused_archives_change_nothing(site):
    good = site.archive("5.6.1")
    site.install(**good)
    (site.folder / "runs").touch()
    again = {**site.archive("5.7.0"), "service": "omero-server"}
    site.refuse("0000 was expected", **again | {"sha256": "0" * 64})
    site.refuse("no-such-user", **again | {"user": "no-such-user"})
    site.refuse("5.7.0: ", **again | {"source": "http://127.0.0.1:1/x.zip"})
    site.refuse("could not be fetched", **again | {"source": "salt://no/such.zip"})
    empty = site.folder / "empty.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("one/x", "")
        archive.writestr("two/x", "")
    digest = hashlib.sha256(empty.read_bytes()).hexdigest()
    site.refuse("one folder of a release", **again | {"source": str(empty), "sha256": digest})
    broken = site.folder / "broken.zip"
    broken.write_text("no zip")
    digest = hashlib.sha256(broken.read_bytes()).hexdigest()
    site.refuse("unzip failed", **again | {"source": str(broken), "sha256": digest})
    assert (site.folder / "runs").exists(), "the server was stopped for nothing"


def test_a_service_that_is_started_again_and_again_is_stopped(site):
    site.install(**site.archive("5.6.1"))
    (site.folder / "runs").write_text("activating")
    changes = site.install(**site.archive("5.7.0"), service="omero-server")
    assert changes["service"] == {"old": "running", "new": "stopped"}
    assert not (site.folder / "runs").exists()


def test_a_service_that_does_not_stop_keeps_its_release(site):
    site.install(**site.archive("5.6.1"))
    (site.folder / "stubborn").touch()
    ret = site.apply(**site.archive("5.7.0"), service="omero-server")
    assert (ret["result"], ret["changes"]) == (False, {})
    assert "does not stop" in ret["comment"]
    assert os.readlink(site.link) == "OMERO.server-5.6.1"


def test_a_broken_record_is_named(site):
    site.install(**site.archive("5.6.1"))
    record = site.link.parent / "releases.json"
    record.write_text(json.dumps({"releases": []}))
    for test in (True, False):
        ret = site.apply(test=test, **site.archive("5.6.1"))
        assert (ret["result"], ret["changes"]) == (False, {})
        assert str(record) in ret["comment"]


def test_predicted_where_its_user_is_not_there_yet(site):
    given = {"version": "1", "source": "http://127.0.0.1:1/x.zip", "sha256": "0" * 64, "user": "no-such-user"}
    site.link.parent.rmdir()
    assert site.apply(test=True, **given)["result"] is None


def test_fetched_beside_and_switched_later(site, salt_loaders):
    first, second = site.archive("5.6.1"), site.archive("5.7.0")
    site.install(**first)
    fetch = salt_loaders().functions["omero.release_fetch"]
    assert fetch(**second, omerodir=str(site.link)) == {"old": None, "new": second["sha256"]}
    assert fetch(**second, omerodir=str(site.link)) == {}
    assert os.readlink(site.link) == "OMERO.server-5.6.1"
    os.unlink(second["source"])
    assert set(site.install(**second)) == {"release", "recorded"}
