"""Backups, and the way back to a point in time, with a real PostgreSQL and a real pgBackRest of two hosts."""

import datetime
import shutil

import idr_backup_tls
import idr_backups
import pgbackrest_site
import pytest
from salt.exceptions import CommandExecutionError


@pytest.fixture(scope="module")
def site(as_root, checkout):
    assert shutil.which("pgbackrest"), "these tests need pgBackRest: apt-get install pgbackrest"
    made = pgbackrest_site.Site(checkout)
    try:
        made.start()
        made.sql("CREATE TABLE rows (name text)")
        made.repository.stanza_create()
        made.repository.check()
        made.repository.backup("full")
        yield made
    finally:
        made.stop()


def _rows(site):
    return [name for (name,) in site.sql("SELECT name FROM rows ORDER BY name")]


def _now(site):
    return datetime.datetime.fromisoformat(site.sql("SELECT clock_timestamp()")[0][0])


def test_repository_says_what_it_has(site):
    found = site.repository.info()
    assert (found["there"], found["problem"], found["running"]) == (True, None, False)
    with (site.data / "global/pg_control").open("rb") as stream:
        assert found["cluster"] == {"system": idr_backups.system(stream.read(8)), "version": site.version}
    (backup,) = found["backups"]
    assert (backup["type"], backup["usable"]) == ("full", True)
    assert backup["size"] > backup["repository"] > 0
    assert backup["start"] <= backup["stop"]


def test_back_to_a_time_between_two_rows(site):
    site.sql("INSERT INTO rows VALUES ('A')")
    when = _now(site)
    site.sql("INSERT INTO rows VALUES ('B')")
    label = idr_backups.chosen(site.repository.info()["backups"], when)["label"]
    told = site.database.restore(label, idr_backups.written(when))
    assert _rows(site) == ["A"]
    assert site.database.answers() == ""
    assert site.database.kept() == [told["kept"]]
    # what was written after that time is in the files that are kept
    assert site.database.put_back(told["kept"])
    assert _rows(site) == ["A", "B"]
    assert site.database.kept() == []


def test_nothing_is_left_for_a_clone_to_find(site):
    when = _now(site)
    label = site.repository.info()["backups"][0]["label"]
    # Nobody has written since: recovery has to end all the same.
    site.database.restore(label, idr_backups.written(when))
    assert "restore_command" not in (site.data / "postgresql.auto.conf").read_text()
    assert site.sql("SHOW restore_command") in ([], [[""]])
    assert site.sql("SELECT timeline_id > 1 FROM pg_control_checkpoint()") == [["t"]]
    # the new timeline is archived, and can be the source of the next
    assert site.repository.check()
    assert len(site.database.discard()) == 1
    assert site.database.kept() == []


@pytest.mark.parametrize(
    ("label", "target", "said"),
    [
        ("20010101-000000F", "2026-01-01 00:00:00+00", "20010101-000000F"),
        (None, "2126-01-01 00:00:00+00", "before configured recovery target was reached"),
    ],
)
def test_a_restore_that_fails_puts_the_cluster_back(site, label, target, said):
    before = [*_rows(site), str(target)]
    site.sql(f"INSERT INTO rows VALUES ('{target}')")
    label = label or site.repository.info()["backups"][-1]["label"]
    with pytest.raises(CommandExecutionError, match="(?s)" + said + ".*The cluster of before is back"):
        site.database.restore(label, target)
    assert _rows(site) == sorted(before)
    assert site.database.kept() == []


def test_without_a_repository_nothing_is_stopped(site):
    began = site.sql("SELECT pg_postmaster_start_time()")
    kept, port = (site.folder / "database.conf").read_text(), pgbackrest_site.free_port()
    changed = kept.replace(f"repo1-host-port={site.ports['repository']}", f"repo1-host-port={port}")
    assert changed != kept
    (site.folder / "database.conf").write_text(changed.replace("archive-timeout=20", "archive-timeout=2\nio-timeout=1"))
    try:
        with pytest.raises(CommandExecutionError, match="pgbackrest check of idr-x failed"):
            site.database.restore(site.repository.info()["backups"][-1]["label"], "2026-01-01 00:00:00+00")
    finally:
        (site.folder / "database.conf").write_text(kept)
    assert site.sql("SELECT pg_postmaster_start_time()") == began


def test_another_environment_is_not_let_in(site):
    """A clone has its origin's system identifier: certificate and stanza keep it out of the origin's repository."""
    folder = site.folder / "tls-clone"
    folder.mkdir()
    text = (site.folder / "database.conf").read_text().replace("tls-database", "tls-clone")
    (site.folder / "clone.conf").write_text(text)
    for secret, host in (("another secret than that", "idr-x-database"), (pgbackrest_site.SECRET, "idr-y-database")):
        for name, content in idr_backup_tls.made(secret, "idr-y", [host], 10).items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)
            shutil.chown(folder / name, "postgres")
        shutil.chown(folder, "postgres")
        command = ["pgbackrest", f"--config={site.folder}/clone.conf", "--stanza=idr-x", "check"]
        assert pgbackrest_site.call(*command, check=False).returncode


def test_a_lost_volume_comes_back(site):
    """Last, as the cluster is another one meanwhile."""
    # of the present timeline, as after each restore
    assert site.repository.backup("full")["present"]
    when, before = _now(site), _rows(site)
    site.database.seal()
    site.pg("stop")
    shutil.rmtree(site.data)
    pgbackrest_site.call(site.programs / "initdb", "--no-sync", "--locale=C.UTF-8", "-D", site.data, "-U", "postgres")
    site.configure()
    site.pg("start")
    with pytest.raises(CommandExecutionError, match="stanza-create of idr-x failed"):
        site.repository.stanza_create()
    assert site.repository.stanza_upgrade()
    assert site.repository.check()
    backups = site.repository.info()["backups"]
    assert backups
    assert not [one for one in backups if one["present"]]
    site.database.restore(idr_backups.chosen(backups, when)["label"], idr_backups.written(when))
    assert _rows(site) == before
    # the repository has to take the old one again
    assert site.repository.stanza_upgrade()
    assert site.repository.check()
    assert site.repository.backup("full")["present"]
