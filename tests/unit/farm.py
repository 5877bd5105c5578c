"""An environment of doubles: hosts that answer calls, proxies with servers, a cloud; keys, mine and ledger are real."""

import copy
import pathlib
import threading
import types

import idr_arrival
import idr_cloud
import idr_departure
import idr_events
import idr_ids
import idr_joins
import idr_keys
import idr_lock
import idr_mine
import idr_minions
import idr_releases
import idr_spawn
import keys
import omero_wait
import salt.cache
import salt.config
import salt.utils.event
from salt.exceptions import CommandExecutionError

ENV = "idr-x"
PROXY, DATABASE, WRITER = (f"{ENV}-{role}" for role in ("proxy", "database", "omeroreadwrite"))
ONE, TWO, THREE = (f"{ENV}-omeroreadonly-{number}" for number in (1, 2, 3))
MAP = f"rw: [{WRITER}]\ndb: [{DATABASE}]\nfront: [{PROXY}]\nro: [{ONE}, {TWO}]\n"
HEALTHY = {"up": True, "db": True, "repo": True, "version": "5.7.0"}


def options(folder):
    """Options of the master."""
    opts = copy.deepcopy(salt.config.DEFAULT_MASTER_OPTS)
    opts.update(
        id="master",
        root_dir=str(folder),
        cachedir=str(folder / "cache"),
        extension_modules=str(folder / "extmods"),
        sock_dir=str(folder / "sock"),
        pki_dir=str(folder / "pki"),
        conf_file=str(folder / "etc/master"),
        pillar_roots={"base": [str(folder / "pillar")]},
        __role="master",
    )
    for name in (*(f"pki/{state}" for state in keys.STATES), "cache", "pillar/schemas", "cloud.profiles.d", "etc"):
        (folder / name).mkdir(parents=True)
    (folder / "x.map").write_text(MAP)
    (folder / "cloud.profiles.d/x.conf").write_text("ro: {provider: here}\n")
    return opts


class Minions(idr_minions.Minions):
    """Calls hosts of the farm."""

    def __init__(self, farm):
        super().__init__(farm.opts)
        self.call = farm.call


class Cloud:
    """What Salt Cloud has."""

    def __init__(self):
        self.has, self.wrong, self.refuses, self.done = {}, {"here": ""}, {}, []

    def servers(self):
        """Double of ``idr_cloud.Cloud.servers``."""
        found = {name: {"state": state, "provider": "here"} for name, state in self.has.items()}
        return ({} if any(self.wrong.values()) else found), dict(self.wrong)

    def make(self, profile, names, overrides=None):
        """Double of ``idr_cloud.Cloud.make``."""
        self.done.append(("make", profile, *names))
        self.has |= {name: "running" for name in names if name not in self.refuses}
        return {name: self.refuses.get(name, "") for name in names}

    def destroy(self, name):
        """Double of ``idr_cloud.Cloud.destroy``."""
        self._do("destroy", name)
        del self.has[name]

    def stop(self, name):
        """Double of ``idr_cloud.Cloud.stop``."""
        self._do("stop", name)
        self.has[name] = "stopped"

    def _do(self, what, name):
        if name in self.refuses:
            raise ValueError(f"{what} {name}: {self.refuses[name]}")
        self.done.append((what, name))


