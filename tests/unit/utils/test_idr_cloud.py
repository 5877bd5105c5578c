"""Clouds, of which some fail."""

import idr_cloud
import pytest
import salt.cloud
from salt.exceptions import SaltCloudSystemExit


@pytest.fixture
def clouds(monkeypatch, tmp_path):
    """Function ``({alias: {driver: what list_nodes does}})`` that returns the clouds."""

    def clouds(providers):
        functions = {
            f"{driver}.list_nodes": function for drivers in providers.values() for driver, function in drivers.items()
        }
        made = type("Map", (), {"__init__": lambda self, opts: None, "clouds": functions})
        monkeypatch.setattr(salt.cloud, "Map", made)
        cloud = idr_cloud.Cloud({"conf_file": str(tmp_path / "master")})
        cloud.opts = {"providers": {alias: dict.fromkeys(drivers, {}) for alias, drivers in providers.items()}}
        return cloud

    return clouds


def _nodes(**states):
    """A driver's function; Salt puts the name of the provider into its module, as into this one."""
    return lambda: {name: {"state": state} if state else {} for name, state in states.items()}


def _failing(error):
    def list_nodes():
        raise error

    return list_nodes


def test_servers_of_all_clouds(clouds):
    found, wrong = clouds(
        {
            "one": {"nspawn": _nodes(a="running", b="Stopped", c="ACTIVE")},
            "two": {"openstack": _nodes(d="SHUTOFF", e=None, f="up")},
        }
    ).servers()
    assert wrong == {"one": "", "two": ""}
    assert found == {
        "a": {"state": "running", "provider": "one"},
        "b": {"state": "stopped", "provider": "one"},
        "c": {"state": "running", "provider": "one"},
        "d": {"state": "shutoff", "provider": "two"},
        "e": {"state": "unknown", "provider": "two"},
        "f": {"state": "running", "provider": "two"},
    }


@pytest.mark.parametrize(
    "error",
    [SaltCloudSystemExit("no route"), OSError("no route"), ValueError("no route"), RuntimeError("no route")],
)
def test_one_that_fails_is_not_empty_and_keeps_no_other(clouds, error):
    found, wrong = clouds({"bad": {"openstack": _failing(error)}, "good": {"nspawn": _nodes(a="running")}}).servers()
    assert list(found) == ["a"]
    assert wrong["good"] == ""
    assert "bad" in wrong["bad"]
    assert "no route" in wrong["bad"]


def test_nor_is_one_that_is_not_configured(clouds):
    cloud = clouds({"bad": {"openstack": _nodes()}})
    salt.cloud.Map.clouds.clear()
    assert "openstack" in cloud.servers()[1]["bad"]


@pytest.mark.parametrize("answer", [None, False])
def test_nor_is_one_whose_answer_is_none(clouds, answer):
    assert clouds({"bad": {"openstack": lambda: answer}}).servers()[1]["bad"]


def test_an_empty_cloud_has_answered(clouds):
    assert clouds({"one": {"nspawn": _nodes()}}).servers() == ({}, {"one": ""})
    assert clouds({}).servers() == ({}, {})


class Client:
    """Double of Salt Cloud's client."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def _answered(self, *asked):
        self.asked.append(asked)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def profile(self, profile, names, **kwargs):
        """Double of ``CloudClient.profile``."""
        return self._answered("profile", profile, names, kwargs)

    def destroy(self, names):
        """Double of ``CloudClient.destroy``."""
        return self._answered("destroy", names)

    def action(self, fun, names):
        """Double of ``CloudClient.action``."""
        return self._answered(fun, names)


@pytest.fixture
def client(monkeypatch, tmp_path):
    """Function that makes clouds with a client that answers or raises."""

    def client(answer):
        double = Client(answer)
        monkeypatch.setattr(salt.cloud, "CloudClient", lambda path: double)
        cloud = idr_cloud.Cloud({"conf_file": str(tmp_path / "master")})
        cloud.double = double
        return cloud

    return client


def test_servers_are_made_side_by_side_and_each_has_its_error(client):
    cloud = client({"a": {"id": 1}, "b": {"Error": "no quota"}, "d": False})
    assert cloud.make("ro", ["a", "b", "c", "d"]) == {
        "a": "",
        "b": "no quota",
        "c": "the cloud gave no answer",
        "d": "the cloud gave no answer",
    }
    assert cloud.double.asked == [("profile", "ro", ["a", "b", "c", "d"], {"parallel": True})]


@pytest.mark.parametrize("error", [SaltCloudSystemExit("no quota"), SystemExit(1)])
@pytest.mark.parametrize("function", ["destroy", "stop"])
def test_a_refusal_says_what_was_meant(client, function, error):
    with pytest.raises(ValueError, match=f"{function} a"):
        getattr(client(error), function)("a")


@pytest.mark.parametrize("error", [SaltCloudSystemExit("no quota"), SystemExit(1)])
def test_a_cloud_that_makes_nothing_says_so_of_each(client, error):
    made = client(error).make("ro", ["a", "b"])
    assert list(made) == ["a", "b"]
    assert all(made.values())


@pytest.mark.parametrize(("function", "asked"), [("destroy", ("destroy", ["a"])), ("stop", ("stop", ["a"]))])
def test_destroyed_and_stopped(client, function, asked):
    cloud = client({"here": {"nspawn": {"a": True}}})
    getattr(cloud, function)("a")
    assert cloud.double.asked == [asked]
    with pytest.raises(ValueError, match="does not know it"):
        getattr(client({}), function)("a")


def test_a_driver_is_loaded_once_and_called_by_name(clouds):
    asked = []

    def list_snapshots(kwargs, call):
        asked.append((kwargs, call))
        return {"s": {}}

    def delete_snapshot(kwargs, call):
        raise SaltCloudSystemExit(f"no snapshot {kwargs['name']}")

    cloud = clouds({"one": {"nspawn": _nodes()}, "two": {"openstack": _nodes()}})
    salt.cloud.Map.clouds.update({"nspawn.list_snapshots": list_snapshots, "nspawn.delete_snapshot": delete_snapshot})
    driver = cloud.driver("one")
    assert driver.call("list_snapshots", set="x") == {"s": {}}
    assert asked == [({"set": "x"}, "function")]
    with pytest.raises(ValueError, match="one: delete_snapshot: no snapshot a"):
        driver.call("delete_snapshot", name="a")
    for alias in ("two", "three"):
        with pytest.raises(ValueError, match=f"provider {alias}"):
            cloud.driver(alias)


def test_settings_are_laid_over_those_of_the_profile(client):
    cloud = client({"a": {"id": 1}})
    assert cloud.make("ro", ["a"], {"a": {"volumes": []}}) == {"a": ""}
    assert cloud.double.asked[0][3]["vm_overrides"] == {"a": {"volumes": []}}


@pytest.mark.parametrize("how", ["map", "profile"])
def test_hosts_are_made_as_the_configuration_says_and_not_by_defaults_of_the_client(monkeypatch, tmp_path, how):
    (tmp_path / "cloud").write_text("script_args: -C -F\n")
    seen = []

    def refuse(opts):
        seen.append(opts)
        raise SaltCloudSystemExit("no")

    cloud = idr_cloud.Cloud({"conf_file": str(tmp_path / "master")})
    monkeypatch.setattr(salt.cloud, "Map", refuse)
    told = cloud.run_map(tmp_path / "a.map") if how == "map" else cloud.make("idr-base", ["a"])
    assert list(told.values()) == ["no"]
    assert (seen[0]["script_args"], seen[0]["parallel"]) == ("-C -F", True)
