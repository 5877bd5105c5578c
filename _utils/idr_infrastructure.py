"""
What an environment needs of its cloud before its first host, as an ordered list of states.

``pillar/env/<environment>/infrastructure.yaml`` says what; security groups follow from who may connect to what, pillar
``firewall``: one for each role, called ``<environment>-<role>``.
"""

import ipaddress
import json
import pathlib

import idr_check
import idr_ids
import jsonschema
import openstack_keys
import openstack_rules
import openstack_subnets
import yaml
from cloud_errors import CloudError

FILE = "infrastructure.yaml"
SCHEMA = "schemas/env/infrastructure.json"
# A rule for the groups of all roles.
ALL = "all"

# where a master hears its minions
MASTER_PORTS = (4505, 4506)

_PING = {"IPv4": ("icmp", 8), "IPv6": ("ipv6-icmp", 128)}


def read(place, environment):
    """
    :param place: folder ``pillar`` of the checkout
    :returns: what the file says, with ``environment``: what ``environment.yaml`` says
    :raises ValueError: one line for each error, with the file, the key, what was expected and what was found
    """
    idr_ids.check_environment(environment)
    folder = place / "env" / environment
    file = folder / FILE
    if not file.exists():
        known = ", ".join(sorted(path.parent.name for path in place.glob(f"env/*/{FILE}"))) or "none"
        raise ValueError(f"{file}: expected this file (environments that have it: {known})")
    about, data = _load(folder / "environment.yaml"), _load(file)
    if not isinstance(about.get("production", False), bool):
        raise ValueError(
            f"{folder}/environment.yaml: production: expected true or false, found {about['production']!r}"
        )
    _network(folder, about)
    errors = _unlike_schema(place, data) or list(_unfit(data, about))
    if errors:
        raise ValueError("; ".join(f"{file}: {error}" for error in errors))
    return {**data, "environment": about}


def _load(path):
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as exc:
        raise ValueError(f"{path}: {exc}") from None
    if not isinstance(data, dict):
        raise ValueError(f"{path}: expected keys, found {type(data).__name__}")
    return data


def _network(folder, about):
    try:
        ipaddress.ip_network(about.get("network"), strict=False)
    except ValueError:
        found = about.get("network")
        raise ValueError(
            f"{folder}/environment.yaml: network: expected a network such as 10.99.0.0/24, found {found!r}"
        ) from None


def _unlike_schema(place, data):
    validator = jsonschema.Draft202012Validator(json.loads((place / SCHEMA).read_text(encoding="utf-8")))
    found = idr_check.errors({"file": data}, {"file": validator})
    return [f"{':'.join(one['path'][1:])}: expected {one['expected']}, found {one['found']}" for one in found]


def _unfit(data, about):
    """What a schema cannot say."""
    network = ipaddress.ip_network(about["network"], strict=False)
    subnets = data.get("subnets", {})
    cidrs = [subnet["cidr"] for subnet in subnets.values() if "cidr" in subnet]
    if len(subnets) - len(cidrs) > 1:
        yield f"subnets: expected cidr in all but one, which is the environment's network {network}"
    elif subnets and len(subnets) == len(cidrs) and not any(_inside(network, cidr) for cidr in cidrs):
        yield f"subnets: expected one with the environment's network {network}, found {', '.join(map(str, cidrs))}"
    for name, subnet in subnets.items():
        yield from _complaint(f"subnets:{name}", openstack_subnets.check, {"cidr": str(network), **subnet})
    for name, pair in data.get("key_pairs", {}).items():
        if "public_key" in pair:
            yield from _complaint(f"key_pairs:{name}", openstack_keys.parse, pair["public_key"])
    yield from _complaint("", openstack_rules.declared, list(_of_master(data, True)), "master")
    for role, rules in data.get("security_group_rules", {}).items():
        yield from _complaint("", openstack_rules.declared, rules, f"security_group_rules:{role}")


def _inside(network, cidr):
    try:
        outer = ipaddress.ip_network(cidr)
    except ValueError:
        return False
    return outer.version == network.version and network.subnet_of(outer)


def _complaint(key, check, *arguments):
    try:
        check(*arguments)
    except CloudError as exc:
        yield f"{key}:{exc}" if key else str(exc)


def families(data):
    """
    Ethertypes of the subnets and of the environment's network.
    """
    networks = [
        data["environment"]["network"],
        *(one["cidr"] for one in data.get("subnets", {}).values() if "cidr" in one),
    ]
    versions = {ipaddress.ip_network(network, strict=False).version for network in networks}
    return [name for name, version in openstack_rules.ETHERTYPES.items() if version in versions]


def rules(environment, role, hosts, data):
    """
    Rules of the security group of a role.

    :param hosts: all of the environment, as :func:`idr_pillar.firewall` returns each
    :param data: as :func:`read` returns it
    :returns: list of maps as ``openstack_security_group.rules`` takes them, sorted
    """
    more = data.get("security_group_rules", {})
    roles = sorted({idr_ids.parse(host["id"])["role"] for host in hosts})
    found = [*more.get(ALL, []), *more.get(role, [])]
    for host in hosts:
        if idr_ids.parse(host["id"])["role"] == role:
            for service in host["services"]:
                found += _of_service(environment, service, host["operators"], roles, families(data))
    found += _of_master(data, any(rule.get("direction") == "egress" for rule in found))
    return [openstack_rules.plain(rule) for rule in openstack_rules.declared(found)]


