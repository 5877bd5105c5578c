"""The stand-in release's own Python package is imported from its sources."""

import sys

from testbed.standin_release import SOURCE

sys.path.insert(0, str(SOURCE))
