"""omero_client: Ice's encoding, and what its errors say. Real servers are asked by tests/local."""

import io
import json

import omero_client
import pytest


@pytest.mark.parametrize("text", ["", "db", "ümlaut", "x" * 254, "x" * 255, "x" * 70000])
def test_strings_survive(text):
    assert omero_client.unpacked(omero_client.packed(text) + omero_client.packed("y"), 2) == [text, "y"]


def test_an_encapsulation_counts_itself():
    assert omero_client.sealed(b"abc") == b"\x09\x00\x00\x00\x01\x01abc"


def test_an_error_is_one_line_without_the_input(monkeypatch, capsys):
    def refuse(login):
        raise RuntimeError(login["password"])

    monkeypatch.setattr(omero_client, "look", refuse)
    monkeypatch.setattr(omero_client.sys, "stdin", io.StringIO(json.dumps({"password": "hidden"})))
    assert omero_client.main("look") == 1
    said = capsys.readouterr()
    assert said.err == "RuntimeError: \n"
    assert "hidden" not in said.out
