"""
Who may connect to what: from pillar ``firewall`` and the mine's addresses to nftables rules, and to a table to read.

A service says from whom its ports may be reached: roles, ``environment``, ``operators`` or ``public``.
"""

import hashlib
import ipaddress
import re

import idr_ids

TABLE = "inet idr"
PUBLIC = "public"
GROUPS = ("environment", "operators")
SOURCES = (*idr_ids.ROLES, *GROUPS, PUBLIC)
PROTOCOLS = ("tcp", "udp", "icmp")
COLUMNS = ("to", "service", "protocol", "ports", "from", "who")

_RANGE = re.compile(r"(\d{1,5})-(\d{1,5})")
_DIGEST = re.compile(r'comment "rules ([0-9a-f]{16})"')

# What a host must hear for its own connections to work.
_ICMP = "destination-unreachable, parameter-problem, time-exceeded"
_ICMPV6 = f"{_ICMP}, packet-too-big, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query"


def services(declared, get):
    """
    Services in the form that the other functions take.

    :param declared: pillar ``firewall:services``
    :param get: function that returns the value of a pillar key such as ``share:type``, for ``when``
    :returns: list of ``{"name": str, "protocol": str, "ports": [str, ...], "from": [str, ...]}``, sorted by name;
        without those whose ``when`` is not so
    :raises ValueError: names the pillar key and what was expected
    """
    return [
        _service(name, service)
        for name, service in sorted(declared.items())
        if all(get(key) == value for key, value in service.get("when", {}).items())
    ]


def _service(name, service):
    key = f"firewall:services:{name}"
    protocol = service.get("protocol", "tcp")
    if protocol not in PROTOCOLS:
        raise ValueError(f"{key}:protocol: expected one of {', '.join(PROTOCOLS)}, found {protocol!r}")
    ports = service.get("ports", [])
    if bool(ports) == (protocol == "icmp"):
        expected = "no ports, which icmp does not have" if ports else "at least one port"
        raise ValueError(f"{key}:ports: expected {expected}, found {ports!r}")
    strangers = sorted(set(service["from"]) - set(SOURCES))
    if strangers:
        raise ValueError(f"{key}:from: expected {', '.join(SOURCES)}, found {', '.join(strangers)}")
    spans = sorted({_span(key, port) for port in ports})
    return {
        "name": name,
        "protocol": protocol,
        "ports": [str(first) if first == last else f"{first}-{last}" for first, last in spans],
        "from": sorted(set(service["from"])),
    }


def _span(key, port):
    match = _RANGE.fullmatch(str(port))
    first, last = (int(match[1]), int(match[2])) if match else (port, port)
    if not isinstance(first, int) or not 1 <= first <= last <= 65535:
        raise ValueError(f"{key}:ports: expected ports of 1 to 65535 or ranges such as 14060-14099, found {port!r}")
    return first, last


def operators(declared):
    """
    Check pillar ``firewall:operators``.

    :returns: the same list of networks (CIDR)
    :raises ValueError: names the pillar key and what was expected
    """
    for number, network in enumerate(declared):
        try:
            ipaddress.ip_network(network)
        except ValueError:
            key = f"firewall:operators:{number}"
            raise ValueError(f"{key}: expected a network such as 192.0.2.0/24, found {network!r}") from None
    return declared


def sources(peers, operators, together=()):
    """
    Addresses behind the names in ``from``.

    :param peers: the environment's hosts, ``{"id": str, "address": str}`` each
    :param operators: list of networks (CIDR)
    :param together: roles of the environment's all-in-one host
    :returns: ``{role, "environment" or "operators": [address or network, ...]}``, sorted; a role without hosts is empty
    :raises ValueError: an address or a network is none
    """
    found: dict = {name: set() for name in (*idr_ids.ROLES, *GROUPS)}
    for peer in peers:
        address = ipaddress.ip_address(peer["address"])
        for role in idr_ids.roles(peer["id"], together):
            found[role].add(address)
        found["environment"].add(address)
    found["operators"] = _networks(operators)
    return {name: _sorted(addresses) for name, addresses in found.items()}


def _networks(operators):
    networks = [ipaddress.ip_network(network) for network in operators]
    old = [network for network in networks if isinstance(network, ipaddress.IPv4Network)]
    new = [network for network in networks if isinstance(network, ipaddress.IPv6Network)]
    # nft takes no intervals that overlap
    return {*ipaddress.collapse_addresses(old), *ipaddress.collapse_addresses(new)}


def _sorted(addresses):
    return [str(address) for address in sorted(addresses, key=lambda item: (item.version, item))]


