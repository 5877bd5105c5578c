"""A real OpenStack control plane, and Salt Cloud with the checkout's driver in front of it."""

import contextlib
import json
import logging
import os
import pathlib
import subprocess
import sys

import pytest
import salt.cloud
import salt.utils.context
import yaml

from testbed.openstack import faults as proxies
from testbed.openstack import inventory, seed, settings
from testbed.openstack import plane as planes

BIN = pathlib.Path(sys.executable).parent
BASE = {"provider": "embassy", "image": seed.IMAGE, "size": "m1.tiny", "networks": ["idr"], "deploy": False}
# what the tests' own looks say is thousands of lines
for noisy in ("keystoneauth", "urllib3", "openstack", "stevedore"):
    logging.getLogger(noisy).setLevel(logging.WARNING)


@pytest.fixture(scope="session")
def plane(as_root):
    """The running control plane; ``plane.namespace.call(function)`` calls something that can reach it."""
    made = planes.Plane()
    try:
        made.start()
        yield made
    finally:
        made.stop()


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
        """What ``salt-cloud`` answers, which must succeed."""
        done = self.run(*arguments, **options)
        assert done.returncode == 0, done.stdout + done.stderr
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
            for server in list(cloud.compute.servers()):
                cloud.delete_server(server.id, wait=True, timeout=60)
            for snapshot in list(cloud.block_storage.snapshots()):
                cloud.delete_volume_snapshot(snapshot.id, wait=True, timeout=60)
            for volume in list(cloud.block_storage.volumes()):
                cloud.delete_volume(volume.id, wait=True, timeout=60)

        self.look(clean)
        for name in self.accepted_keys():
            (self.keys / name).unlink()

    def accepted_keys(self):
        """Names of the keys that the master has accepted."""
        return sorted(path.name for path in self.keys.iterdir()) if self.keys.is_dir() else []

    def look(self, function):
        """Call ``function(connection)`` where the control plane can be reached."""
        return self.plane.namespace.call(function, self.direct)

    def left(self):
        """All of the project that costs money, as ``{kind: sorted names}`` without empty kinds."""
        return self.look(inventory.left)


@pytest.fixture(scope="session")
def make_site(plane, tmp_path_factory, checkout):
    """Function ``(name, **project)`` that makes a project with a configuration of its own."""
    return lambda name, **project: Site(plane, tmp_path_factory.mktemp(name), checkout, name, **project)


@pytest.fixture(scope="session")
def site(make_site):
    """The project that most tests work in; each leaves nothing there."""
    return make_site("idr")


@pytest.fixture
def clean(site):
    """For tests that need the project empty: it is before, and is made so afterwards."""
    assert site.left() == {}
    yield site
    site.clean()


@pytest.fixture(scope="session")
def proxy(plane):
    """The running proxy that makes faults."""
    made = proxies.Proxy()
    plane.namespace.call(made.start)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def faulty_site(proxy, make_site):
    """A project whose services are behind the proxy."""
    return make_site("faulty", region=seed.FAULTY)
