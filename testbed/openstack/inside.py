"""The local environment as a place for the control plane: its servers are on the environment's bridge."""

from testbed import lan
from testbed.openstack import namespace
from testbed.paths import NAMESPACE


class Inside(namespace.Namespace):
    """The namespaces of the local environment, which is up and stays so."""

    def __init__(self):
        super().__init__(NAMESPACE)

    def make(self):
        self._open()

    def remove(self):
        if self._threads:
            self._threads.shutdown()

    def enter(self, arguments):
        return ["setpriv", "--pdeathsig", "KILL", "--", *lan.enter(list(map(str, arguments)))]
