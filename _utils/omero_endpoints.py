"""Where a server listens, from its properties. No side effects."""

DEFAULTS = {"registry": 4061, "tcp": 4063, "ssl": 4064, "ws": 4065, "wss": 4066}
LOCAL = "127.0.0.1"
# state of a socket in /proc/net/tcp
LISTENS = "0A"


def endpoints(properties):
    """
    Return the endpoints of a server: the registry of its grid, and those for clients.

    :param properties: the server's properties, as texts; what is missing is OMERO's default
    :returns: ``{"ssl": {"host": "*" or an address, "port": int, "endpoint": as Ice writes it}}``
    :raises ValueError: a port that is none, or an unknown transport
    """

    def port(name):
        text = f"{properties.get('omero.ports.prefix', '')}{properties.get(f'omero.ports.{name}', DEFAULTS[name])}"
        if not text.isdigit() or not 0 < int(text) < 65536:
            raise ValueError(f"omero.ports.{name}: a port from 1 to 65535 was expected with its prefix, not {text!r}")
        return int(text)

    bound = properties.get("Ice.Default.Host")
    transports = properties.get("omero.client.icetransports", "ssl,tcp").split(",")
    unknown = sorted(set(transports) - (set(DEFAULTS) - {"registry"}))
    if unknown:
        raise ValueError(
            f"omero.client.icetransports: some of ssl, tcp, ws, wss were expected, not {', '.join(unknown)}"
        )
    hosts = {"registry": properties.get("omero.master.host", bound or LOCAL), **dict.fromkeys(transports, bound or "*")}
    made = {}
    for name, host in hosts.items():
        number = port(name)
        kind = "tcp" if name == "registry" else name
        made[name] = {"host": host, "port": number, "endpoint": f"{kind} -h {host} -p {number}"}
    return made


def listening(*tables):
    """
    Return the ports on which something listens.

    :param tables: texts of /proc/net/tcp and /proc/net/tcp6
    """
    rows = (line.split() for table in tables for line in table.splitlines()[1:])
    return {int(row[1].rsplit(":", 1)[1], 16) for row in rows if len(row) > 3 and row[3] == LISTENS}
