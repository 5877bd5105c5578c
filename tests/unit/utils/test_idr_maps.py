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
