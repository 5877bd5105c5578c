"""
Manifests of snapshot sets: a file each on the master, and what the clouds say of the snapshots themselves.
"""

import pathlib

import idr_cloud
import idr_files
import idr_releases
import idr_snapshots


def _folder(opts):
    return pathlib.Path(idr_releases.folder(opts), "snapshots")


def write(opts, manifest):
    """
    Replace the manifest of a set, whole or not at all. It is for root alone.
    """
    idr_snapshots.environment(manifest["id"])
    idr_files.replace_json(_folder(opts) / f"{manifest['id']}.json", manifest)


def forget(opts, set_id):
    """
    Remove the manifest of a set, if there is one.
    """
    idr_snapshots.environment(set_id)
    (_folder(opts) / f"{set_id}.json").unlink(missing_ok=True)


def _written(opts):
    found = {path.stem: idr_files.read_json(path) for path in sorted(_folder(opts).glob("*.json"))}
    return {set_id: manifest for set_id, manifest in found.items() if manifest}


class Store:
    """
    All sets there are, and where.

    :param opts: options of the master
    :param environment: only its sets; all without
    """

    def __init__(self, opts, environment=None):
        self.sets: dict = {}
        # Clouds that did not answer: {alias: why}
        self.wrong: dict = {}
        self.drivers: dict = {}
        self.used: dict = {}
        cloud = idr_cloud.Cloud(opts)
        seen: dict = {}
        for alias in sorted(cloud.opts["providers"]):
            try:
                driver = cloud.driver(alias)
                found = idr_snapshots.of_cloud(driver.call("list_snapshots"))
                self.used |= idr_snapshots.in_use(found, driver.call("list_volumes"))
            except ValueError as exc:
                self.wrong[alias] = str(exc)
                continue
            seen |= found
            self.drivers |= dict.fromkeys(found, driver)
        known = idr_snapshots.merged(_written(opts), seen)
        self.sets = {
            set_id: one for set_id, one in known.items() if environment in (None, idr_snapshots.environment(set_id))
        }

    def find(self, set_id):
        """
        A set that is complete.

        :returns: its manifest
        :raises ValueError: there is none of this id, or it is not complete
        """
        idr_snapshots.environment(set_id)
        if set_id not in self.sets:
            why = f" ({'; '.join(self.wrong.values())})" if self.wrong else ""
            raise ValueError(f"set {set_id}: expected one of {', '.join(self.sets) or 'none'}{why}")
        if not self.sets[set_id]["complete"]:
            raise ValueError(f"set {set_id} is not complete: nothing can be made of it")
        return self.sets[set_id]
