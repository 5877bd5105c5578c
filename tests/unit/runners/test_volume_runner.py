"""One command from a larger size in a profile to a larger file system, over doubles of cloud and hosts."""

import idr_cloud
import idr_minions
import idr_site
import pytest

DB, MGMT = "idr-x-database", "idr-x-management"
GIB = 1024**3
PILLARS = {DB: {"volumes": {"db": {"path": "/pg"}}}, MGMT: {"volumes": {"data": {"path": "/data"}}}}


@pytest.fixture
def site(load, tmp_path, monkeypatch):
    """The runner, with ``.sizes`` of the cloud's volumes, ``.files`` systems in bytes, ``.refused`` volumes."""
    (tmp_path / "cloud.profiles.d").mkdir()
    (tmp_path / "pillar/schemas").mkdir(parents=True)
    profiles = "db: {volumes: [{name: db, size: 12}]}\nmg: {volumes: [{name: data, size: 5}]}\n"
    (tmp_path / "cloud.profiles.d/a.conf").write_text(profiles)
    (tmp_path / "x.map").write_text(f"db: [{DB}]\nmg: [{MGMT}]\n")
    opts = {
        "root_dir": str(tmp_path),
        "conf_file": str(tmp_path / "etc/master"),
        "pillar_roots": {"base": [str(tmp_path / "pillar")]},
    }
    module = load("runners", "volume", opts=opts, context={})
    module.sizes = {f"{DB}-db": 10, f"{MGMT}-data": 5}
    module.files = {"/pg": 10 * GIB, "/data": 5 * GIB}
    module.refused, module.calls, module.blind = set(), [], False
    owners = {f"{DB}-db": (DB, "/pg"), f"{MGMT}-data": (MGMT, "/data")}

    class Driver:
        def call(self, called, /, **arguments):
            if called == "list_volumes":
                return {name: {"size": size, "attached_to": owners[name][0]} for name, size in module.sizes.items()}
            if arguments["name"] in module.refused:
                raise ValueError("quota exceeded")
            module.sizes[arguments["name"]] = arguments["size"]
            return {}

    class Cloud:
        def __init__(self, opts):
            pass

        def servers(self):
            return {host: {"state": "running", "provider": "here"} for host in (DB, MGMT)}, {"here": ""}

        def driver(self, alias):
            return Driver()

    class Minions:
        def __init__(self, opts):
            pass

        def call(self, host, function, path, limit=60):
            module.calls.append((host, function, path))
            name = next(name for name, where in owners.items() if where == (host, path))
            device = 0 if module.blind else module.sizes[name] * GIB
            if function == "volume.grow":
                module.files[path] = device
            return device if function == "volume.size" else max(device - module.files[path], 0)

    monkeypatch.setattr(idr_cloud, "Cloud", Cloud)
    monkeypatch.setattr(idr_minions, "Minions", Minions)
    monkeypatch.setattr(idr_site, "managed", lambda opts, environment: [DB, MGMT])
    compiled = lambda opts, host: type("P", (), {"compile_pillar": lambda self: PILLARS[host]})()  # noqa: E731
    monkeypatch.setattr(module.idr_pillar, "compiler", compiled)
    monkeypatch.setattr(module, "SEEN", 0)
    return module


EXTENDED = {f"{DB}-db": {"host": DB, "volume": "db", "from": 10, "to": 12}}


def test_volume_and_file_system_grow(site):
    assert site.grow("idr-x", test=True) == {"extended": EXTENDED, "grown": {}}
    assert site.sizes[f"{DB}-db"] == 10
    assert site.grow("idr-x") == {"extended": EXTENDED, "grown": {DB: {"/pg": 2 * GIB}}}
    assert site.files == {"/pg": 12 * GIB, "/data": 5 * GIB}
    # again: nothing is left
    assert site.grow("idr-x") == {"extended": {}, "grown": {}}


def test_what_was_interrupted_is_done(site):
    site.sizes[f"{DB}-db"] = 12
    assert site.grow("idr-x", test=True)["grown"] == {DB: {"/pg": 2 * GIB}}
    assert site.grow("idr-x") == {"extended": {}, "grown": {DB: {"/pg": 2 * GIB}}}


def test_a_smaller_size_is_refused_before_anything_is_done(site, tmp_path):
    site.sizes[f"{MGMT}-data"] = 6
    (error,) = site.grow("idr-x")["errors"]
    assert error.startswith(f"{tmp_path}/cloud.profiles.d/a.conf: {MGMT}: volume data: expected size 6 (GB) or more")
    assert (site.sizes[f"{DB}-db"], site.calls) == (10, [])


def test_what_the_cloud_refuses_or_a_host_does_not_see_is_told(site):
    site.refused.add(f"{DB}-db")
    told = site.grow("idr-x")
    assert (told["extended"], told["errors"]) == ({}, [f"{DB}-db: quota exceeded"])
    site.refused.clear()
    site.blind = True
    told = site.grow("idr-x")
    assert told["extended"] == EXTENDED
    assert "expected a device of" in told["errors"][0]
    assert site.__context__["retcode"] == 1
