"""A project of the control plane with nothing in it, and the states as the master's loader gives them."""

import copy
import secrets
import time

import openstack
import salt.config
import salt.loader
import yaml

OWNER = "lab-7"
CLOUD = "lab"
# what Neutron gives each project
DEFAULT_GROUP = "default"


class Tenant:
    """A project and its user; `clouds_yaml` has their login as the entry CLOUD."""

    def __init__(self, plane, folder, checkout):
        self.call = plane.namespace.call
        self.enter = plane.namespace.enter
        self.checkout, self.folder, self.clouds_yaml = checkout, folder, folder / "clouds.yaml"
        self.admin = self.call(plane.connect)
        self.name, self.password = f"lab-{secrets.token_hex(4)}", secrets.token_hex(16)
        self.call(self._make)
        self.entries = {}
        self.add_entry(CLOUD)
        self.cloud = self.call(openstack.connect, cloud=CLOUD)
        self._loaded = {}

    def _make(self):
        identity = self.admin.identity
        self.project = identity.create_project(name=self.name, domain_id="default")
        self.user = identity.create_user(name=self.name, password=self.password, domain_id="default")
        identity.assign_project_role_to_user(self.project, self.user, identity.find_role("member"))

    def add_entry(self, name, **more):
        """Add an entry to `clouds_yaml` that says something else."""
        given = self.admin.config.get_auth_args()
        login = {"auth_url": given["auth_url"], "username": self.name, "password": self.password}
        domain = {"user_domain_name": "Default", "project_domain_name": "Default"}
        auth = {**login, "project_name": self.name, **domain, **more.pop("auth", {})}
        self.entries[name] = {"region_name": self.admin.config.region_name, "auth": auth, **more}
        self.clouds_yaml.touch(mode=0o600)
        self.clouds_yaml.write_text(yaml.safe_dump({"clouds": self.entries}))

    def _states(self, test):
        if test not in self._loaded:
            opts = copy.deepcopy(salt.config.DEFAULT_MINION_OPTS)
            place = {name: str(self.folder / name) for name in ("cachedir", "extension_modules", "conf_file")}
            opts |= {"id": "master", "root_dir": str(self.folder), "file_client": "local", "grains": {}, "test": test}
            opts |= {"module_dirs": [str(self.checkout)], **place}
            utils = salt.loader.utils(opts)
            functions = salt.loader.minion_mods(opts, utils=utils)
            self._loaded[test] = salt.loader.states(opts, functions, utils, salt.loader.serializers(opts))
            self._loaded[test].inject_globals = {"__env__": "base"}
        return self._loaded[test]

    def apply(self, state, name, test=False, **arguments):
        """Apply one state and check the form of its answer."""
        given = {"owner": OWNER, "cloud": CLOUD, **arguments}
        answer = self.call(self._states(test)[state], name, **given)
        assert list(answer) == ["name", "result", "comment", "changes"]
        assert answer["name"] == name
        assert self.password not in str(answer)
        return answer

    def converge(self, state, name, **arguments):
        """Test mode tells exactly what the run then changes, and a second run changes nothing; return the changes."""
        before = self.inventory()
        told = self.apply(state, name, test=True, **arguments)
        assert told["result"] is None, told
        self._is_still(before)
        done = self.apply(state, name, **arguments)
        assert (done["result"], done["changes"]) == (True, told["changes"]), done
        again = self.apply(state, name, **arguments)
        assert (again["result"], again["changes"]) == (True, {}), again
        return done["changes"]

    def refused(self, state, name, **arguments):
        """The state fails and changes nothing; return its comment."""
        before = self.inventory()
        answer = self.apply(state, name, **arguments)
        assert (answer["result"], answer["changes"]) == (False, {}), answer
        self._is_still(before)
        return answer["comment"]

    def _is_still(self, before):
        after = self.inventory()
        assert after == before, {kind: (before[kind], after[kind]) for kind in after if after[kind] != before[kind]}

    def settle(self, within=60):
        """Wait until the cloud has done what it does by itself after a change."""
        limit, seen, same = time.monotonic() + within, self.inventory(), 0
        while same < 3:
            assert time.monotonic() < limit, "the cloud goes on changing"
            time.sleep(1)
            before, seen = seen, self.inventory()
            same = same + 1 if seen == before else 0

    def inventory(self):
        """All that the project has, with all that is said of it: `{kind: [description of one, ...]}`."""
        return self.call(self._inventory)

    def _inventory(self):
        network, compute, own = self.cloud.network, self.cloud.compute, {"project_id": self.project.id}
        listed = {
            "network": network.networks(**own),
            "subnet": network.subnets(**own),
            "router": network.routers(**own),
            "port": network.ports(**own),
            "security group": (group for group in network.security_groups(**own) if group.name != DEFAULT_GROUP),
            "floating IP": network.ips(**own),
            "key pair": compute.keypairs(),
            "server group": compute.server_groups(),
            "server": compute.servers(),
        }
        return {kind: sorted(str(item.to_dict()) for item in items) for kind, items in listed.items()}

    def remains(self):
        """Kinds of what the project has."""
        return sorted(kind for kind, items in self.inventory().items() if items)

    def clean(self):
        """Remove all that the project has."""
        self.call(self._clean)

    def _clean(self):
        network, compute, own = self.cloud.network, self.cloud.compute, {"project_id": self.project.id}
        for server in list(compute.servers()):
            self.cloud.delete_server(server.id, wait=True, timeout=120)
        for address in network.ips(**own):
            network.delete_ip(address)
        for router in network.routers(**own):
            for port in network.ports(device_id=router.id):
                if port.device_owner != "network:router_gateway":
                    network.remove_interface_from_router(router, port=port.id)
            network.delete_router(router)
        for port in network.ports(**own):
            network.delete_port(port)
        for one in network.networks(**own):
            network.delete_network(one)
        for group in network.security_groups(**own):
            if group.name != DEFAULT_GROUP:
                network.delete_security_group(group)
        for pair in compute.keypairs():
            compute.delete_keypair(pair)
        for group in compute.server_groups():
            compute.delete_server_group(group)

    def close(self):
        """Remove the project with all that it has."""
        self.clean()
        self.call(self._close)

    def _close(self):
        for group in self.admin.network.security_groups(project_id=self.project.id):
            self.admin.network.delete_security_group(group)
        self.admin.identity.delete_user(self.user)
        self.admin.identity.delete_project(self.project)
