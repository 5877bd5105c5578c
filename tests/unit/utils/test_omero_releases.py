"""omero_releases: which releases there are, and which may go."""

import omero_releases
import pytest


def known(*versions):
    """What is known once these were current, one after the other."""
    found = omero_releases.read(None)
    for hour, version in enumerate(versions):
        found = omero_releases.noted(found, version, f"http://here/{version}.zip", version * 3, f"T{hour}")
    return found


def test_what_is_known_is_read_as_it_was_written():
    found = known("1", "2", "1")
    assert omero_releases.read(omero_releases.text(found)) == found
    assert [one["since"] for one in found["history"]] == ["T0", "T1", "T2"]


def test_the_same_release_again_is_no_news():
    found = known("1", "2")
    assert omero_releases.noted(found, "2", "http://here/2.zip", "222", "later") == found


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"releases": {"1": {}}, "history": []}', '{"releases": 1}'])
def test_a_broken_record_is_refused(text):
    with pytest.raises(omero_releases.RecordError, match="a record of releases was expected"):
        omero_releases.read(text)


@pytest.mark.parametrize(
    ("history", "current", "previous"),
    [(["1"], "1", None), (["1", "2"], "2", "1"), (["1", "2", "1"], "1", "2"), (["1", "gone", "2"], "2", "1")],
)
def test_previous(history, current, previous):
    assert omero_releases.previous(known(*history), current, {"1", "2"}) == previous


@pytest.mark.parametrize(
    ("history", "keep", "expired"),
    [
        (["1", "2", "3", "4"], 3, ["1"]),
        (["1", "2", "3", "4"], 4, []),
        (["1", "2", "3", "4"], 2, ["1", "2"]),
        # the current one and the one before it stay, whatever is said
        (["1", "2", "3", "4"], 1, ["1", "2"]),
        (["4", "3", "2", "1", "2"], 2, ["3", "4"]),
    ],
)
def test_expired(history, keep, expired):
    assert omero_releases.expired(known(*history), history[-1], set("1234"), keep) == expired


def test_expired_once_another_is_current():
    assert omero_releases.expired(known("1", "2"), "3", {"1", "2", "3"}, 2) == ["1"]


def test_what_never_was_current_goes_first():
    assert omero_releases.expired(known("1", "2", "3"), "3", {"0", "1", "2", "3"}, 3) == ["0"]


def test_listing():
    found = omero_releases.listing(known("1", "2"), {"1": "111", "2": "other", "3": "333"}, "2")
    assert [(one["version"], one["url"], one["since"]) for one in found] == [
        ("2", None, "T1"),
        ("1", "http://here/1.zip", "T0"),
        ("3", None, None),
    ]
    assert [(one["current"], one["previous"]) for one in found] == [(True, False), (False, True), (False, False)]
