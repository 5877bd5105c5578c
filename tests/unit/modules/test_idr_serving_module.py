"""What a host says of itself, on its disk."""

import pytest
from salt.exceptions import CommandExecutionError


@pytest.fixture
def module(load, tmp_path, monkeypatch):
    """Function that loads the module with an answer of OMERO.web."""

    def module(answer=None, pillar=()):
        asked = []

        def pillar_get(key, default, unmask):
            return dict(pillar).get(key, default)

        def query(url):
            asked.append(url)
            return answer

        loaded = load("modules", "idr_serving", salt={"http.query": query, "pillar.get": pillar_get})
        monkeypatch.setattr(loaded, "MARK", str(tmp_path / "made/serving"))
        loaded.asked = asked
        return loaded

    return module


def test_mark_comes_and_goes_and_stays_meanwhile(module, tmp_path):
    serving = module().serving
    assert [serving(on) for on in (None, False, True, True, None)] == [False, False, True, True, True]
    assert (tmp_path / "made/serving").exists()
    # Another process, as after a reboot, sees the same.
    assert module().serving() is True
    assert [serving(on) for on in (False, False, None)] == [False, False, False]


@pytest.mark.parametrize("on", ["yes", 2, [], "False"])
def test_other_words_change_nothing(module, tmp_path, on):
    with pytest.raises(CommandExecutionError, match="expected true or false"):
        module().serving(on)
    assert list(tmp_path.iterdir()) == []


def test_a_mark_that_cannot_be_written_is_said(module, tmp_path):
    (tmp_path / "made").write_text("")
    with pytest.raises(CommandExecutionError, match="made"):
        module().serving(True)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"body": "OK", "status": 200}, ""),
        ({"body": "Connection Failed"}, "OMERO.web: not OK"),
        ({"body": "NOT OK"}, "OMERO.web: not OK"),
        ({"error": "refused"}, "OMERO.web: refused"),
        ({"error": "refused", "body": ""}, "OMERO.web: refused"),
        ({}, "OMERO.web: not OK"),
    ],
)
def test_page_is_judged_by_its_body(module, answer, said):
    loaded = module(answer)
    assert loaded.page() == said
    assert loaded.asked == ["http://127.0.0.1:80/webclient/keepalive_ping/"]


def test_page_is_asked_for_where_the_host_has_it(module):
    loaded = module({"body": "OK"}, {"omero:web:http": 8080})
    assert loaded.page() == ""
    assert loaded.asked == ["http://127.0.0.1:8080/webclient/keepalive_ping/"]