def _of_master(data, closed):
    """SSH from the master to new hosts; and the way of minions to it, where not all may go out (`closed`)."""
    for network in data.get("master", ()):
        yield {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": network}
        if closed:
            first, last = MASTER_PORTS
            ports = {"protocol": "tcp", "port_range_min": first, "port_range_max": last}
            yield {"direction": "egress", **ports, "remote_ip_prefix": network}


def _of_service(environment, service, operators, roles, ethertypes):
    for ethertype in ethertypes:
        for remote in _remotes(environment, service["from"], operators, roles, ethertype):
            for ports in _ports(service, ethertype):
                yield {"ethertype": ethertype, **ports, **remote}


def _remotes(environment, sources, operators, roles, ethertype):
    for source in sources:
        if source == "public":
            yield {}
        elif source == "operators":
            networks = [ipaddress.ip_network(network) for network in operators]
            version = openstack_rules.ETHERTYPES[ethertype]
            yield from ({"remote_ip_prefix": str(network)} for network in networks if network.version == version)
        else:
            names = roles if source == "environment" else [role for role in roles if role == source]
            yield from ({"remote_group": f"{environment}-{role}"} for role in names)


def _ports(service, ethertype):
    if service["protocol"] == "icmp":
        protocol, echo = _PING[ethertype]
        yield {"protocol": protocol, "port_range_min": echo}
    for span in service["ports"]:
        first, _, last = span.partition("-")
        ports = {"port_range_min": int(first), "port_range_max": int(last or first)}
        yield {"protocol": service["protocol"], **ports}


def present(environment, data, hosts):
    """
    The states that make all of it.

    :param data: as :func:`read` returns it
    :param hosts: as for :func:`rules`
    :returns: list of ``{"id": str, "state": str, "arguments": {...}, "require": [{module: id}, ...]}`` in the order in
        which they have to be applied; each requires those of the kind before, so that a failure ends it
    :raises ValueError: the file of a public key cannot be read, or has none; nothing says where the master is
    """
    if "master" not in data:
        raise ValueError(
            f"{FILE} of {environment}: master: expected the networks from which the master comes to new hosts by SSH, "
            "such as [192.0.2.10/32], or [] where it does not; found none"
        )
    roles = sorted({idr_ids.parse(host["id"])["role"] for host in hosts})
    groups = {f"{environment}-{role}": role for role in roles}
    return _in_turn(
        environment,
        data["cloud"],
        ("network", "present", data.get("networks", {})),
        ("subnet", "present", _with_cidr(data)),
        ("router", "present", data.get("routers", {})),
        ("security_group", "present", dict.fromkeys(groups, {})),
        (
            "security_group",
            "rules",
            {group: {"rules": rules(environment, role, hosts, data)} for group, role in groups.items()},
        ),
        ("key_pair", "present", {name: _public_key(name, pair) for name, pair in data.get("key_pairs", {}).items()}),
        ("server_group", "present", _of_roles(environment, data)),
        ("floating_ip", "present", data.get("floating_ips", {})),
    )


def _public_key(name, pair):
    if "public_key" in pair:
        return pair
    path = pathlib.Path(pair["public_key_file"])
    try:
        return {"public_key": openstack_keys.parse(path.read_text(encoding="utf-8"))}
    except (OSError, UnicodeDecodeError) as exc:
        raise ValueError(f"key_pairs:{name}:public_key_file: expected a file on the master: {exc}") from None
    except CloudError as exc:
        raise ValueError(f"key_pairs:{name}:public_key_file: {path}: {exc}") from None


def _with_cidr(data):
    network = str(ipaddress.ip_network(data["environment"]["network"], strict=False))
    return {name: {"cidr": network, **subnet} for name, subnet in data.get("subnets", {}).items()}


def _of_roles(environment, data):
    return {f"{environment}-{role}": given for role, given in data.get("server_groups", {}).items()}


def removed(environment, data, confirm=None):
    """
    The states that remove all of it, and the security groups of all roles.

    What servers use is refused by its state, and comes before what would cut them off.

    :param confirm: the name of the environment again, which production needs
    :returns: as :func:`present`
    :raises ValueError: it is production, and ``confirm`` is not its name
    """
    if confirm != environment and (data["environment"].get("production") or confirm is not None):
        raise ValueError(
            f"{environment}: expected its name again to remove it, pillar='{{environment: {environment}, confirm: "
            f"{environment}}}', found {confirm!r}"
        )
    return _in_turn(
        environment,
        data["cloud"],
        ("floating_ip", "absent", list(data.get("floating_ips", []))),
        ("server_group", "absent", list(_of_roles(environment, data))),
        ("security_group", "absent", [f"{environment}-{role}" for role in idr_ids.ROLES]),
        ("router", "absent", list(data.get("routers", []))),
        ("subnet", "absent", list(data.get("subnets", []))),
        ("network", "absent", list(data.get("networks", []))),
        ("key_pair", "absent", list(data.get("key_pairs", []))),
    )


def _in_turn(environment, cloud, *kinds):
    steps: list = []
    before: list = []
    for kind, function, items in kinds:
        module = f"openstack_{kind}"
        label = "rules" if function == "rules" else kind.replace("_", " ")
        found = [
            {
                "id": f"{label} {name}",
                "state": f"{module}.{function}",
                "arguments": {"name": name, "owner": environment, "cloud": cloud, **_arguments(items, name)},
                "require": before,
            }
            for name in items
        ]
        steps += found
        before = [{module: step["id"]} for step in found] or before
    return steps


def _arguments(items, name):
    return items[name] if isinstance(items, dict) else {}
