"""
Each command in the documentation is one that there is, takes what it is given there, and is tried by a test. So a
page that names what was renamed or never tried is found here.
"""

import re

import commands
import pytest

ALL = commands.commands()
LOCAL_TARGETS = re.findall(r"^([a-z-]+):", (commands.CHECKOUT / "Makefile").read_text(), re.MULTILINE)
NAMED = re.compile(r"([a-z_]\w*)=")


def of(program):
    found = [command for command in ALL if command.words[0] == program]
    return pytest.mark.parametrize("command", found, ids=str)


def function_of(words):
    """(the function, what is behind it); options with a value stand in no command between them."""
    at = next(number for number, word in enumerate(words) if re.fullmatch(r"[a-z_]+\.[a-z_]+", word))
    return words[at], words[at + 1 :]


def check(command, folder, kind, words):
    function, given = function_of(words)
    known = commands.functions(folder).get(function)
    if known is None:
        assert commands.of_salt(kind, function), f"{command}: there is no function {function}"
    else:
        arguments, others = known
        wrong = [match[1] for word in given if (match := NAMED.match(word)) and match[1] not in arguments]
        assert not wrong or others, f"{command}: {function} takes {', '.join(arguments)}, not {', '.join(wrong)}"
    assert commands.tried(function), f"{command}: no test tries {function}"


def test_pages_have_commands():
    assert len(ALL) > 100


@of("salt")
def test_salt(command):
    check(command, "_modules", "modules", command.words[1:])


@of("salt-run")
def test_salt_run(command):
    check(command, "_runners", "runners", command.words[1:])
    for word in command.words:
        if word.startswith("orch."):
            assert (commands.CHECKOUT / "salt" / f"{word.replace('.', '/')}.sls").is_file(), command
            assert any(word.partition(".")[2] in text for text in commands.tests()), f"{command}: no test tries it"


@of("salt-cloud")
def test_salt_cloud(command):
    words = command.words
    options = {word: words[number + 1] for number, word in enumerate(words[:-1]) if re.fullmatch("-[a-z]", word)}
    known = {"-m", "-P", "-y", "-Q", "-F", "-p", "-d", "-f", "-a"}
    assert {word for word in words if re.fullmatch("-[A-Za-z]", word)} <= known, command
    for flag in ("-f", "-a"):
        if flag in options:
            names = [name for name in commands.functions("_clouds") if name.partition(".")[2] == options[flag]]
            assert names, f"{command}: no driver has {options[flag]}"
            assert any(options[flag] in text for text in commands.tests()), f"{command}: no test tries it"
    if "-m" in options and "ENV" not in options["-m"]:
        assert (commands.CHECKOUT / options["-m"]).is_file(), command
    if "-p" in options:
        text = (commands.CHECKOUT / "cloud.profiles.d/idr-roles.conf").read_text()
        assert re.search(rf"^{options['-p']}:", text, re.MULTILINE), command


@of("make")
def test_make(command):
    assert command.words[1] in LOCAL_TARGETS, command


def test_pages_that_are_linked_are_there():
    for page in commands.pages():
        for target in re.findall(r"\]\(([^)#:]+\.md)", page.read_text()):
            assert (page.parent / target).is_file(), f"{page}: {target}"
        for target in re.findall(r"\bdocs/[a-z-]+\.md", page.read_text()):
            assert (commands.CHECKOUT / target).is_file(), f"{page}: {target}"
