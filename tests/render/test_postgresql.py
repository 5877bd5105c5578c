"""States of the database with a pillar of one's own."""

import shutil

import compiling
import idr_check
import idr_ids
import idr_maps
import pytest
import systems
import yaml

URL = "https://packages.example.org/postgresql"
KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nof the test\n-----END PGP PUBLIC KEY BLOCK-----\n"


@pytest.fixture
def compile_database(checkout, pillar_root, mine, tmp_path):
    """Function that compiles the database's host with more in pillar postgresql."""

    def compile_database(system, **more):
        shutil.copytree(pillar_root, tmp_path / "pillar")
        path = tmp_path / "pillar/role/database.sls"
        data = yaml.safe_load(path.read_text())
        data["postgresql"].update(more)
        path.write_text(yaml.safe_dump(data))
        host = f"{idr_ids.parse(idr_maps.hosts(checkout)[0])['environment']}-database"
        grains = systems.grains(system, host, ["db"])
        options = compiling.options(checkout, tmp_path / "pillar", tmp_path / "minion", grains, mine)
        compiled = compiling.Compiled(options)
        assert compiled.errors == []
        assert compiled.undefined() == []
        assert idr_check.errors(compiled.pillar, idr_check.schemas(checkout / "pillar/schemas")) == []
        return compiled

    return compile_database


def _chunk(compiled, name):
    return next(chunk for chunk in compiled.chunks if chunk["__id__"] == name)


def _text(compiled, name):
    return next(compiled.rendered(chunk, path) for chunk, path in compiled.sources() if chunk["__id__"] == name)


@pytest.mark.parametrize(
    ("system", "package", "file", "said"),
    [
        ("debian-12", "postgresql-16", "/etc/apt/sources.list.d/pgdg.sources", "Suites: bookworm-pgdg"),
        ("ubuntu-24.04", "postgresql-16", "/etc/apt/sources.list.d/pgdg.sources", "Suites: noble-pgdg"),
        ("rocky-9", "postgresql16-server", "/etc/yum.repos.d/pgdg.repo", "gpgcheck=1"),
    ],
)
def test_packages_of_the_project(compile_database, system, package, file, said):
    compiled = compile_database(system, version=16, source="pgdg", repository={"url": URL, "key": KEY})
    assert package in _chunk(compiled, "postgresql-packages")["pkgs"]
    assert _chunk(compiled, "postgresql-repository")["name"] == file
    text = _text(compiled, "postgresql-repository")
    assert URL in text
    assert said in text
    key = _chunk(compiled, "postgresql-signing-key")
    assert key["name"] in text
    assert key["contents_pillar"] == "postgresql:repository:key"


def test_key_that_the_system_has(compile_database):
    compiled = compile_database(
        "debian-12", version="16", source="pgdg", repository={"url": URL, "key": "/some/key.asc"}
    )
    assert "Signed-By: /some/key.asc" in _text(compiled, "postgresql-repository")
    assert "postgresql-signing-key" not in {chunk["__id__"] for chunk in compiled.chunks}


@pytest.mark.parametrize(("system", "version"), [("debian-12", "15"), ("ubuntu-24.04", "16"), ("rocky-9", "13")])
def test_the_system_s_own_version_by_default(compile_database, system, version):
    compiled = compile_database(system)
    assert _chunk(compiled, "postgresql-only-version")["version"] == version
    assert "postgresql-repository" not in {chunk["__id__"] for chunk in compiled.chunks}


def test_version_is_looked_at_before_anything_is_installed(compile_database):
    compiled = compile_database("debian-12")
    ids = [chunk["__id__"] for chunk in sorted(compiled.chunks, key=lambda chunk: chunk["order"])]
    assert ids.index("volume-db") < ids.index("postgresql-only-version") < ids.index("postgresql-packages")


def test_parameters_of_pillar_win(compile_database):
    parameters = {"max_connections": 50, "shared_buffers": "77MB", "log_statement": "it's", "jit": False}
    text = _text(compile_database("debian-12", parameters=parameters), "postgresql-parameters")
    lines = text.splitlines()
    assert "shared_buffers = '77MB'" in lines
    assert "log_statement = 'it''s'" in lines
    assert "jit = 'off'" in lines
    assert "effective_cache_size = '6144MB'" in lines
