"""The pinned lists of Python packages agree with one another."""

import re


def _pins(path):
    return dict(re.findall(r"^([\w.-]+)==(\S+)", path.read_text(), re.MULTILINE))


def test_a_machine_without_a_master_has_what_a_master_has(checkout):
    master = _pins(checkout / "requirements/master.txt")
    own = _pins(checkout / "requirements/minion.txt") | _pins(checkout / "requirements/masterless.txt")
    assert {name: master.get(name) for name in own} == own
