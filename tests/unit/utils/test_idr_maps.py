"""What maps and profiles say of hosts."""

import idr_maps
import pytest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.map").write_text("idr-proxy:\n  - one-proxy\n  - two-proxy: {size: m1.small}\n")
    (tmp_path / "b.map").write_text("idr-database: [one-database]\n")
    return tmp_path


def test_hosts_of_all_maps(folder):
    assert idr_maps.hosts(folder) == ["one-database", "one-proxy", "two-proxy"]


def test_hosts_of_one_environment(folder):
    assert idr_maps.hosts(folder, "one") == ["one-database", "one-proxy"]


def test_unknown_environment_names_the_known_ones(folder):
    with pytest.raises(ValueError, match=r"'three'.*one, two"):
        idr_maps.hosts(folder, "three")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "expected profiles"),
        ("p: host\n", "p: expected a list"),
        ("p: []\n", "p: expected a list"),
        ("p: [web-1]\n", "p: minion id 'web-1'"),
        ("p: [\n", "bad.map"),
    ],
)
def test_bad_map_is_named(folder, text, said):
    (folder / "bad.map").write_text(text)
    with pytest.raises(ValueError, match=said) as caught:
        idr_maps.hosts(folder)
    assert "bad.map" in str(caught.value)


@pytest.fixture
def cloud(tmp_path):
    """Function ``(map)`` that writes it, beside profiles of which one extends another."""
    (tmp_path / "cloud.profiles.d").mkdir()
    (tmp_path / "cloud.profiles.d/a.conf").write_text(
        "base: {size: s, volumes: [{name: db, size: 8}]}\ndb: {extends: base}\nnone: {extends: elsewhere}\n"
    )
    return lambda text: (tmp_path / "a.map").write_text(text)


@pytest.mark.parametrize(
    ("text", "volumes"),
    [
        ("db: [a-database]", {"db": 8}),
        ("db: [{a-database: {volumes: [{name: db, size: 9}]}}]", {"db": 9}),
        ("db: [{a-database: [{size: x}, {volumes: [{name: db, snapshot: s}]}]}]", {"db": None}),
        ("none: [a-database]", {}),
        ("unknown: [a-database]", None),
        ("db: [a-database-2]", None),
    ],
)
def test_volumes_come_from_the_map_over_the_profile(tmp_path, cloud, text, volumes):
    cloud(text)
    assert idr_maps.volumes(tmp_path, "a-database") == volumes


def test_memory_of_the_size_that_a_provider_knows(tmp_path):
    (tmp_path / "x.map").write_text("big: [x-database]\nsmall: [{x-proxy: {size: huge}}]\nelse: [x-management]\n")
    config = tmp_path / "etc"
    for folder in (tmp_path / "cloud.profiles.d", tmp_path / "cloud.providers.d", config / "cloud.profiles.d"):
        folder.mkdir(parents=True)
    profiles = "big: {extends: base, size: m1}\nsmall: {extends: base}\nelse: {extends: base, size: unknown}\n"
    (tmp_path / "cloud.profiles.d/a.conf").write_text(profiles)
    (config / "cloud.profiles.d/b.conf").write_text("base: {provider: here}\n")
    (tmp_path / "cloud.providers.d/c.conf").write_text(
        "here: {driver: d, sizes: {m1: {ram: 512}, huge: {ram: 9000}}}\n"
    )
    hosts = ("x-database", "x-proxy", "x-management", "x-omeroreadwrite")
    assert [idr_maps.memory(tmp_path, host, config) for host in hosts] == [512, 9000, None, None]
    # without the profile that names the provider nothing is known
    assert idr_maps.memory(tmp_path, "x-database") is None


