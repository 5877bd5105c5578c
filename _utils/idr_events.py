"""
Events on the master's bus.
"""

import logging

import salt.utils.event

log = logging.getLogger(__name__)


def fire(opts, tag, data):
    """
    Send an event. Nothing depends on it: where nobody takes it, that is only logged.

    :param opts: options of the master
    :param tag: such as ``idr/join/idr-local-omeroreadonly-1/ready``
    :param data: dictionary
    """
    try:
        with salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=False) as bus:
            bus.fire_event(data, tag, timeout=5000)
    except Exception as exc:  # noqa: BLE001 - whatever the transport raises
        log.warning("event %s was not sent: %s", tag, exc)
