"""What the stand-in's submitted commands rest on: pyramid files, mail that is not sent, changes of accounts."""

import pytest
from standin import mail
from standin.directory import Unknown
from standin.pyramids import pyramids
from test_standin_rows import directory


@pytest.fixture
def repository(tmp_path):
    files = {"7_pyramid": b"", "8_pyramid": b"II*", "Dir-001/1000_pyramid": b"MM*", "9": b"II*", "x_pyramid": b""}
    for name, content in files.items():
        path = tmp_path / "Pixels" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(("little", "found"), [(None, [7, 8, 1000]), (True, [8]), (False, [1000])])
def test_pyramids_are_found_by_their_byte_order(repository, little, found):
    assert [number for number, _ in pyramids(repository, little)] == found


def test_mail_is_written_down_and_says_that_it_was_not_sent(tmp_path, monkeypatch):
    monkeypatch.setattr(mail, "PLACE", tmp_path / "mail.log")
    mail.post("omero@localhost", ["a@x", "b@x"], "Maintenance", "at noon")
    mail.post("omero@localhost", [], "Nobody", "reads this")
    text = (tmp_path / "mail.log").read_text()
    assert [line for line in text.splitlines() if line.startswith("To: ")] == ["To: a@x", "To: b@x"]
    assert text.count("[STAND-IN] ") == text.count(" not sent\n") == 2
    assert "Nobody" not in text


def test_what_is_changed_is_seen_by_an_event():
    users, recorder = directory()
    users.update_user(0, 5, {"email": "a@x", "institution": None})
    users.update_group(0, 3, {"description": "new"})
    users.set_permissions(0, 3, -56)
    changes = [(statement, values) for statement, values in recorder.statements if statement.startswith("update")]
    assert changes == [
        ("update experimenter set email = %s, institution = %s where id = %s returning id", ("a@x", None, 5)),
        ("update experimentergroup set description = %s where id = %s returning id", ("new", 3)),
        ("update experimentergroup set permissions = %s where id = %s returning id", (-56, 3)),
    ]
    assert len(recorder.of("event")) == 3


def test_who_is_not_there_cannot_be_changed():
    users, recorder = directory(update__experimenter=[])
    with pytest.raises(Unknown, match="no experimenter 9"):
        users.update_user(0, 9, {"email": "a@x"})
    assert not recorder.of("event")
