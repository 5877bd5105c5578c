"""
A new environment from a set of snapshots of another one, step by step; each can be done again.
"""

import pathlib
import re

import idr_clones
import idr_cloud
import idr_files
import idr_ids
import idr_infrastructure
import idr_keys
import idr_maps
import idr_minions
import idr_pillar
import idr_releases
import idr_snapshot_store
import idr_snapshots
import omero_wait
import yaml
from salt.exceptions import CommandExecutionError

# Seconds for all minions to answer and be in the mine, and for their states.
UP, APPLY = 600, 6 * 3600
_SET = re.compile(r".+-[0-9]{8}-[0-9]{6}")


def is_set(origin):
    """
    Whether it is the id of a set, and not the name of an environment.
    """
    return bool(_SET.fullmatch(origin))


class Preparation:
    """
    :param opts: options of the master
    :param environment: name of the new environment
    :raises ValueError: it cannot be the name of one, or has no pillar
    """

    def __init__(self, opts, environment):
        self.opts, self.environment = opts, idr_ids.check_environment(environment)
        self.pillar = idr_pillar.root(opts)
        self.root = self.pillar.parent
        self.minions, self.cloud = idr_minions.Minions(opts), idr_cloud.Cloud(opts)
        folder = self.pillar / "env" / environment
        settings = folder / "environment.yaml"
        self.has_infrastructure = (folder / idr_infrastructure.FILE).exists()
        if not settings.exists():
            raise ValueError(f"{settings}: expected the environment's settings, as those of the one that is cloned")

    def refuse_taken(self):
        """
        :raises ValueError: there is something of this environment already, or the cloud does not say
        """
        servers, wrong = self.cloud.servers()
        silent = "; ".join(filter(None, wrong.values()))
        known = {*servers, *idr_keys.accepted(self.opts, self.environment)}
        taken = idr_keys.of_environment(known, self.environment)
        if taken or silent:
            there = f"there are {', '.join(taken)}" if taken else silent
            raise ValueError(f"{self.environment}: expected a name that is not taken: {there}")

    def rendered(self, set_id):
        """
        Write the map: hosts of the new environment, with clones of the set for volumes. Where no map has the new
        environment, it gets the hosts of the one that is cloned, in a map at the root of the checkout.

        :returns: ``(path of the map with the clones, sorted list of hosts)``
        :raises ValueError: the set cannot be cloned, or a volume that is there already is no clone of it
        """
        source = idr_snapshots.environment(set_id)
        store = idr_snapshot_store.Store(self.opts, source)
        manifest = store.find(set_id)
        self._mapped(source, manifest)
        hosts = idr_maps.hosts(self.root, self.environment)
        sizes = self._sizes(self.environment)
        entries = idr_maps.entries(self.root, self.environment)
        made = idr_clones.laid(entries, self.environment, source, manifest, sizes)
        foreign = idr_clones.foreign(manifest, source, self.environment, store.drivers[set_id].call("list_volumes"))
        if foreign:
            raise ValueError(
                f"{', '.join(foreign)}: expected no such volumes, or clones of {set_id}: they are of something else"
            )
        path = pathlib.Path(idr_releases.folder(self.opts), "maps", f"{self.environment}.map")
        idr_files.replace_text(path, yaml.safe_dump(made, sort_keys=False))
        return path, hosts

    def _sizes(self, environment):
        return {host: idr_maps.volumes(self.root, host) or {} for host in idr_maps.hosts(self.root, environment)}

    def _mapped(self, source, manifest):
        try:
            idr_maps.hosts(self.root, self.environment)
        except ValueError:
            path = self.root / f"{self.environment}.map"
            if path.exists():
                raise
            entries = idr_maps.entries(self.root, source)
            made = idr_clones.mapped(entries, source, self.environment, manifest, self._sizes(source))
            text = yaml.safe_dump(idr_clones.without_origins(made), sort_keys=False)
            idr_files.replace_text(path, f"# Hosts of {source} as of {manifest['id']}.\n{text}", mode=0o644)

    def make(self, path):
        """
        Make the hosts of a map that are not there yet.

        :raises ValueError: some could not be made; names them
        """
        wrong = self.cloud.run_map(path)
        if wrong:
            raise ValueError("; ".join(f"{host}: {why}" for host, why in wrong.items()))

    def wait(self, hosts):
        """
        Wait until all minions answer, and are in the mine.

        :raises CommandExecutionError: some do not within 600 s; names them
        """
        wrong = dict.fromkeys(hosts, "")

        def up():
            silent = self.minions.each(list(wrong), "mine.update", limit=30)[1]
            wrong.clear()
            wrong.update(silent)
            return not silent, None

        if not omero_wait.until(up, UP)[0]:
            raise CommandExecutionError("; ".join(wrong.values()))

    def apply(self, hosts):
        """
        Apply all states to all hosts at the same time.

        :raises CommandExecutionError: some failed; names hosts and states
        """
        wrong = self.minions.each(hosts, "state.apply", queue=True, limit=APPLY)[1]
        if wrong:
            raise CommandExecutionError("; ".join(wrong.values()))
