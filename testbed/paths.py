"""Where things of the local cloud are. Outside the namespace the checkout has its own place, inside it is /srv/idr."""

import os
import pathlib

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
STATE = CHECKOUT / ".local"
LOG = STATE / "log"
CACHE = (
    pathlib.Path(os.environ.get("IDR_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "idr-salt")
    .expanduser()
    .resolve()
)

# short, because the path of a unix socket has at most 107 characters
RUN = pathlib.Path("/run/idr-local")

INSIDE = pathlib.Path("/srv/idr")
CACHE_INSIDE = pathlib.Path("/srv/cache")

NAMESPACE = "idr-local"
BRIDGE = "br0"
# locally administered
BRIDGE_ADDRESS = "02:1d:00:63:00:01"
GATEWAY = "10.99.0.1"
PREFIX = 24
APT_PORT = 3142
FILES_PORT = 8000

ENVIRONMENT = "idr-local"
MAP = f"{ENVIRONMENT}.map"
# what stands for the site's floating IP: cloud.providers.d/local.conf
SITE = "site"

# port on 127.0.0.1 -> port of the proxy to which that leads
PUBLISHED = {8080: 80, 8443: 443, 4064: 4064}
