"""STAND-IN: a server of the grid that does nothing (OMERO's Java indexer, pixel data and repository servers)."""

import sys

import Ice


class Idle(Ice.Application):
    def run(self, arguments):
        self.shutdownOnInterrupt()
        self.communicator().waitForShutdown()
        return 0


sys.exit(Idle().main(sys.argv))
