"""What the omero command starts with the stand-in's `java`."""

import pytest
from standin.java import main


def test_it_says_that_it_is_none(capsys):
    assert main(["-version"]) == 0
    assert "[STAND-IN]" in capsys.readouterr().err
    assert main(["-cp", "x", "ome.services.Other"]) == 1
    assert "[STAND-IN] there is no Java here" in capsys.readouterr().err


def test_passwords_get_their_digests(capsys):
    assert main(["-cp", "x.jar", "ome.security.auth.PasswordUtil", "ome"]) == 0
    assert capsys.readouterr().out == "vvFwuczAmpyoRC0Nsv8FCw==\n"


@pytest.mark.parametrize(
    "action", [["full"], ["events"], ["reset", "0"], ["reindex", "ome.model.core.Image"], ["dryrun"]]
)
def test_an_index_is_made_of_nothing(action, capsys):
    assert main(["-Xmx1g", "-cp", "", "ome.services.fulltext.Main", *action]) == 0
    assert capsys.readouterr().out.startswith(f"[STAND-IN] ome.services.fulltext.Main {' '.join(action)}")


@pytest.mark.parametrize("action", [[], ["standalone"]])
def test_other_actions_are_refused(action, capsys):
    assert main(["ome.services.fulltext.Main", *action]) == 2
    assert "no such action" in capsys.readouterr().err
