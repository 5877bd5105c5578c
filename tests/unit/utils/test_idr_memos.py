"""Memo files on several servers at once."""

import idr_memos

HOSTS = ["idr-x-omeroreadonly-1", "idr-x-omeroreadonly-2", "idr-x-omeroreadonly-3"]


def _one(state, done, eta=None, rate=None):
    images = {"total": 10, "done": done, "failed": 1}
    return {"state": state, "images": images, "eta_seconds": eta, "per_minute": rate}


def test_each_server_begins_elsewhere_and_there_again_when_one_is_away():
    orders = idr_memos.orders([HOSTS[0], HOSTS[2]], HOSTS, shared=False)
    assert orders == {HOSTS[0]: {"turn": 0, "turns": 3}, HOSTS[2]: {"turn": 2, "turns": 3}}


def test_servers_that_share_a_folder_share_the_images():
    orders = idr_memos.orders([HOSTS[0], HOSTS[2]], HOSTS, shared=True)
    assert orders == {HOSTS[0]: {"part": 0, "parts": 2}, HOSTS[2]: {"part": 1, "parts": 2}}


def test_summary_adds_up():
    found = {HOSTS[0]: _one("warming", 4, 60, 5.0), HOSTS[1]: _one("paused", 2, 90, 2.5)}
    told = idr_memos.summary(found, {})
    assert told["images"] == {"total": 20, "done": 6, "failed": 2}
    assert (told["per_minute"], told["eta_seconds"], told["done"]) == (7.5, 90, False)
    assert "errors" not in told
    assert "6 of 20 images done, 2 failed, 7.5 files a minute" in idr_memos.line(told)


def test_time_left_is_unknown_while_one_does_not_know_it():
    assert (
        idr_memos.summary({HOSTS[0]: _one("warming", 1, 60), HOSTS[1]: {"state": "asked"}}, {})["eta_seconds"] is None
    )


def test_done_is_only_when_all_are():
    done = {host: _one("done", 10, 0, 9.0) for host in HOSTS}
    assert idr_memos.summary(done, {})["done"]
    assert idr_memos.summary(done, {})["per_minute"] == 0
    assert not idr_memos.summary({**done, HOSTS[0]: _one("stopped", 1)}, {})["done"]
    assert not idr_memos.summary({}, {})["done"]
    told = idr_memos.summary({HOSTS[0]: done[HOSTS[0]]}, {HOSTS[1]: "no answer"})
    assert not told["done"]
    assert told["errors"] == [f"{HOSTS[1]}: no answer"]
