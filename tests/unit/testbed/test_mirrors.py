"""Reading the machine's package sources."""

import pytest

from testbed import mirrors

DEB822 = """\
# a comment
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/security/
Suites: bookworm-security
Components: main

Types: deb
URIs: https://elsewhere.example/node
Suites: nodistro
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""

ONE_LINE = """\
deb [signed-by=/k.gpg arch=amd64] https://mirror.example/debian bookworm main non-free # why
#deb http://commented.example/debian bookworm main
deb-src http://mirror.example/debian bookworm main
deb cdrom:[Debian]/ bookworm main
deb https://mirror.example/debian/ bookworm-updates main
"""


@pytest.fixture
def apt(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_deb822_sources_are_read_and_foreign_or_disabled_ones_left_out(apt):
    (apt / "sources.list.d/debian.sources").write_text(DEB822)
    assert mirrors.archives(apt, "bookworm") == [
        ("http://mirror.example/debian", ("bookworm", "bookworm-updates"), ("main", "contrib")),
        ("http://mirror.example/security", ("bookworm-security",), ("main",)),
    ]


def test_one_line_sources_of_one_address_are_one_archive(apt):
    (apt / "sources.list").write_text(ONE_LINE)
    assert mirrors.archives(apt, "bookworm") == [
        ("https://mirror.example/debian", ("bookworm", "bookworm-updates"), ("main", "non-free"))
    ]


def test_other_releases_and_disabled_files_are_left_out(apt):
    (apt / "sources.list").write_text("deb http://mirror.example/debian trixie main\n")
    (apt / "sources.list.d/x.sources.disabled").write_text(DEB822)
    assert mirrors.archives(apt, "bookworm") == []


def test_hosts_learn_the_cache_and_no_mirror(apt):
    (apt / "sources.list.d/debian.sources").write_text(DEB822)
    found = mirrors.archives(apt, "bookworm")
    text = mirrors.sources_list(found, "http://10.99.0.1:3142")
    assert text.splitlines() == [
        "deb http://10.99.0.1:3142/archive-0 bookworm main contrib",
        "deb http://10.99.0.1:3142/archive-0 bookworm-updates main contrib",
        "deb http://10.99.0.1:3142/archive-1 bookworm-security main",
    ]
    assert "mirror.example" not in text
    assert mirrors.remaps(found).splitlines()[1] == "Remap-archive1: /archive-1 ; http://mirror.example/security/"


def test_the_main_archive_is_the_one_with_the_release_itself(apt):
    (apt / "sources.list.d/debian.sources").write_text(DEB822)
    found = mirrors.archives(apt, "bookworm")
    assert mirrors.main_archive(found, "bookworm") is found[0]
    assert mirrors.main_archive(found[1:], "bookworm") is None
