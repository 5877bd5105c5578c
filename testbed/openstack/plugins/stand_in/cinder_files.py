"""A Cinder driver whose volumes and snapshots are sparse files in one folder.

A volume whose name ends with `-stuck` is never ready, for tests of limits.
"""

import os
import subprocess
import time

from cinder import interface
from cinder.volume import driver
from oslo_config import cfg

OPTIONS = [cfg.StrOpt("stand_in_folder", help="where the files are")]
GIB = 1 << 30
STUCK_SECONDS = 600


@interface.volumedriver
class Files(driver.VolumeDriver):
    VERSION = "1"
    CI_WIKI_NAME = "none"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.configuration.append_config_values(OPTIONS)

    def _path(self, thing):
        return os.path.join(self.configuration.stand_in_folder, thing["name"])

    def do_setup(self, context):
        pass

    def check_for_setup_error(self):
        pass

    def _update_volume_stats(self):
        pool = {
            "pool_name": "files",
            "total_capacity_gb": 100000,
            "free_capacity_gb": 100000,
            "reserved_percentage": 0,
            "thin_provisioning_support": True,
            "max_over_subscription_ratio": 10,
            "QoS_support": False,
        }
        self._stats = {
            "volume_backend_name": self.configuration.volume_backend_name,
            "vendor_name": "stand-in",
            "driver_version": self.VERSION,
            "storage_protocol": "file",
            "pools": [pool],
        }

    def _enlarge(self, volume):
        handle = os.open(self._path(volume), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(handle).st_size < volume["size"] * GIB:
                os.ftruncate(handle, volume["size"] * GIB)
        finally:
            os.close(handle)

    def create_volume(self, volume):
        if (volume["display_name"] or "").endswith("-stuck"):
            time.sleep(STUCK_SECONDS)
        self._enlarge(volume)

    def _copy(self, origin, target):
        subprocess.check_call(["cp", "--reflink=auto", "--sparse=always", "--", origin, target])

    def create_volume_from_snapshot(self, volume, snapshot):
        self._copy(self._path(snapshot), self._path(volume))
        self._enlarge(volume)

    def create_cloned_volume(self, volume, src_vref):
        self._copy(self._path(src_vref), self._path(volume))
        self._enlarge(volume)

    def delete_volume(self, volume):
        self._remove(volume)

    def _remove(self, thing):
        if os.path.exists(self._path(thing)):
            os.unlink(self._path(thing))

    def create_snapshot(self, snapshot):
        self._copy(os.path.join(self.configuration.stand_in_folder, snapshot["volume_name"]), self._path(snapshot))

    def delete_snapshot(self, snapshot):
        self._remove(snapshot)

    def extend_volume(self, volume, new_size):
        os.truncate(self._path(volume), new_size * GIB)

    def clone_image(self, context, volume, image_location, image_meta, image_service):
        return {}, False

    def copy_image_to_volume(self, context, volume, image_service, image_id, disable_sparse=False):
        with open(self._path(volume), "wb") as target:
            image_service.download(context, image_id, target)
        self._enlarge(volume)

    def copy_volume_to_image(self, context, volume, image_service, image_meta):
        with open(self._path(volume), "rb") as origin:
            image_service.update(context, image_meta["id"], {}, origin)

    def ensure_export(self, context, volume):
        pass

    def create_export(self, context, volume, connector=None):
        pass

    def remove_export(self, context, volume):
        pass

    def initialize_connection(self, volume, connector, **kwargs):
        return {"driver_volume_type": "local", "data": {"device_path": self._path(volume)}}

    def terminate_connection(self, volume, connector, **kwargs):
        pass
