import idr_rollback
import pytest

OLDER = {"version": "5.6.17", "url": "https://x.example/1.zip", "sha256": "a" * 64, "current": False, "previous": False}
OLD = {**OLDER, "version": "5.6.18", "sha256": "b" * 64}
NEW = {**OLDER, "version": "5.7.0", "sha256": "c" * 64}


def _release(one):
    return {key: one[key] for key in ("version", "url", "sha256")}


def test_back_to_the_one_before():
    releases = [{**NEW, "current": True}, {**OLD, "previous": True}, OLDER]
    assert idr_rollback.target(_release(NEW), releases) == _release(OLD)


def test_an_upgrade_that_did_not_switch_goes_back_to_what_is_there():
    releases = [{**OLD, "current": True}, {**OLDER, "previous": True}, NEW]
    assert idr_rollback.target(_release(NEW), releases) == _release(OLD)


@pytest.mark.parametrize(
    ("releases", "why"),
    [
        ([{**NEW, "current": True}], "found none"),
        ([], "found none"),
        ([{**NEW, "current": True}, {**OLD, "previous": True, "url": None}], "where it came from"),
        ([{**NEW, "current": True}, {**NEW, "version": "5.8.0", "previous": True}], "nothing to go back to"),
    ],
)
def test_refusals_say_why(releases, why):
    with pytest.raises(ValueError, match=why):
        idr_rollback.target(_release(NEW), releases)


def test_the_newest_dump_of_the_database_and_its_schema():
    def dump(database, schema, time):
        return {"database": database, "schema": schema, "time": time, "path": f"/b/{time}"}

    dumps = [
        dump("omero", "OMERO5.4__0", "2026-01-01"),
        dump("omero", "OMERO5.4__0", "2026-01-03"),
        dump("omero", "OMERO5.5__0", "2026-01-04"),
        dump("other", "OMERO5.4__0", "2026-01-05"),
    ]
    assert idr_rollback.dump(dumps, "omero", "OMERO5.4__0")["path"] == "/b/2026-01-03"
    with pytest.raises(ValueError, match="no dump of database omero with schema OMERO5.3__1"):
        idr_rollback.dump(dumps, "omero", "OMERO5.3__1")


def test_databases_can_be_told_apart():
    names = idr_rollback.databases("omero", "OMERO5.5__0", "20260101")
    assert names["kept"] == "omero_omero5_5__0_20260101"
    assert len(set(names.values())) == 4


def test_the_others_are_made_like_the_one_in_use():
    one = {"owner": "omero", "extensions": ["x"], "readers": {"omeroreadonly": {"passwords_of": ["public"]}}}
    pillar = {"postgresql": {"databases": {"omero": one}}}
    assert idr_rollback.prepared(pillar, "omero", ["a", "b"]) == {"postgresql": {"databases": {"a": one, "b": one}}}
    with pytest.raises(ValueError, match="expected other, found omero"):
        idr_rollback.prepared(pillar, "other", ["a"])
