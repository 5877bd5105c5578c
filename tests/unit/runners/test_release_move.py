"""The public address moves, comes back, and is where somebody says it is: a cloud of doubles, a real log."""

import idr_cloud
import idr_events
import idr_keys
import idr_minions
import idr_move
import idr_release_log
import keys
import pytest
from farm import options
from salt.exceptions import CommandExecutionError

SITE = "198.51.100.7"
OTHER = "198.51.100.8"
A, B, C = (f"idr-{name}-proxy" for name in "abc")


class Cloud:
    """Floating IPs as the drivers tell them; ``breaks`` is what goes wrong in a swap, and when."""

    def __init__(self):
        self.leads, self.breaks, self.calls = {SITE: A, OTHER: B}, None, []
        self.volumes, self.gone = {"idr-a-database-db": {}, "idr-b-database-db": {}}, []
        self.servers_there = {}

    def call(self, called, /, **arguments):
        if called == "list_floating_ips":
            return {address: {"attached_to": host} for address, host in self.leads.items()}
        if called == "delete_volume":
            self.gone.append(arguments["name"])
            return self.volumes.pop(arguments["name"])
        assert called == "list_volumes"
        return self.volumes

    def act(self, host, called, /, **arguments):
        self.calls.append(called)
        if called == "attach_floating_ip":
            self.leads[arguments["address"]] = host
            return None
        other = {host: arguments["with"], arguments["with"]: host}
        if self.breaks == "before":
            raise ValueError("the cloud is busy")
        if self.breaks == "half-way":
            self.leads[SITE] = None
            raise ValueError("the cloud is busy")
        self.leads = {address: other.get(at, at) for address, at in self.leads.items()}
        if self.breaks == "after":
            raise ValueError("no answer")
        return None


@pytest.fixture
def site(tmp_path, monkeypatch, load):
    """``.opts .cloud .promote() .rollback() .status() .retire()``: two environments and a third in the maps."""
    opts = options(tmp_path)
    for name in "abc":
        hosts = f"front: [idr-{name}-proxy]\nro: [idr-{name}-omeroreadonly-1]\ndb: [idr-{name}-database]\n"
        (tmp_path / f"{name}.map").write_text(hosts)
        for role in ("proxy", "omeroreadonly-1", "database"):
            keys.put(opts, f"idr-{name}-{role}")
    (tmp_path / "cloud.profiles.d/x.conf").write_text(
        "front: {provider: here}\nro: {provider: here}\ndb: {provider: here, volumes: [{name: db, size: 1}]}\n"
    )
    cloud = Cloud()
    monkeypatch.setattr(idr_events, "fire", lambda *arguments: None)
    monkeypatch.setattr(idr_cloud.Cloud, "driver", lambda self, alias: {"here": cloud}[alias])
    monkeypatch.setattr(idr_cloud.Cloud, "servers", lambda self: (cloud.servers_there, {"here": ""}))
    monkeypatch.setattr(idr_cloud.Cloud, "destroy", lambda self, name: cloud.gone.append(name))
    sick = {}

    def called(self, host, function, *args, **kwargs):
        if function == "frontend.smoke":
            return {"start page": sick.get(host, "")}
        if function == "frontend.busiest":
            return ["/a", "/b"]
        assert (function, args[0]) == ("frontend.replay", ["/a", "/b"])
        return {"asked": 2}

    monkeypatch.setattr(idr_minions.Minions, "call", called)
    monkeypatch.setattr(idr_minions.Minions, "unwell", lambda self, host, version=None: "")

    class Site:
        def __init__(self):
            self.opts, self.cloud, self.sick = opts, cloud, sick

        def prepared(self, name, source):
            idr_release_log.append(opts, name, "preparing", **{"set": "s", "from": source})
            idr_release_log.append(opts, name, "prepared")

        def __getattr__(self, name):
            file = "release_retire" if name in ("status", "retire") else "release_promote"
            return getattr(load("runners", file, opts=opts, context={}), name)

    return Site()


def steps(site):
    return [line["step"] for line in idr_release_log.read(site.opts)]


def test_the_address_moves_and_comes_back(site):
    site.prepared("idr-b", "idr-a")
    told = site.promote("idr-b")
    assert told == {
        "environment": "idr-b",
        "replaces": "idr-a",
        "address": SITE,
        "warmed": {B: {"asked": 2}},
    }
    assert site.cloud.leads == {SITE: B, OTHER: A}
    assert steps(site)[-3:] == ["warmed", "moving", "moved"]
    assert site.status()["serving"]["environment"] == "idr-b"
    assert site.rollback()["environment"] == "idr-a"
    assert site.cloud.leads == {SITE: A, OTHER: B}
    assert "found none in the log" in site.rollback()["errors"][0]
    # and forward again
    assert site.promote("idr-b", warm=0)["warmed"] is None


