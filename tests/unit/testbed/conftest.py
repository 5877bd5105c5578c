"""The stand-ins' own Python packages are imported from their sources."""

import sys

from testbed.paths import CHECKOUT
from testbed.standin_release import SOURCE

sys.path[:0] = [str(SOURCE), str(CHECKOUT / "testbed/openstack/plugins")]
