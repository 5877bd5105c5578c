"""
The clouds as Salt Cloud knows them, asked from the master.
"""

import pathlib

import salt.cloud
import salt.config
import salt.utils.context
from salt.exceptions import SaltException

# It lists what its minions say: a server that does not answer is not in it.
_UNSURE = ("saltify",)
# How clouds call a server that runs.
_RUNNING = ("running", "active", "up")


class Cloud:
    """
    :param opts: options of the master, beside whose configuration that of Salt Cloud is
    """

    def __init__(self, opts):
        self.path = pathlib.Path(opts["conf_file"]).parent / "cloud"
        self.opts = salt.config.cloud_config(str(self.path)) if self.path.exists() else {"providers": {}}

    def servers(self):
        """
        The servers of all providers. A provider that does not answer has no servers and a reason: it must not look like
        one that is empty.

        :returns: ``({name: {"state": "running", "stopped" or what the cloud says, "provider": alias}}, {alias: what
            went wrong, empty when it answered})``; a provider that cannot know its servers is in neither
        """
        found, wrong = {}, {}
        for alias, drivers in sorted(self.opts["providers"].items()):
            known = [driver for driver in drivers if driver not in _UNSURE]
            wrong.update({alias: ""} if known else {})
            for driver in known:
                try:
                    nodes = self._listed(alias, driver)
                except (Exception, SystemExit) as exc:  # noqa: BLE001 - whatever a driver raises
                    wrong[alias] = f"cloud {alias}: {exc}"
                    continue
                found.update({name: {"state": _state(node), "provider": alias} for name, node in nodes.items()})
        return found, wrong

    def _listed(self, alias, driver):
        # Salt Cloud's own query takes a cloud that fails for one without servers.
        clouds = salt.cloud.Map(self.opts).clouds
        function = clouds.get(f"{driver}.list_nodes")
        if function is None:
            raise ValueError(f"driver {driver} cannot list servers, or is not configured")
        with salt.utils.context.func_globals_inject(function, __active_provider_name__=f"{alias}:{driver}"):
            nodes = function()
        if not isinstance(nodes, dict):
            raise ValueError(f"driver {driver}: expected servers by name, found {nodes!r}")
        return nodes

    def driver(self, alias):
        """
        The functions of a provider's driver, loaded now: a later call takes no time for that.

        :returns: :class:`Driver`
        :raises ValueError: there is no such provider, or its driver cannot be loaded
        """
        drivers = [name for name in self.opts["providers"].get(alias, ()) if name not in _UNSURE]
        if len(drivers) != 1:
            raise ValueError(f"provider {alias}: expected one with one driver, found {', '.join(drivers) or 'none'}")
        return Driver(salt.cloud.Map(self.opts).clouds, alias, drivers[0])

    def make(self, profile, names, overrides=None):
        """
        Make servers of a profile, side by side.

        :param overrides: ``{name: settings}`` that are laid over those of the profile
        :returns: ``{name: what went wrong, empty when all is well}``
        """
        try:
            more = {"vm_overrides": overrides} if overrides else {}
            made = self._client().profile(profile, names, parallel=True, **self._configured(), **more)
        except (SaltException, SystemExit) as exc:
            return dict.fromkeys(names, str(exc))
        return {name: _error(made.get(name)) for name in names}

    def run_map(self, path):
        """
        Make the servers of a map that are not there, side by side.

        :param path: of the map
        :returns: ``{name: what went wrong}``, empty when all are there
        """
        try:
            made = self._client().map_run(str(path), parallel=True, **self._configured())
        except (SaltException, SystemExit) as exc:
            return {str(path): str(exc)}
        return {name: wrong for name, wrong in ((name, _error(node)) for name, node in sorted(made.items())) if wrong}

    def destroy(self, name):
        """
        Destroy a server, and its key on the master.

        :raises ValueError: the cloud refuses
        """
        self._done(f"destroy {name}", self._client().destroy, [name])

    def stop(self, name):
        """
        Stop a server.

        :raises ValueError: the cloud refuses
        """
        self._done(f"stop {name}", self._client().action, fun="stop", names=[name])

    def _configured(self):
        """What Salt Cloud's client, unlike its command, does not take from the configuration."""
        return {"script_args": self.opts["script_args"]} if self.opts.get("script_args") else {}

    def _client(self):
        return salt.cloud.CloudClient(str(self.path))

    @staticmethod
    def _done(what, function, *args, **kwargs):
        try:
            answer = function(*args, **kwargs)
        except (SaltException, SystemExit) as exc:
            raise ValueError(f"{what}: {exc}") from exc
        if not answer:
            raise ValueError(f"{what}: the cloud does not know it")


class Driver:
    """
    :param clouds: what Salt's loader has of drivers
    :param alias: of the provider
    :param name: of its driver
    """

    def __init__(self, clouds, alias, name):
        self.clouds, self.alias, self.name = clouds, alias, name
        self._function("list_snapshots")

    def _function(self, name):
        function = self.clouds.get(f"{self.name}.{name}")
        if function is None:
            raise ValueError(f"provider {self.alias}: driver {self.name}: expected a function {name}")
        return function

    def call(self, called, /, **arguments):
        """
        Call one of the functions that need no host (``salt-cloud -f``).

        :raises ValueError: the cloud refuses
        """
        return self._call(called, "function", arguments)

    def act(self, host, called, /, **arguments):
        """
        Call one of the functions for a host (``salt-cloud -a``).

        :raises ValueError: the cloud refuses
        """
        return self._call(called, "action", arguments, host)

    def _call(self, called, kind, arguments, *host):
        function = self._function(called)
        with salt.utils.context.func_globals_inject(function, __active_provider_name__=f"{self.alias}:{self.name}"):
            try:
                return function(*host, kwargs=arguments, call=kind)
            except (SaltException, SystemExit) as exc:
                raise ValueError(f"{self.alias}: {called}: {exc}") from exc


def _state(node):
    said = str(node.get("state", "unknown")).lower()
    return "running" if said in _RUNNING else said


def _error(answer):
    if isinstance(answer, dict):
        return str(answer.get("Error", ""))
    return "" if answer else "the cloud gave no answer"