class Farm:
    """
    ``told`` overrides answers: ``{(host, function): value, exception or callable}``. ``dead`` are hosts that do not
    answer, ``ill`` those whose OMERO.web does not. ``servers`` is what each proxy knows.
    """

    def __init__(self, folder):
        self.opts = options(folder)
        self.folder = idr_releases.folder(self.opts)
        self.told, self.dead, self.ill, self.marked = {}, set(), set(), set()
        self.servers = {PROXY: {}}
        self.calls, self.events, self.started = [], [], []
        self.cloud = Cloud()
        self._lock = threading.Lock()

    def accept(self, *hosts, state="minions"):
        """Have the master know keys, and the cloud servers."""
        keys.put(self.opts, *hosts, state=state)
        self.cloud.has |= dict.fromkeys(hosts, "running")

    def serve(self, *hosts):
        """Let hosts serve, as they do after a join."""
        self.accept(*hosts)
        self.marked |= set(hosts)
        for host in hosts:
            self.say(host)
            for servers in self.servers.values():
                servers[host] = "up"

    def say(self, host):
        """What ``mine.update`` of a host does."""
        number = idr_ids.parse(host)["number"] or 0
        known = {"address": {"__data__": [f"10.0.0.{number}"]}, "serving": {"__data__": host in self.marked}}
        salt.cache.factory(self.opts).store("mine", host, known)

    def ledger(self):
        """The real one."""
        return idr_joins.Ledger(self.folder, ENV)

    def states(self):
        """States in the ledger, by host."""
        with self.ledger() as known:
            return {host: one["state"] for host, one in known.records.items()}

    def asked(self, function):
        """Hosts that a function was called on."""
        return [host for host, name in self.calls if name == function]

    def changes(self):
        """How often the proxies were changed."""
        return self.calls.count((PROXY, "state.sls proxy.haproxy"))

    def call(self, host, function, *args, limit=60, **kwargs):
        """Double of ``Minions.call``."""
        what = f"{function} {args[0]}" if function == "state.sls" else function
        with self._lock:
            self.calls.append((host, what))
        told = self.told.get((host, what))
        if isinstance(told, Exception):
            raise told
        if callable(told):
            return told(*args, **kwargs)
        if told is not None:
            return told
        if host in self.dead:
            raise CommandExecutionError(f"{host}: {function}: this host does not answer any more")
        with self._lock:
            return getattr(self, f"_{function.replace('.', '_')}", lambda *_, **__: True)(host, *args, **kwargs)

    def _state_apply(self, host, **_):
        self.marked.add(host)
        self.say(host)

    def _state_sls(self, host, sls, **_):
        if sls == "proxy.haproxy":
            said = [one for one in idr_keys.readers(self.opts, ENV) if idr_mine.serving(self.opts, one)]
            if not said:
                raise CommandExecutionError(f"{host}: state.sls: No read-only server serves within 0 s")
            old = self.servers[host]
            self.servers[host] = {one: old.get(one, "up") for one in said}

    def _seen(self, host):
        sick = self.dead | self.ill
        return {one: "down" if one in sick else status for one, status in self.servers[host].items()}

    def _frontend_servers(self, host):
        return {one: {"status": status, "sessions": {}} for one, status in self._seen(host).items()}

    def _frontend_await_servers(self, host, up, gone, timeout):
        known = self._seen(host)
        missing = [one for one in up if known.get(one) not in ("up", "drained")]
        missing += [one for one in gone if one in known]
        if missing:
            raise CommandExecutionError(f"{host}: HAProxy: within {timeout} s {', '.join(missing)}")
        return known

    def _frontend_drain(self, host, server, timeout=None, alone=False):
        if {one for one, status in self._seen(host).items() if status == "up"} == {server} and not alone:
            raise CommandExecutionError(f"{host}: frontend.drain: {server}: expected another server to be up")
        self.servers[host][server] = "drained"
        return {"server": server, "status": "drained", "sessions": {}, "seconds": 0.1}

    def _frontend_ready(self, host, server, timeout=None):
        self.servers[host][server] = "up"
        return {"server": server, "status": "up", "sessions": {}, "seconds": 0.2}

    def _idr_serving(self, host, on=None):
        if on is not None:
            (self.marked.add if on else self.marked.discard)(host)
        return host in self.marked

    def _idr_page(self, host):
        return "OMERO.web: refused" if host in self.ill else ""

    def _omero_look(self, host, **_):
        return HEALTHY

    def _mine_update(self, host):
        self.say(host)
        return True


def make(folder, monkeypatch):
    """A farm, in place of what the code would talk to; nobody sleeps."""
    made = Farm(folder)
    monkeypatch.setattr(idr_minions, "Minions", lambda opts: Minions(made))
    monkeypatch.setattr(idr_spawn, "orchestrate", lambda opts, name, pillar: made.started.append((name, pillar)))
    monkeypatch.setattr(idr_events, "fire", lambda opts, tag, data: made.events.append((tag, data)))
    monkeypatch.setattr(idr_cloud, "Cloud", lambda opts: made.cloud)
    monkeypatch.setattr(idr_departure, "drain_timeout", lambda opts, proxy: 5)
    # Nobody listens to Salt's own events either, and Salt would wait for him.
    monkeypatch.setattr(salt.utils.event.SaltEvent, "connect_pull", lambda *_, **__: False)
    monkeypatch.setattr(idr_arrival, "ADDRESS", 1)
    monkeypatch.setattr(idr_lock, "PATIENCE", 0)
    until = omero_wait.until

    def at_once(check, timeout, interval=2):
        clock = types.SimpleNamespace(now=0)

        def sleep(seconds):
            clock.now += seconds

        return until(check, timeout, interval, clock=lambda: clock.now, sleep=sleep)

    monkeypatch.setattr(omero_wait, "until", at_once)
    return made


def done(made):
    """Give back what the farm's orchestrations have left."""
    for path in pathlib.Path(made.folder).glob("*.lock"):
        idr_lock.give(made.folder, path.name.removesuffix(".lock"))
