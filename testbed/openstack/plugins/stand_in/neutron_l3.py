"""Neutron's own router plug-in, with the part of the agent that makes floating IPs work and says so.

They lead to servers where there are any: [stand_in] floating.
"""

from neutron.services.l3_router import l3_router_plugin
from neutron_lib import constants
from oslo_config import cfg

from stand_in import floating

ACTIVE = constants.FLOATINGIP_STATUS_ACTIVE
DOWN = constants.FLOATINGIP_STATUS_DOWN
OPTION = cfg.BoolOpt("floating", default=False, help="whether floating IPs lead to their servers' addresses")
cfg.CONF.register_opt(OPTION, "stand_in")


class Router(l3_router_plugin.L3RouterPlugin):
    def create_floatingip(self, context, floatingip):
        status = ACTIVE if floatingip["floatingip"].get("port_id") else DOWN
        # past the plug-in's own method, which sets a status for agents to change
        made = super(l3_router_plugin.L3RouterPlugin, self).create_floatingip(
            context, floatingip, initial_status=status
        )
        self._lead(context)
        return made

    def update_floatingip(self, context, id, floatingip):
        super().update_floatingip(context, id, floatingip)
        self._say_status(context, id)
        self._lead(context)
        return self.get_floatingip(context, id)

    def delete_floatingip(self, context, id):
        super().delete_floatingip(context, id)
        self._lead(context)

    def disassociate_floatingips(self, context, port_id, do_notify=True):
        admin = context.elevated()
        ids = [found["id"] for found in self.get_floatingips(admin, filters={"port_id": [port_id]})]
        ret = super().disassociate_floatingips(context, port_id, do_notify)
        for id in ids:
            self._say_status(admin, id)
        if ids:
            self._lead(context)
        return ret

    def _say_status(self, context, id):
        port = self.get_floatingip(context, id)["port_id"]
        self.update_floatingip_status(context, id, ACTIVE if port else DOWN)

    def _lead(self, context):
        if cfg.CONF.stand_in.floating:
            known = self.get_floatingips(context.elevated())
            floating.lead(
                [(ip["floating_ip_address"], ip["fixed_ip_address"]) for ip in known if ip["fixed_ip_address"]]
            )
