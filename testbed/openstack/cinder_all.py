#!/usr/bin/python3
"""Cinder's API, scheduler and volume service in one process, so that no message broker is needed."""

# ruff: noqa: E402, I001  eventlet comes before everything else
import eventlet

eventlet.monkey_patch()

# as Cinder's own programs do after it
import __original_module_threading
import threading

__original_module_threading.current_thread.__globals__["_active"] = threading._active

import sys

from cinder import objects

objects.register_all()

import cinder.cmd.volume  # noqa: F401  knows the option enabled_backends
from cinder import rpc, service, version
from cinder.common import config, constants
from cinder.db import api  # noqa: F401
from oslo_config import cfg
from oslo_log import log as logging
from oslo_service import service as oslo_service

CONF = cfg.CONF


class OneOfMany(service.Service):
    """Cinder keeps a service's id in the class, which is one for each process; here a process has two services."""

    def report_state(self):
        service.Service.service_id = self.origin_service_id
        super().report_state()


def main():
    CONF(sys.argv[1:], project="cinder", version=version.version_string())
    logging.setup(CONF, "cinder")
    config.set_middleware_defaults()
    rpc.init(CONF)
    launcher = oslo_service.ServiceLauncher(CONF, restart_method="mutate")
    launcher.launch_service(OneOfMany.create(binary=constants.SCHEDULER_BINARY))
    for backend in CONF.enabled_backends:
        volumes = OneOfMany.create(
            host=f"{CONF.host}@{backend}", service_name=backend, binary=constants.VOLUME_BINARY, coordination=True
        )
        launcher.launch_service(volumes)
    launcher.launch_service(service.WSGIService("osapi_volume"))
    launcher.wait()


main()