def rules(wanted, addresses):
    """
    The file for ``nft -f``, which replaces this table as a whole and touches no other.

    :param wanted: as :func:`services` returns it
    :param addresses: as :func:`sources` returns it
    :returns: text, which carries a digest of itself (see :func:`digest`)
    """
    used = sorted({source for service in wanted for source in service["from"]} - {PUBLIC})
    lines = [line for source in used for line in _sets(source, addresses[source])]
    lines += _chain([rule for service in wanted for rule in _accepts(service, addresses)])
    mark = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    body = "".join(f"\t{line}\n" if line else "\n" for line in [f'comment "rules {mark}"', *lines])
    # The first line makes sure that there is something to delete.
    return f"# Managed by Salt\ntable {TABLE}\ndelete table {TABLE}\ntable {TABLE} {{\n{body}}}\n"


def digest(text):
    """
    Digest that rules carry.

    :param text: as :func:`rules` returns it, or as ``nft list table`` prints the loaded table
    :returns: 16 hexadecimal digits, or None
    """
    match = _DIGEST.search(text)
    return match[1] if match else None


def _by_version(addresses):
    """``[(set suffix, address family of nft, type of nft, addresses)]``; the first also when there are none at all."""
    split = {version: [item for item in addresses if (":" in item) == (version == 6)] for version in (4, 6)}
    found = [("", "ip", "ipv4_addr", split[4])] if split[4] or not split[6] else []
    return found + ([("6", "ip6", "ipv6_addr", split[6])] if split[6] else [])


def _sets(source, addresses):
    for suffix, _, kind, items in _by_version(addresses):
        yield f"set {source}{suffix} {{"
        yield f"\ttype {kind}"
        if source == "operators":
            yield "\tflags interval"
        if items:
            yield f"\telements = {{ {', '.join(items)} }}"
        yield "}"
        yield ""


# The kernel knows no connection that is older than its first rules: what comes for it looks new. Of all connections
# that a host keeps open those to Salt's publish_port and ret_port may wait until the other side speaks, and a minion
# that misses what the master says is lost. Nobody opens a connection with such a segment.
_MASTER = 'tcp sport { 4505, 4506 } tcp flags & (syn | ack) == ack accept comment "what the Salt master says"'


def _chain(accepts):
    return [
        "chain input {",
        "\ttype filter hook input priority filter; policy drop;",
        "\tct state vmap { established : accept, related : accept, invalid : drop }",
        f"\t{_MASTER}",
        '\tiifname "lo" accept',
        f"\ticmp type {{ {_ICMP} }} accept",
        f"\ticmpv6 type {{ {_ICMPV6} }} accept",
        *(f"\t{rule}" for rule in accepts),
        '\tcounter comment "dropped"',
        "}",
    ]


def _accepts(service, addresses):
    for source in service["from"]:
        if source == PUBLIC:
            yield from (f"{match} accept comment {_quoted(service)}" for match in _matches(service, ("ip", "ip6")))
            continue
        for suffix, family, _, _ in _by_version(addresses[source]):
            for match in _matches(service, (family,)):
                yield f"{family} saddr @{source}{suffix} {match} accept comment {_quoted(service)}"


def _matches(service, families):
    if service["protocol"] == "icmp":
        return [f"{'icmp' if family == 'ip' else 'icmpv6'} type echo-request" for family in families]
    return [f"{service['protocol']} dport {{ {', '.join(service['ports'])} }}"]


def _quoted(service):
    return f'"{service["name"]}"'


def reach(hosts, peers, together=()):
    """
    Who may reach whom, as a table.

    :param hosts: list of ``{"id": str, "services": as services() returns it, "operators": [CIDR, ...]}``
    :param peers: the environment's hosts, ``{"id": str, "address": str}`` each
    :param together: roles of the environment's all-in-one host
    :returns: list of ``{"to", "service", "protocol", "ports", "from", "who": str}``, one row for each pair of
        service and source, sorted by host and service; ``who`` are the names of hosts, networks, or ``everybody``
    """
    return [
        {
            "to": host["id"],
            "service": service["name"],
            "protocol": service["protocol"],
            "ports": ", ".join(service["ports"]),
            "from": source,
            "who": _who(source, host, peers, together),
        }
        for host in sorted(hosts, key=lambda host: host["id"])
        for service in host["services"]
        for source in service["from"]
    ]


def _who(source, host, peers, together):
    if source == PUBLIC:
        return "everybody"
    if source == "operators":
        return ", ".join(_sorted(_networks(host["operators"]))) or "nobody"
    names = [peer["id"] for peer in peers if source in ("environment", *idr_ids.roles(peer["id"], together))]
    return ", ".join(sorted(names)) or "nobody"


def text(rows):
    """
    Rows of :func:`reach` as aligned columns with a heading, one line each.
    """
    table = [COLUMNS, *(tuple(row[column] or "-" for column in COLUMNS) for row in rows)]
    widths = [max(len(line[index]) for line in table) for index in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in table
    )
