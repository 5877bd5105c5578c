"""A stand-in for a hypervisor whose servers are real systemd-nspawn hosts: Nova's fake one, and `stand_in.hosts`.

Live migration, rescue, images of root disks and interfaces other than the first are not done.
"""

import ipaddress
import sys
from pathlib import Path

import nova.conf
import nova.virt
from nova.compute import power_state
from nova.virt import driver
from oslo_config import cfg
from oslo_log import log as logging

from stand_in import hosts, nova_servers

LOG = logging.getLogger(__name__)
CONF = nova.conf.CONF
GROUP = "stand_in"
OPTIONS = [
    cfg.StrOpt("folder", help="folder of the servers"),
    cfg.StrOpt("image", help="root folder of every server, whatever image was asked for"),
    cfg.StrOpt("bridge", help="bridge of every network"),
    cfg.StrOpt("cgroup", help="what names of cgroups begin with"),
    cfg.DictOpt("names", default={}, help="what a DNS would know: name:address"),
    cfg.StrOpt("shares_hosts", help="pattern of the names of servers that have another server's volumes as well"),
    cfg.StrOpt("shares_with", help="name of that other server, with the pattern's groups in braces"),
]
CONF.register_opts(OPTIONS, GROUP)


def _settings():
    given = CONF[GROUP]
    shares = {given.shares_hosts: given.shares_with} if given.shares_hosts else {}
    return hosts.Settings(Path(given.folder), Path(given.image), given.bridge, given.cgroup, given.names, shares)


def _file(connection_info):
    return connection_info["serial"], connection_info["data"]["device_path"]


class Driver(nova_servers.Driver):
    def __init__(self, virtapi, read_only=False):
        super().__init__(virtapi, read_only)
        self._hosts = hosts.Hosts(_settings())

    def spawn(self, context, instance, image_meta, injected_files, admin_password, allocations, **given):
        super().spawn(context, instance, image_meta, injected_files, admin_password, allocations, **given)
        LOG.info("[STAND-IN] making a systemd-nspawn host", instance=instance)
        self._hosts.make(self._record(instance, given.get("network_info"), given.get("block_device_info")))
        if not given.get("power_on", True):
            self._hosts.stop(instance.uuid)

    def _record(self, instance, network_info, block_device_info):
        mapping = driver.block_device_info_get_mapping(block_device_info)
        record = {
            "uuid": instance.uuid,
            "name": instance.hostname,
            "ram": instance.flavor.memory_mb,
            "cpus": instance.flavor.vcpus,
            "public_key": instance.key_data,
            "volumes": dict(_file(device["connection_info"]) for device in mapping),
        }
        # after a change of size it keeps its network
        vif = next(iter(network_info or ()), None)
        if vif is None:
            return record
        subnet = vif["network"]["subnets"][0]
        return record | {
            "mac": vif["address"],
            "address": subnet["ips"][0]["address"],
            "prefix": ipaddress.ip_network(subnet["cidr"]).prefixlen,
            "gateway": subnet["gateway"]["address"],
        }

    def destroy(self, context, instance, *args, **kwargs):
        LOG.info("[STAND-IN] removing the systemd-nspawn host", instance=instance)
        self._hosts.destroy(instance.uuid)
        super().destroy(context, instance, *args, **kwargs)

    def power_off(self, instance, timeout=0, retry_interval=0):
        self._hosts.stop(instance.uuid, timeout)
        super().power_off(instance, timeout, retry_interval)

    def power_on(self, context, instance, *args, **kwargs):
        self._hosts.start(instance.uuid)
        super().power_on(context, instance, *args, **kwargs)

    def reboot(self, context, instance, network_info, reboot_type, *args, **kwargs):
        if reboot_type == "SOFT" and self._hosts.running(instance.uuid):
            self._hosts.reboot(instance.uuid)
        else:
            self._hosts.stop(instance.uuid, 0)
        super().reboot(context, instance, network_info, reboot_type, *args, **kwargs)

    def migrate_disk_and_power_off(self, context, instance, *args, **kwargs):
        self._hosts.stop(instance.uuid)
        return super().migrate_disk_and_power_off(context, instance, *args, **kwargs)

    def finish_revert_migration(self, context, instance, network_info, *args, **kwargs):
        super().finish_revert_migration(context, instance, network_info, *args, **kwargs)
        self._hosts.make(self._record(instance, network_info, kwargs.get("block_device_info")))

    def attach_volume(self, context, connection_info, instance, *args, **kwargs):
        self._hosts.attach(instance.uuid, *_file(connection_info))
        super().attach_volume(context, connection_info, instance, *args, **kwargs)

    def detach_volume(self, context, connection_info, instance, *args, **kwargs):
        self._hosts.detach(instance.uuid, _file(connection_info)[0])
        super().detach_volume(context, connection_info, instance, *args, **kwargs)

    def extend_volume(self, context, connection_info, instance, requested_size):
        super().extend_volume(context, connection_info, instance, requested_size)
        self._hosts.resized(instance.uuid)

    def get_info(self, instance, use_cache=True):
        info = super().get_info(instance, use_cache)
        if info.state == power_state.RUNNING and not self._hosts.running(instance.uuid):
            info.state = power_state.SHUTDOWN
        return info


# Nova looks for drivers below nova.virt only
nova.virt.stand_in_hosts = sys.modules["nova.virt.stand_in_hosts"] = sys.modules[__name__]
