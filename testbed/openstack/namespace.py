"""A network namespace with loopback alone, and threads of this process that are in it."""

import concurrent.futures
import ctypes
import os
import subprocess

CLONE_NEWNET = 0x40000000


class Namespace:
    """The namespace `name`: made by `make`, removed by `remove`."""

    def __init__(self, name):
        self.name = name
        self.path = f"/run/netns/{name}"
        self._threads = None

    def make(self):
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        subprocess.run(["ip", "-n", self.name, "link", "set", "lo", "up"], check=True)
        self._open()

    def _open(self):
        # one thread at a time, so that who has called something has also seen what came before
        self._threads = concurrent.futures.ThreadPoolExecutor(1, initializer=self._join)

    def remove(self):
        if self._threads:
            self._threads.shutdown()
        if os.path.exists(self.path):
            subprocess.run(["ip", "netns", "delete", self.name], check=True)

    def _join(self):
        libc = ctypes.CDLL(None, use_errno=True)
        with open(self.path) as handle:
            if libc.setns(handle.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"cannot enter {self.path}")

    def call(self, function, *arguments, within=300, **keywords):
        """Call `function` by a thread that is inside and return what it returns; TimeoutError after `within` seconds.

        Sockets, threads and processes that it makes are inside as well.
        """
        return self._threads.submit(function, *arguments, **keywords).result(within)

    def enter(self, arguments):
        """The command line that runs `arguments` inside; it ends when this process ends, however that ends."""
        return ["setpriv", "--pdeathsig", "KILL", "--", "nsenter", f"--net={self.path}", "--", *map(str, arguments)]
