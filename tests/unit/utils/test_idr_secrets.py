import stat

import idr_ids
import idr_secrets
import pytest
import yaml


def _load(folder, role):
    return yaml.safe_load((folder / "e" / f"{role}.sls").read_text())["secrets"]


@pytest.fixture
def made(tmp_path):
    """Folder with the secrets of environment e, and what making them said."""
    return tmp_path, idr_secrets.make(tmp_path, "e")


def test_each_role_gets_what_it_needs_and_nothing_else(made):
    folder, _ = made
    for role in idr_ids.ROLES:
        names = {f"{group}:{key}" for group, values in _load(folder, role).items() for key in values}
        assert names == {name for name, roles in idr_secrets.NEEDED.items() if role in roles}


def test_values_are_shared_long_and_different(made):
    folder, _ = made
    database, writer = _load(folder, "database")["database"], _load(folder, "omeroreadwrite")
    assert database["omero"] == writer["database"]["omero"]
    assert _load(folder, "omeroreadonly")["web"] == writer["web"]
    values = [*database.values(), *writer["omero"].values(), *writer["web"].values()]
    assert len(set(values)) == len(values)
    assert min(map(len, values)) >= 32


def test_names_are_told_and_values_never(made):
    folder, told = made
    assert told["kept"] == []
    assert "database:database:omero" in told["made"]
    values = [value for role in idr_ids.ROLES for group in _load(folder, role).values() for value in group.values()]
    assert not [value for value in values if value in str(told)]


def test_only_the_owner_may_read(made):
    folder, _ = made
    for path in (folder / "e").iterdir():
        if path.suffix == ".sls":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "e").stat().st_mode) == 0o700


def test_second_run_changes_nothing(made):
    folder, first = made
    before = {path.name: path.read_bytes() for path in (folder / "e").glob("*.sls")}
    assert idr_secrets.make(folder, "e") == {"made": [], "kept": first["made"]}
    assert {path.name: path.read_bytes() for path in (folder / "e").glob("*.sls")} == before


def test_missing_is_added_from_the_role_that_has_it(made):
    folder, _ = made
    known = _load(folder, "database")["database"]["omero"]
    path = folder / "e/omeroreadwrite.sls"
    path.write_text("secrets: {mine: {own: kept as it is}}\n")
    told = idr_secrets.make(folder, "e")
    assert "omeroreadwrite:database:omero" in told["made"]
    assert _load(folder, "omeroreadwrite")["database"]["omero"] == known
    assert _load(folder, "omeroreadwrite")["mine"] == {"own": "kept as it is"}


def test_different_values_are_refused_and_not_shown(made):
    folder, _ = made
    path = folder / "e/omeroreadwrite.sls"
    path.write_text(path.read_text().replace(_load(folder, "omeroreadwrite")["database"]["omero"], "another-secret"))
    with pytest.raises(ValueError, match=r"database:omero.*database\.sls, .*omeroreadwrite\.sls") as caught:
        idr_secrets.make(folder, "e")
    assert "another-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secrets: []\n",
        "secrets: {web: hidden-value}\n",
        "other: {}\n",
        "secrets: {a: b\nhidden-value",
        "#!yaml|gpg\n",
    ],
)
def test_other_files_are_refused_and_left_alone(made, text):
    folder, _ = made
    path = folder / "e/proxy.sls"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"proxy\.sls") as caught:
        idr_secrets.make(folder, "e")
    assert "hidden-value" not in str(caught.value)
    assert path.read_text() == text


def test_environment_cannot_lead_elsewhere(tmp_path):
    with pytest.raises(ValueError, match="environment"):
        idr_secrets.make(tmp_path / "secrets", "../e")
    assert list(tmp_path.iterdir()) == []


def test_failed_write_leaves_the_old_file(made, monkeypatch):
    folder, _ = made
    path = folder / "e/database.sls"
    path.write_text("secrets: {}\n")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(idr_secrets.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        idr_secrets.make(folder, "e")
    assert path.read_text() == "secrets: {}\n"
    assert not list((folder / "e").glob(".database*"))


def test_users_in_pillar_get_their_passwords(made):
    folder, _ = made
    pillar = {"omero": {"users": {"curator": {"password": "secrets:omero:curator"}, "guest2": {"groups": ["x"]}}}}
    more = idr_secrets.of_users(pillar)
    assert more == {"omero:curator": ("omeroreadwrite",)}
    assert idr_secrets.make(folder, "e", more)["made"] == ["omeroreadwrite:omero:curator"]
    assert len(_load(folder, "omeroreadwrite")["omero"]["curator"]) >= 32
    assert "curator" not in _load(folder, "omeroreadonly")["omero"]
    assert idr_secrets.make(folder, "e", more)["made"] == []


def test_known_secrets_and_no_users_need_nothing_more():
    assert idr_secrets.of_users({}) == {}
    assert idr_secrets.of_users({"omero": {"users": {"public": {"password": "secrets:omero:public"}}}}) == {}


@pytest.mark.parametrize("password", ["hunter2", "secrets:omero", 7])
def test_a_password_in_the_clear_is_refused_and_not_shown(password):
    with pytest.raises(ValueError, match="omero:users:u:password: expected a key of pillar") as caught:
        idr_secrets.of_users({"omero": {"users": {"u": {"password": password}}}})
    assert "hunter2" not in str(caught.value)
