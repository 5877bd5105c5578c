"""Neutron's own router plug-in, with the part of the agent that says whether a floating IP works."""

from neutron.services.l3_router import l3_router_plugin
from neutron_lib import constants

ACTIVE = constants.FLOATINGIP_STATUS_ACTIVE
DOWN = constants.FLOATINGIP_STATUS_DOWN


class Router(l3_router_plugin.L3RouterPlugin):
    def create_floatingip(self, context, floatingip):
        status = ACTIVE if floatingip["floatingip"].get("port_id") else DOWN
        # past the plug-in's own method, which sets a status for agents to change
        return super(l3_router_plugin.L3RouterPlugin, self).create_floatingip(
            context, floatingip, initial_status=status
        )

    def update_floatingip(self, context, id, floatingip):
        super().update_floatingip(context, id, floatingip)
        self._say_status(context, id)
        return self.get_floatingip(context, id)

    def disassociate_floatingips(self, context, port_id, do_notify=True):
        admin = context.elevated()
        ids = [found["id"] for found in self.get_floatingips(admin, filters={"port_id": [port_id]})]
        ret = super().disassociate_floatingips(context, port_id, do_notify)
        for id in ids:
            self._say_status(admin, id)
        return ret

    def _say_status(self, context, id):
        port = self.get_floatingip(context, id)["port_id"]
        self.update_floatingip_status(context, id, ACTIVE if port else DOWN)
