"""
Server groups of an OpenStack project: which servers shall be on one hypervisor, or not.
"""

import openstack_find
import openstack_marks
import openstack_session
import openstack_steps
from cloud_errors import CloudError

__virtualname__ = "openstack_server_group"

POLICIES = ("affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity")


def __virtual__():
    found = openstack_session.available()
    return __virtualname__ if found is True else found


def present(name, owner, cloud, policy, max_server_per_host=None):
    """
    The project has this server group. Nova cannot change one.

    :param owner: environment that it belongs to; a server group has no place for a mark, so its name has to be
        ``<owner>-<role>``
    :param cloud: entry of ``clouds.yaml``
    :param policy: affinity, anti-affinity, soft-affinity or soft-anti-affinity
    :param max_server_per_host: with anti-affinity, how many servers may be on one hypervisor; left alone where it is
        not given

    .. code-block:: yaml

        idr-prod-omeroreadonly:
          openstack_server_group.present:
            - owner: idr-prod
            - cloud: embassy
            - policy: soft-anti-affinity
    """
    wanted = {"policy": policy, "max_server_per_host": max_server_per_host}

    def look():
        _check(name, owner, wanted)
        compute = openstack_session.kept(__context__, cloud).compute
        group = _named(compute, name)
        if group is None:
            rules = {"rules": openstack_steps.given({"max_server_per_host": max_server_per_host})}
            more = rules if rules["rules"] else {}
            make = compute.create_server_group
            return openstack_steps.made(
                "server group", name, wanted, lambda **_: make(name=name, policy=policy, **more)
            )
        found = {
            "policy": group.policy or (group.policies or [None])[0],
            "max_server_per_host": int((group.rules or {}).get("max_server_per_host", 1)),
        }
        openstack_steps.drift(wanted, found, tuple(wanted))
        return []

    return openstack_steps.apply(name, cloud, look, __opts__["test"])


def _check(name, owner, wanted):
    openstack_marks.check(name, owner)
    if not openstack_marks.own_group(name, owner):
        raise CloudError(f"name: expected <owner>-<role>, such as {owner}-omeroreadonly, found {name!r}")
    if wanted["policy"] not in POLICIES:
        raise CloudError(f"policy: expected one of {', '.join(POLICIES)}, found {wanted['policy']!r}")
    most = wanted["max_server_per_host"]
    if most is not None and (wanted["policy"] != "anti-affinity" or type(most) is not int or most < 1):
        raise CloudError(f"max_server_per_host: expected a number from 1, with policy anti-affinity, found {most!r}")


def _named(compute, name):
    listed = [group for group in compute.server_groups() if group.name == name]
    return openstack_find.one("server group", name, listed)


def absent(name, owner, cloud):
    """
    The project has no server group of this name. One that has servers is refused.

    :param owner: environment that it belongs to: one of another name than ``<owner>-<role>`` is not removed, which is
        an error
    :param cloud: entry of ``clouds.yaml``

    .. code-block:: yaml

        idr-prod-omeroreadonly:
          openstack_server_group.absent:
            - owner: idr-prod
            - cloud: embassy
    """

    def look():
        openstack_marks.check(name, owner)
        compute = openstack_session.kept(__context__, cloud).compute
        group = _named(compute, name)
        if group is None:
            return []
        if not openstack_marks.own_group(name, owner):
            raise CloudError(f"server group {name} is not removed, because its name is not {owner}-<role>")
        used = openstack_find.counted((len(group.member_ids or []), "server"))
        return [openstack_steps.removal("server group", name, lambda: compute.delete_server_group(group), lambda: used)]

    return openstack_steps.apply(name, cloud, look, __opts__["test"])