def test_what_is_sick_or_was_not_prepared_is_not_promoted(site):
    assert "nothing known of it" in site.promote("idr-b")["errors"][0]
    site.prepared("idr-b", "idr-a")
    site.sick[B] = "expected status 200, found 503"
    told = site.promote("idr-b")
    assert told["retcode"] == 1
    assert f"{B}: start page: expected status 200, found 503" in told["errors"][0]
    assert site.cloud.calls == []
    assert "moving" not in steps(site)


def test_nobody_goes_back_to_what_is_sick_without_saying_so(site):
    site.prepared("idr-b", "idr-a")
    site.promote("idr-b")
    site.sick[A] = "down"
    assert "down" in site.rollback()["errors"][0]
    assert site.rollback(force=True)["environment"] == "idr-a"


@pytest.mark.parametrize(("breaks", "now"), [("before", A), ("half-way", A), ("after", B)])
def test_a_move_that_fails_half_way_is_undone_or_done(site, breaks, now):
    site.prepared("idr-b", "idr-a")
    site.cloud.breaks = breaks
    told = site.promote("idr-b")
    assert site.cloud.leads[SITE] == now
    if now == B:
        assert told["environment"] == "idr-b"
    else:
        assert "leads to idr-a as before" in told["errors"][0]
        assert steps(site)[-1] == "unmoved"
        site.cloud.breaks = None
        site.cloud.leads = {SITE: A, OTHER: B}
        assert site.promote("idr-b")["environment"] == "idr-b"


def test_a_move_that_was_done_and_not_written_down_is_written_down(site):
    site.prepared("idr-b", "idr-a")
    idr_release_log.append(site.opts, "idr-b", "moving", address=SITE, replaces="idr-a")
    site.cloud.leads[SITE] = B
    told = site.promote("idr-b")
    assert told["replaces"] == "idr-a"
    assert site.cloud.calls == []
    assert idr_release_log.back(idr_release_log.read(site.opts)) == "idr-a"


def test_a_site_of_several_addresses_is_not_guessed(site):
    site.prepared("idr-b", "idr-a")
    site.cloud.leads["198.51.100.9"] = A
    assert (
        "expected one address to lead to its proxy, found 198.51.100.7, 198.51.100.9"
        in site.promote("idr-b")["errors"][0]
    )


def test_a_warmth_that_fails_keeps_nobody_from_moving(site, monkeypatch):
    site.prepared("idr-b", "idr-a")
    own = idr_minions.Minions.call

    def called(self, host, function, *args, **kwargs):
        if function == "frontend.busiest":
            raise CommandExecutionError("no log")
        return own(self, host, function, *args, **kwargs)

    monkeypatch.setattr(idr_minions.Minions, "call", called)
    assert site.promote("idr-b")["warmed"] == {"error": "no log"}


def test_the_public_site_is_not_retired(site):
    assert "is the public site" in site.retire("idr-a", confirm="idr-a")["errors"][0]
    site.prepared("idr-b", "idr-a")
    site.promote("idr-b")
    assert "is the public site" in site.retire("idr-b", confirm="idr-b")["errors"][0]
    assert "confirm=idr-a" in site.retire("idr-a")["errors"][0]
    assert site.cloud.gone == []


def test_what_stood_down_is_retired_with_or_without_its_volumes(site):
    site.prepared("idr-b", "idr-a")
    site.promote("idr-b")
    site.cloud.servers_there = {A: {}, "idr-a-database": {}, "idr-a-omeroreadonly-1": {}, B: {}}
    keys.put(site.opts, "idr-a-database", state="minions_denied")
    told = site.retire("idr-a", confirm="idr-a")
    assert not [key for state in keys.STATES for key in keys.known(site.opts, state) if key.startswith("idr-a-")]
    assert told["destroyed"] == ["idr-a-database", "idr-a-omeroreadonly-1", A]
    assert told["volumes"] == {"destroyed": [], "left": ["idr-a-database-db"]}
    assert "idr-a is retired" in site.rollback()["errors"][0].replace("it is", "idr-a is")
    site.cloud.servers_there = {}
    assert site.retire("idr-a", confirm="idr-a", volumes=True)["volumes"]["destroyed"] == ["idr-a-database-db"]
    assert "idr-b-database-db" in site.cloud.volumes


def test_a_cloud_that_does_not_answer_is_told_in_the_status(site, monkeypatch):
    site.prepared("idr-b", "idr-a")
    assert site.status()["environments"]["idr-b"]["addresses"] == [OTHER]

    def refuse(self):
        raise ValueError("here: no answer")

    monkeypatch.setattr(idr_move.Mover, "addresses", refuse)
    assert site.status()["errors"] == ["idr-b: here: no answer"]
    assert idr_keys.readers(site.opts, "idr-b") == ["idr-b-omeroreadonly-1"]
