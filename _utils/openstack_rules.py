"""
Rules of security groups: what is declared and what Neutron answers in one form, to be compared.
"""

import dataclasses
import ipaddress

from cloud_errors import CloudError

KEYS = ("direction", "ethertype", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group")
DIRECTIONS = ("ingress", "egress")
ETHERTYPES = {"IPv4": 4, "IPv6": 6}

# Neutron's names, and what else it knows them by.
# fmt: off
_PROTOCOLS = (
    "ah", "dccp", "egp", "esp", "gre", "icmp", "igmp", "ipip", "ipv6-encap", "ipv6-frag", "ipv6-icmp",
    "ipv6-nonxt", "ipv6-opts", "ipv6-route", "ospf", "pgm", "rsvp", "sctp", "tcp", "udp", "udplite", "vrrp",
)
# fmt: on
_ALIASES: dict[str, str | None] = {
    "1": "icmp",
    "6": "tcp",
    "17": "udp",
    "58": "ipv6-icmp",
    "icmpv6": "ipv6-icmp",
    "any": None,
}
_PORTED = ("dccp", "sctp", "tcp", "udp", "udplite")
_ICMP = ("icmp", "ipv6-icmp")
# Neutron turns this range into none.
_ALL_PORTS = (1, 65535)


@dataclasses.dataclass(frozen=True)
class Rule:
    """
    A rule as Neutron has it, with the name of a group instead of its id, and None instead of a network that is all.
    """

    direction: str
    ethertype: str
    protocol: str | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_ip_prefix: str | None = None
    remote_group: str | None = None

    def __str__(self):
        first, last = self.port_range_min, self.port_range_max
        if self.protocol in _ICMP and first is not None:
            ports = [f"type {first}", *([f"code {last}"] if last is not None else [])]
        else:
            ports = [] if first is None else [str(first) if first == last else f"{first}-{last}"]
        everybody = "0.0.0.0/0" if self.ethertype == "IPv4" else "::/0"
        remote = f"group {self.remote_group}" if self.remote_group else self.remote_ip_prefix or everybody
        way = "from" if self.direction == "ingress" else "to"
        return " ".join([self.direction, self.ethertype, self.protocol or "any", *ports, way, remote])


# What Neutron gives a new group.
OUT = (Rule("egress", "IPv4"), Rule("egress", "IPv6"))


def declared(rules, key="rules"):
    """
    Check declared rules and bring them into one form. Without any for egress, all egress is allowed.

    :param rules: list of maps with some of KEYS
    :param key: where the list is, for errors
    :returns: list of :class:`Rule`, sorted, each once
    :raises CloudError: names the rule by its number from 0, the key, and what was expected
    """
    if not isinstance(rules, list):
        raise CloudError(f"{key}: expected a list, found {rules!r}")
    wanted = {_declared(f"{key}:{number}", rule) for number, rule in enumerate(rules)}
    if not any(rule.direction == "egress" for rule in wanted):
        wanted.update(OUT)
    return sorted(wanted, key=str)


def _declared(key, rule):
    if not isinstance(rule, dict) or set(rule) - set(KEYS):
        raise CloudError(f"{key}: expected some of the keys {', '.join(KEYS)}, found {rule!r}")
    given = {name: value for name, value in rule.items() if value is not None}
    prefix = _prefix(key, given.get("remote_ip_prefix"))
    ethertype = _ethertype(key, given.get("ethertype"), prefix)
    direction = given.get("direction", "ingress")
    if direction not in DIRECTIONS:
        raise CloudError(f"{key}:direction: expected one of {', '.join(DIRECTIONS)}, found {direction!r}")
    group = given.get("remote_group")
    if group is not None and (prefix or not isinstance(group, str) or not group):
        expected = "nothing beside remote_ip_prefix" if prefix else "the name of a security group"
        raise CloudError(f"{key}:remote_group: expected {expected}, found {group!r}")
    protocol = _protocol(key, given.get("protocol"), ethertype)
    first, last = _ports(key, protocol, given)
    return Rule(direction, ethertype, protocol, first, last, _all_is_none(prefix), group)


def _prefix(key, value):
    if value is None:
        return None
    try:
        return ipaddress.ip_network(value if isinstance(value, str) else "")
    except ValueError:
        raise CloudError(f"{key}:remote_ip_prefix: expected a network such as 192.0.2.0/24, found {value!r}") from None


def _all_is_none(prefix):
    return str(prefix) if prefix and prefix.prefixlen else None


def _ethertype(key, value, prefix):
    if value is None:
        return f"IPv{prefix.version}" if prefix else "IPv4"
    if value not in ETHERTYPES or (prefix and ETHERTYPES[value] != prefix.version):
        expected = f"IPv{prefix.version}, as remote_ip_prefix is" if prefix else "one of IPv4, IPv6"
        raise CloudError(f"{key}:ethertype: expected {expected}, found {value!r}")
    return value


def _protocol(key, value, ethertype):
    found = _known(value, ethertype)
    if found is not None and found not in _PROTOCOLS and not (found.isdecimal() and int(found) <= 255):
        expected = f"any, a number up to 255, or one of {', '.join(_PROTOCOLS)}"
        raise CloudError(f"{key}:protocol: expected {expected}, found {value!r}")
    return found


def _known(value, ethertype):
    if value is None:
        return None
    given = str(value).lower()
    name = _ALIASES.get(given, given)
    # of old Neutron takes either name, and means the same
    return "ipv6-icmp" if name == "icmp" and ethertype == "IPv6" else name


def _ports(key, protocol, given):
    first, last = given.get("port_range_min"), given.get("port_range_max")
    lowest, highest = (0, 255) if protocol in _ICMP else (1, 65535)
    if (first, last) == (None, None):
        return None, None
    if protocol not in _PORTED + _ICMP:
        raise CloudError(f"{key}:port_range_min: expected none for protocol {protocol or 'any'}, found {first!r}")
    if protocol in _ICMP and last is None and _within(first, 0, 255):
        return first, None
    for name, port in (("port_range_min", first), ("port_range_max", last)):
        if not _within(port, lowest, highest):
            raise CloudError(f"{key}:{name}: expected a number of {lowest} to {highest}, found {port!r}")
    if protocol in _PORTED and first > last:
        raise CloudError(f"{key}:port_range_max: expected at least port_range_min ({first}), found {last}")
    return (None, None) if protocol in _PORTED and (first, last) == _ALL_PORTS else (first, last)


def _within(value, lowest, highest):
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def found(rule, names):
    """
    A rule as Neutron answers.

    :param rule: map with Neutron's keys
    :param names: ``{id of a security group: its name}``; another project's goes by its id
    :returns: :class:`Rule`
    """
    prefix = rule.get("remote_ip_prefix")
    group = rule.get("remote_group_id")
    addresses = rule.get("remote_address_group_id")
    return Rule(
        rule["direction"],
        rule["ethertype"],
        _known(rule.get("protocol"), rule["ethertype"]),
        rule.get("port_range_min"),
        rule.get("port_range_max"),
        _all_is_none(ipaddress.ip_network(prefix, strict=False)) if prefix else None,
        # nothing declared has this form, so that it is surplus
        f"of addresses {addresses}" if addresses else names.get(group, group),
    )


def difference(wanted, present):
    """
    :param wanted: iterable of :class:`Rule`
    :param present: ``{id: Rule}``
    :returns: ``(missing, surplus)``: list of :class:`Rule`, and ``{id: Rule}``, both in a stable order
    """
    wanted, existing = set(wanted), set(present.values())
    surplus = sorted(
        (item for item in present.items() if item[1] not in wanted), key=lambda item: (str(item[1]), item[0])
    )
    return sorted(wanted - existing, key=str), dict(surplus)


def plain(rule):
    """
    A rule as a map, without what is None: the form that :func:`declared` takes.
    """
    return {key: value for key, value in dataclasses.asdict(rule).items() if value is not None}


def sent(rule, group_id, remote_group_id):
    """
    A rule as Neutron takes it.
    """
    values = {key: value for key, value in plain(rule).items() if key != "remote_group"}
    remote = {"remote_group_id": remote_group_id} if remote_group_id else {}
    return {**values, **remote, "security_group_id": group_id}
