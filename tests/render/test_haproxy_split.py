"""Which read-only servers HAProxy sends visitors of the web to, and which those of raw OMERO."""

import re
import shutil

import compiling
import idr_check
import pytest
import systems

from testbed.paths import ENVIRONMENT

RAW = ("websocket", "omero", "omerotcp")
THREE = "-omeroreadonly-3"


@pytest.fixture(scope="session")
def configured(checkout, pillar_root, mine, tmp_path_factory):
    """Function that renders the configuration for so many servers of raw OMERO alone; three servers serve."""
    # one whose map has two
    three = f"{ENVIRONMENT}{THREE}"
    known = {
        "address": {**mine["address"], three: ["10.99.0.99"]},
        "serving": {**mine["serving"], three: True},
    }

    def configured(number):
        root = tmp_path_factory.mktemp("split") / "pillar"
        shutil.copytree(pillar_root, root)
        role = root / "role/proxy.sls"
        text = role.read_text()
        assert text.count("api_servers: 0") == 1
        role.write_text(text.replace("api_servers: 0", f"api_servers: {number}"))
        grains = systems.grains("debian-12", f"{ENVIRONMENT}-proxy", ["nginxcache"])
        opts = compiling.options(checkout, root, tmp_path_factory.mktemp("minion"), grains, known)
        return compiling.Compiled(opts)

    return configured


def _sections(compiled):
    """Servers of each section, by their number, and how they are checked."""
    chunk, path = next(
        (chunk, path) for chunk, path in compiled.sources() if chunk["name"] == "/etc/haproxy/haproxy.cfg"
    )
    text = compiled.rendered(chunk, path)
    found: dict = {}
    for line in text.splitlines():
        if section := re.match(r"(?:backend|listen|frontend) (\S+)$", line):
            name = section[1]
        elif server := re.match(r"    server \S+-omeroreadonly-(\d+) \S+:\d+ (.*)$", line):
            found.setdefault(name, {})[int(server[1])] = re.sub(r"/\S+$", "", server[2])
    return found


@pytest.mark.parametrize(
    ("number", "web", "raw"),
    [(0, [1, 2, 3], [1, 2, 3]), (1, [1, 2], [3]), (2, [1], [2, 3]), (3, [1], [2, 3]), (99, [1], [2, 3])],
)
def test_servers_are_split(configured, number, web, raw):
    compiled = configured(number)
    assert compiled.errors == []
    sections = _sections(compiled)
    assert sections["readonly"] == dict.fromkeys([1, 2, 3], "check")
    assert sections["omeroweb"] == dict.fromkeys(web, "track readonly")
    for name in RAW:
        assert sections[name] == dict.fromkeys(raw, "track readonly")
    # Each server's own port is there whatever it serves.
    own = {name: servers for name, servers in sections.items() if "-omeroreadonly-" in name}
    assert sorted(own.values(), key=list) == [{one: "track readonly"} for one in (1, 2, 3)]


def test_clients_are_told_of_the_servers_of_raw_omero(configured):
    arguments = configured(1).functions["frontend.client_arguments"]()
    assert re.findall(r"-p (\d+)", arguments[0]) == ["14063"]


@pytest.mark.parametrize("number", [-1, "'1'", 1.5, "null"])
def test_other_numbers_are_refused_before_anything_is_applied(configured, checkout, number):
    errors = idr_check.errors(configured(number).pillar, idr_check.schemas(checkout / "pillar/schemas"))
    assert [error["path"] for error in errors] == [["haproxy", "api_servers"]]