@pytest.fixture
def profiles(tmp_path):
    """Function ``(map)`` that writes it, and the folder with a profile of the checkout and one of the master's own."""
    for folder, text in {
        "cloud.profiles.d": "idr-omeroreadonly: {extends: idr-base}\nfixed: {provider: one}\n",
        "etc/cloud.profiles.d": "idr-base: {provider: here}\n",
    }.items():
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.conf").write_text(text)
    return lambda text: (tmp_path / "a.map").write_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "ro: [x-omeroreadonly-1, x-omeroreadonly-2]\nother: [y-omeroreadonly-1, x-proxy]",
        "ro: [{x-omeroreadonly-1: {size: s}}]",
        "other: [y-omeroreadonly-1]\nro: [{y-omeroreadonly-2: {}, x-omeroreadonly-1: {}}]",
    ],
)
def test_profile_of_a_role(tmp_path, profiles, text):
    profiles(text)
    assert idr_maps.profile(tmp_path, "x", "omeroreadonly") == "ro"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ro: [y-omeroreadonly-1, x-proxy]", "found none"),
        ("ro: [x-omeroreadonly-1]\nlarge: [x-omeroreadonly-2]", "found large, ro"),
        ("ro:", "a.map: ro: expected a list of hosts"),
        ("ro: [web-1]", "web-1"),
    ],
)
def test_one_profile_must_be_meant(tmp_path, profiles, text, said):
    profiles(text)
    with pytest.raises(ValueError, match=said):
        idr_maps.profile(tmp_path, "x", "omeroreadonly")


def test_provider_is_the_profiles_own_or_that_of_what_it_extends(tmp_path, profiles):
    assert idr_maps.provider(tmp_path, "idr-omeroreadonly", tmp_path / "etc") == "here"
    assert idr_maps.provider(tmp_path, "fixed", tmp_path / "etc") == "one"
    # Only the master's own configuration has it.
    assert idr_maps.provider(tmp_path, "idr-omeroreadonly") is None
    assert idr_maps.provider(tmp_path, "none", tmp_path / "etc") is None


def test_what_maps_say_of_one_environment(tmp_path):
    (tmp_path / "a.map").write_text("db: [{a-database: {size: x}}, b-database]\nro: [a-omeroreadonly-1]\n")
    (tmp_path / "c.map").write_text("ro: [{a-omeroreadonly-2: null}]\n")
    assert idr_maps.entries(tmp_path, "a") == {
        "db": [{"a-database": {"size": "x"}}],
        "ro": ["a-omeroreadonly-1", "a-omeroreadonly-2"],
    }
    with pytest.raises(ValueError, match="no map"):
        idr_maps.entries(tmp_path, "d")


@pytest.mark.parametrize(
    ("text", "size", "file"),
    [
        ("db: [a-database]", 8, "cloud.profiles.d/a.conf"),
        ("db: [{a-database: {size: x}}]", 8, "cloud.profiles.d/a.conf"),
        ("db: [{a-database: {volumes: [{name: db, size: 9}]}}]", 9, "a.map"),
    ],
)
def test_sizes_and_where_they_are_from(cloud, tmp_path, text, size, file):
    cloud(text)
    assert idr_maps.sized(tmp_path, "a-database") == {"db": {"size": size, "file": str(tmp_path / file)}}


@pytest.mark.parametrize(
    "text", ["none: [a-database]", "db: [{a-database: {volumes: [{name: db, snapshot: s}]}}]", "db: [b-database]"]
)
def test_without_a_size_there_is_nothing_to_grow_to(cloud, tmp_path, text):
    cloud(text)
    assert idr_maps.sized(tmp_path, "a-database") == {}


def test_profiles_of_the_master_count(cloud, tmp_path):
    cloud("db: [a-database]")
    own = tmp_path / "etc/cloud.profiles.d"
    own.mkdir(parents=True)
    (own / "z.conf").write_text("base: {volumes: [{name: db, size: 12}]}\n")
    assert idr_maps.sized(tmp_path, "a-database", tmp_path / "etc")["db"] == {"size": 12, "file": str(own / "z.conf")}
