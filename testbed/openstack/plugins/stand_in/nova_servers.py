"""Nova's own fake hypervisor, with the part of a snapshot that it leaves out: an image with contents."""

import io
import sys

import nova.virt
from nova.image import glance
from nova.virt import fake


class Driver(fake.FakeDriver):
    def snapshot(self, context, instance, image_id, update_task_state):
        super().snapshot(context, instance, image_id, update_task_state)
        known = glance.API().get(context, image_id)
        wanted = {"name": known["name"], "disk_format": "raw", "container_format": "bare"}
        glance.API().update(context, image_id, wanted, io.BytesIO(b"stand-in for a disk\n"))


# Nova looks for drivers below nova.virt only
nova.virt.stand_in = sys.modules["nova.virt.stand_in"] = sys.modules[__name__]
