#!/usr/bin/python3
"""Nova's API, conductor, scheduler and compute service in one process, so that no message broker is needed."""

import nova.monkey_patch  # noqa: F401, I001  before everything else
import sys

import os_vif
import nova.conf
import stand_in.nova_hosts  # noqa: F401  both make themselves known to Nova
import stand_in.nova_servers  # noqa: F401
from nova import config, objects, service
from nova.compute import rpcapi as compute
from nova.conductor import rpcapi as conductor
from nova.scheduler import rpcapi as scheduler
from oslo_log import log as logging
from oslo_service import service as oslo_service

TOPICS = {
    "nova-conductor": conductor.RPC_TOPIC,
    "nova-scheduler": scheduler.RPC_TOPIC,
    "nova-compute": compute.RPC_TOPIC,
}


def main():
    config.parse_args(sys.argv)
    logging.setup(nova.conf.CONF, "nova")
    objects.register_all()
    os_vif.initialize()
    launcher = oslo_service.ServiceLauncher(nova.conf.CONF, restart_method="mutate")
    for binary, topic in TOPICS.items():
        launcher.launch_service(service.Service.create(binary=binary, topic=topic))
    launcher.launch_service(service.WSGIService("osapi_compute"))
    launcher.wait()


main()
