"""omero_dumps: which dumps are whole, and which are too many."""

import json

import omero_dumps
import pytest
from salt.exceptions import CommandExecutionError


def dump(folder, name, time, before=None, size=4):
    path = folder / f"{name}.dump"
    path.write_text("dump")
    told = {"database": "omero", "schema": "OMERO5.4__0", "release": None, "time": time, "before": before}
    manifest = {**told, "size": size, "sha256": omero_dumps.digest(path)}
    path.with_suffix(".json").write_text(json.dumps(manifest))
    return path


def test_whole_dumps_are_listed_the_newest_first(tmp_path):
    old, new = dump(tmp_path, "b", "2026-01-01"), dump(tmp_path, "a", "2026-01-02")
    dump(tmp_path, "c", "2026-01-03", size=5)
    (tmp_path / "d.dump").touch()
    (tmp_path / "e.json").write_text("{}")
    dump(tmp_path, "f", "2026-01-04").with_suffix(".json").write_text("{")
    assert [one["path"] for one in omero_dumps.listing(tmp_path)] == [str(new), str(old)]
    assert omero_dumps.listing(tmp_path / "nothing") == []


@pytest.mark.parametrize(("keep", "patch", "left"), [(2, False, ["1"]), (1, False, ["3", "1"]), (0, True, ["2"])])
def test_kinds_are_counted_apart(keep, patch, left):
    found = [{"path": str(n), "before": "OMERO5.5__0" if n in (2, 4) else None} for n in (5, 4, 3, 2, 1)]
    assert omero_dumps.surplus(found, keep, patch) == left


def test_a_dump_is_checked_against_its_manifest(tmp_path):
    path = dump(tmp_path, "a", "2026-01-01")
    omero_dumps.check(path)
    path.write_text("pmud")
    with pytest.raises(CommandExecutionError, match="not what was dumped"):
        omero_dumps.check(path)
    path.with_suffix(".json").unlink()
    omero_dumps.check(path)
