"""The control plane as a whole: made once into the cache, then started from there."""

import base64
import concurrent.futures
import hashlib
import os
import pathlib
import secrets
import shutil
import subprocess
import tempfile

from testbed.console import run, step
from testbed.openstack import namespace, seed, services, settings
from testbed.openstack.packages import PACKAGES
from testbed.paths import CACHE

HERE = pathlib.Path(__file__).parent
TEMPLATES = CACHE / "openstack"
# what a later start needs of an earlier one,
KEPT = ("mysql", "keys", "passwords")
# and what that depends on: not on the stand-ins, which are loaded at each start
INGREDIENTS = ("plane.py", "seed.py", "services.py", "settings.py")


class Plane:
    """
    A control plane with a folder of its own; `start` it, and `stop` it for good.

    space: the `namespace.Namespace` that it runs in, by default one of its own. computers: see `settings.files`.
    """

    def __init__(self, space=None, computers=None):
        # short, because a unix socket's path has at most 107 characters; its content is root's alone
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="idr-openstack-"))
        self.namespace = space or namespace.Namespace(self.state.name)
        self.computers = computers
        self.services = services.Services(self.state, self.namespace)

    def start(self):
        """Start everything, made from nothing where the cache has nothing of the same inputs."""
        template = TEMPLATES / _fingerprint()
        self.namespace.make()
        if not (template / "passwords").exists():
            with step("making an OpenStack control plane (once)"):
                self._make()
                # all others stay, and find it again
                self.services.stop("mariadb")
                self._keep(template)
                self.services.start_database()
        else:
            with step("starting the OpenStack control plane"):
                for name in KEPT:
                    _copy(template / name, self.state / name)
                self._configure()
                self.services.start_database()
                self.services.start_keystone()
                self.services.start_others()
        # Glance remembers where a file is, so that an image does not outlive its folder
        self.namespace.call(seed.image, self.connect)

    def stop(self):
        """End what was started, and leave nothing but the template in the cache."""
        self.services.stop()
        self.namespace.remove()
        shutil.rmtree(self.state, ignore_errors=True)

    def connect(self, **login):
        """An openstacksdk connection for functions that the namespace calls; the administrator's by default."""
        return seed.connect(login or {"username": "admin", "password": self.password("admin"), "project_name": "admin"})

    def password(self, user):
        """The password of `admin` or `service`."""
        names = dict(line.split() for line in (self.state / "passwords").read_text().splitlines())
        return names[user]

    def _configure(self):
        for folder in settings.folders(self.state):
            folder.mkdir(parents=True, exist_ok=True)
        conf = self.state / "conf"
        conf.mkdir(exist_ok=True)
        for name, text in settings.files(self.state, self.password("service"), self.computers).items():
            (conf / name).write_text(text)

    def _make(self):
        passwords = "".join(f"{user} {secrets.token_hex(16)}\n" for user in ("admin", "service"))
        (self.state / "passwords").write_text(passwords)
        self._configure()
        self._make_keys()
        self._make_databases()
        self.services.start_keystone()
        self.namespace.call(seed.catalog, self.connect, self.password("service"))
        self.services.start_others()
        self._manage("nova", "nova.conf", "cell_v2", "discover_hosts")
        self.namespace.call(seed.shared, self.connect)

    def _make_keys(self):
        for name in ("fernet", "credential"):
            (self.state / "keys" / name).chmod(0o700)
            for number in "01":
                path = self.state / "keys" / name / number
                path.write_bytes(base64.urlsafe_b64encode(os.urandom(32)))
                path.chmod(0o600)

    def _make_databases(self):
        folder = self.state / "mysql"
        install = ["mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={folder}", "--skip-test-db"]
        services.call(self.state, *install, "--auth-root-authentication-method=normal")
        self.services.start_database()
        statements = "".join(f"create database {name} character set utf8;\n" for name in settings.DATABASES)
        client = ["mariadb", "--no-defaults", "-uroot", f"--socket={self.state}/mysql.sock"]
        services.call(self.state, *client, text=statements)
        migrate = ["neutron-db-manage", "--config-file", self.state / "conf/neutron.conf", "upgrade", "head"]
        # most of it is the start of Python, of which a second processor can do its share
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            made = [
                pool.submit(self._make_nova),
                pool.submit(services.call, self.state, *migrate),
                pool.submit(self._make_keystone),
                pool.submit(self._manage, "cinder", "cinder.conf", "db", "sync"),
                pool.submit(self._manage, "glance", "glance-api.conf", "db_sync"),
                pool.submit(self._manage, "placement", "placement.conf", "db", "sync"),
            ]
        for one in made:
            one.result()

    def _make_nova(self):
        self._manage("nova", "nova.conf", "api_db", "sync")
        # Nova fills in what its configuration says: the databases outlive this folder with its socket
        cell0, cell1 = (f"{{scheme}}://{{username}}@{{hostname}}/{name}?{{query}}" for name in ("nova_cell0", "nova"))
        self._manage("nova", "nova.conf", "cell_v2", "map_cell0", "--database_connection", cell0)
        cell = ["--name", "cell1", "--database_connection", cell1, "--transport-url", "fake://"]
        self._manage("nova", "nova.conf", "cell_v2", "create_cell", *cell)
        self._manage("nova", "nova.conf", "db", "sync")

    def _manage(self, service, file, *arguments, **variables):
        program = f"/usr/bin/{service}-manage"
        services.call(self.state, program, "--config-file", self.state / "conf" / file, *arguments, **variables)

    def _make_keystone(self):
        self._manage("keystone", "keystone.conf", "db_sync")
        address = f"{settings.url('keystone')}/v3"
        urls = [f"--bootstrap-{kind}-url={address}" for kind in ("admin", "public", "internal")]
        region = f"--bootstrap-region-id={settings.REGION}"
        password = {"OS_BOOTSTRAP_PASSWORD": self.password("admin")}
        self._manage("keystone", "keystone.conf", "bootstrap", *urls, region, **password)

    def _keep(self, template):
        TEMPLATES.mkdir(parents=True, exist_ok=True)
        fresh = pathlib.Path(tempfile.mkdtemp(prefix=f"{template.name}-", dir=TEMPLATES))
        for name in KEPT:
            _copy(self.state / name, fresh / name)
        if template.exists():
            # another checkout was quicker
            shutil.rmtree(fresh)
        else:
            fresh.rename(template)
        # of other packages or other software; one more is kept for another checkout that may be starting from it
        for old in sorted(TEMPLATES.iterdir(), key=lambda path: path.stat().st_mtime)[:-2]:
            shutil.rmtree(old, ignore_errors=True)


def _copy(origin, target):
    run(["cp", "-a", "--reflink=auto", origin, target])


def _fingerprint():
    versions = subprocess.run(["dpkg-query", "-W", *PACKAGES], capture_output=True, check=True).stdout
    texts = [(HERE / name).read_bytes() for name in INGREDIENTS]
    return hashlib.sha256(b"\0".join([versions, *texts])).hexdigest()[:12]
