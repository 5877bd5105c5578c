"""A project of the control plane, and Salt Cloud with a checkout's driver in front of it, as a master has it."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

import salt.cloud
import salt.utils.context
import yaml

from testbed.console import Problem
from testbed.openstack import inventory, seed, settings

BIN = pathlib.Path(sys.executable).parent
BASE = {"provider": "embassy", "image": seed.IMAGE, "size": "m1.tiny", "networks": ["idr"], "deploy": False}
CLEAN_SECONDS = 120


def _wait_for_none(things):
    deadline = time.monotonic() + CLEAN_SECONDS
    while left := [f"{thing.name} ({thing.status})" for thing in things()]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"still there after {CLEAN_SECONDS} s: {', '.join(left)}")
        time.sleep(0.3)


class Site:
    """
    A project of the control plane, and a master's configuration folder whose provider ``embassy`` is that project.

    ``direct`` is an openstacksdk connection of the project's user, to look with.
    """

    def __init__(self, plane, folder, checkout, name, region=settings.REGION, **project):
        self.plane, self.folder, self.checkout, self.region = plane, folder, checkout, region
        self.variables = {}
        self.keys = folder / "root/etc/salt/pki/master/minions"
        self.login = plane.namespace.call(seed.project, plane.connect, name, **project)
        self.direct = plane.namespace.call(seed.connect, self.login)
        self._configure()
        self.client = plane.namespace.call(salt.cloud.CloudClient, str(folder / "cloud"))
        self._load()

    def _load(self):
        self._loaded = self.plane.namespace.call(salt.cloud.Cloud, self.client.opts)

    @contextlib.contextmanager
    def options(self, **changes):
        """For the time of the block the provider has other options; None takes one away."""
        details = self.client.opts["providers"]["embassy"]["openstack"]
        before = dict(details)
        try:
            details.update(changes)
            for key in [key for key, value in changes.items() if value is None]:
                del details[key]
            self._load()
            yield
        finally:
            details.clear()
            details.update(before)
            self._load()

    def _configure(self):
        for name in ("cloud.providers.d", "cloud.profiles.d", "cloud.conf.d", "root"):
            (self.folder / name).mkdir(parents=True)
        master = {
            "root_dir": str(self.folder / "root"),
            "module_dirs": [str(self.checkout)],
            "pillar_roots": {"base": [str(self.folder / "pillar")]},
        }
        self.write("master", master)
        self.write("cloud", {"log_level": "warning", "log_level_logfile": "quiet", "keysize": 2048})
        self.write("pillar/top.sls", {"base": {"*": ["environment"]}})
        self.write("pillar/environment.sls", {})
        self.write("clouds.yaml", {"clouds": {"embassy": self.entry()}})
        self.provider()
        self.profile("idr-base", **BASE)

    def as_the_checkout_says(self, *environments):
        """
        Take the checkout's own provider and profiles, but without SSH, which these servers have not, and make what
        environments need of their cloud.
        """
        for environment in environments:
            self.look(lambda cloud, name=environment: seed.surroundings(cloud, name))
        for name in ("cloud.providers.d/embassy.conf", "cloud.profiles.d/idr-roles.conf"):
            (self.folder / name).unlink(missing_ok=True)
            (self.folder / name).symlink_to(self.checkout / name)
        base = yaml.safe_load((self.checkout / "cloud.profiles.d/idr-base.conf").read_text())
        base["idr-base"]["deploy"] = False
        self.write("cloud.profiles.d/idr-base.conf", base)
        self.variables["OS_CLIENT_CONFIG_FILE"] = str(self.folder / "clouds.yaml")

    def write(self, name, data):
        """Write a YAML file of the configuration folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(data))
        return path

    def entry(self):
        """An entry of clouds.yaml for this project."""
        port = settings.PORTS["keystone"] + (seed.FAULTY_OFFSET if self.region == seed.FAULTY else 0)
        domains = {"user_domain_name": "Default", "project_domain_name": "Default"}
        address = f"http://{settings.HOST}:{port}/v3"
        return {"region_name": self.region, "auth": {"auth_url": address, **domains, **self.login}}

    def provider(self, **changes):
        """Write the provider, an entry of clouds.yaml."""
        details = {
            "driver": "openstack",
            "cloud": "embassy",
            "clouds_yaml": str(self.folder / "clouds.yaml"),
            "minion": {"master": "192.0.2.1"},
            "retries": 3,
            "build_timeout": 60,
            "volume_timeout": 60,
            "delete_timeout": 60,
            **changes,
        }
        self.write("cloud.providers.d/embassy.conf", {"embassy": details})

    def profile(self, name, **settings):
        """Write a profile."""
        self.write(f"cloud.profiles.d/{name}.conf", {name: settings})

    def program(self):
        """The command line of ``salt-cloud`` with this configuration."""
        return [str(BIN / "salt-cloud"), "-c", str(self.folder), "--out=json", "-y"]

    def run(self, *arguments, within=240):
        """Run ``salt-cloud`` as an operator would, and return what came of it."""
        return subprocess.run(
            self.plane.namespace.enter([*self.program(), *arguments]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
            env={**os.environ, "PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin", **self.variables},
            cwd=self.checkout,
        )

    def ask(self, *arguments, **options):
        """What ``salt-cloud`` answers; Problem when it fails."""
        done = self.run(*arguments, **options)
        if done.returncode:
            raise Problem(f"salt-cloud {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def create(self, name, **changes):
        """Make a host of the profile ``idr-base`` with changes, in this process; return what the driver returns."""
        made = self.plane.namespace.call(self.client.profile, "idr-base", [name], vm_overrides={name: changes})
        return made[name]

    def vm(self, name, **changes):
        """What Salt Cloud hands to the driver's ``create`` for a host of the profile ``idr-base`` in a map."""
        details = self.client.opts["providers"]["embassy"]["openstack"]
        given = {**details, **self.client.opts["profiles"]["idr-base"], "profile": "idr-base", **changes, "name": name}
        return {key: value for key, value in given.items() if key != "profiles"}

    def call(self, function, *arguments, **keywords):
        """Call a function of the driver in this process, as Salt Cloud does."""

        def call():
            function_ = self._loaded.clouds[f"openstack.{function}"]
            with salt.utils.context.func_globals_inject(function_, __active_provider_name__="embassy:openstack"):
                return function_(*arguments, **keywords)

        return self.plane.namespace.call(call)

    def act(self, function, host, **given):
        """What ``salt-cloud -a`` calls."""
        return self.call(function, host, **({"kwargs": given} if given else {}), call="action")

    def function(self, function, **given):
        """What ``salt-cloud -f`` calls."""
        return self.call(function, **({"kwargs": given} if given else {}), call="function")

    def destroy(self, *names):
        """Destroy hosts in this process."""
        return [self.call("destroy", name) for name in names]

    def clean(self):
        """Remove all servers, volumes, snapshots and floating IPs of the project, whoever made them, and all keys."""

        def clean(cloud):
            for ip in cloud.network.ips(project_id=cloud.current_project_id):
                cloud.network.delete_ip(ip)
            compute, storage = cloud.compute, cloud.block_storage
            for list_, delete in (
                (compute.servers, compute.delete_server),
                (storage.snapshots, storage.delete_snapshot),
                (storage.volumes, storage.delete_volume),
            ):
                for thing in list_():
                    if thing.status == "creating":
                        # whoever made it may have been lost, and then only the administrator ends its state
                        self._as_administrator(thing)
                    delete(thing.id)
                _wait_for_none(list_)

        self.look(clean)
        for name in self.accepted_keys():
            (self.keys / name).unlink()

    def _as_administrator(self, thing):
        storage = self.plane.connect().block_storage
        reset = {"volume": storage.reset_volume_status, "snapshot": storage.reset_snapshot_status}
        reset[thing.resource_key](thing.id, "error")

    def accepted_keys(self):
        """Names of the keys that the master has accepted."""
        return sorted(path.name for path in self.keys.iterdir()) if self.keys.is_dir() else []

    def look(self, function):
        """Call ``function(connection)`` where the control plane can be reached."""
        return self.plane.namespace.call(function, self.direct)

    def left(self):
        """All of the project that costs money, as ``{kind: sorted names}`` without empty kinds."""
        return self.look(inventory.left)
