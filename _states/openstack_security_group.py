"""
Security groups of an OpenStack project, and their rules.

Groups are made first and get their rules then, as rules may name any of the groups.
"""

import openstack_find
import openstack_marks
import openstack_rules
import openstack_session
import openstack_steps

__virtualname__ = "openstack_security_group"


def __virtual__():
    found = openstack_session.available()
    return __virtualname__ if found is True else found


def present(name, owner, cloud):
    """
    The project has this security group. Its rules are those of :func:`rules`.

    :param owner: environment that it belongs to, for its mark
    :param cloud: entry of ``clouds.yaml``

    .. code-block:: yaml

        idr-prod-proxy:
          openstack_security_group.present:
            - owner: idr-prod
            - cloud: embassy
    """

    def look():
        openstack_marks.check(name, owner)
        connection = openstack_session.kept(__context__, cloud)
        if openstack_find.own(connection, "security group", name):
            return []
        mark = openstack_marks.description(name, owner)
        make = connection.network.create_security_group
        return openstack_steps.made("security group", name, {}, lambda: make(name=name, description=mark))

    return openstack_steps.apply(name, cloud, look, __opts__["test"])


def rules(name, owner, cloud, rules):
    """
    A security group has exactly these rules. New ones are added before others are removed.

    :param owner: environment that the group belongs to: rules of another's are not changed, which is an error
    :param cloud: entry of ``clouds.yaml``
    :param rules: list of maps with Neutron's keys: ``direction`` (ingress by default), ``ethertype``, ``protocol`` (any
        by default), ``port_range_min`` and ``port_range_max`` (type and code of ICMP), and ``remote_ip_prefix`` or
        ``remote_group``, which is a name. Without any of direction egress all egress is allowed, as in a new group.

    .. code-block:: yaml

        rules of idr-prod-proxy:
          openstack_security_group.rules:
            - name: idr-prod-proxy
            - owner: idr-prod
            - cloud: embassy
            - rules:
              - {protocol: tcp, port_range_min: 443, port_range_max: 443}
              - {protocol: tcp, port_range_min: 22, port_range_max: 22, remote_group: idr-prod-management}
    """

    def look():
        openstack_marks.check(name, owner)
        wanted = openstack_rules.declared(rules)
        connection = openstack_session.kept(__context__, cloud)
        groups = list(connection.network.security_groups(project_id=connection.current_project_id))
        group = _named(groups, name)
        present = _rules_of(connection, group, groups)
        missing, surplus = openstack_rules.difference(wanted, present)
        ids = _remote(groups, missing)
        if group and (missing or surplus) and not openstack_marks.ours(group.description, owner):
            raise openstack_marks.refusal("security group", name, owner, "changed")
        if not __opts__["test"]:
            openstack_find.some("security group", name, group)
        return [_addition(connection, rule, group, ids) for rule in missing] + [
            _removal(connection, rule, id) for id, rule in surplus.items()
        ]

    return openstack_steps.apply(name, cloud, look, __opts__["test"])


def _named(groups, name):
    return openstack_find.one("security group", name, [group for group in groups if group.name == name])


def _rules_of(connection, group, groups):
    """Rules by id; of a group that test mode has not made, those that Neutron would give it."""
    if group is None:
        return dict(enumerate(openstack_rules.OUT))
    names = {other.id: other.name for other in groups}
    listed = connection.network.security_group_rules(security_group_id=group.id)
    return {rule.id: openstack_rules.found(rule.to_dict(original_names=True), names) for rule in listed}


def _remote(groups, missing):
    """Ids of the groups that missing rules name; in test mode some may not be there yet."""
    names = sorted({rule.remote_group for rule in missing if rule.remote_group})
    ids = {None: None}
    for name in names:
        group = _named(groups, name)
        if group is None and not __opts__["test"]:
            openstack_find.some("security group", name, group)
        ids[name] = group and group.id
    return ids


def _addition(connection, rule, group, ids):
    def add():
        values = openstack_rules.sent(rule, group.id, ids[rule.remote_group])
        connection.network.create_security_group_rule(**values)

    return openstack_steps.Step({str(rule): {"old": None, "new": "allowed"}}, add)


def _removal(connection, rule, id):
    return openstack_steps.Step(
        {str(rule): {"old": "allowed", "new": None}}, lambda: connection.network.delete_security_group_rule(id)
    )


def absent(name, owner, cloud):
    """
    The project has no security group of this name. One that ports of servers have, or of nobody, is refused.

    :param owner: environment that it belongs to: that of another is not removed, which is an error
    :param cloud: entry of ``clouds.yaml``

    .. code-block:: yaml

        idr-prod-proxy:
          openstack_security_group.absent:
            - owner: idr-prod
            - cloud: embassy
    """

    def look():
        openstack_marks.check(name, owner)
        connection = openstack_session.kept(__context__, cloud)
        group = openstack_find.own(connection, "security group", name)
        return openstack_steps.gone(
            "security group",
            group,
            owner,
            lambda: connection.network.delete_security_group(group),
            lambda: openstack_find.users(connection.network.ports(security_groups=[group.id])),
        )

    return openstack_steps.apply(name, cloud, look, __opts__["test"])
