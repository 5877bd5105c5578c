"""STAND-IN: the server that IceGrid starts as Blitz-0, in OMERO's home folder."""

import logging
import pathlib
import sys

import Ice
import omero
import omero.all
import omero.rtypes
import psycopg2

from standin import checks, demo, pictures
from standin.logbook import open_log
from standin.logins import Manager, Verifier
from standin.server import Server
from standin.settings import Settings, SettingsError, read_properties

log = logging.getLogger("blitz")


def prepare(settings):
    """The Server, ready to answer, after all checks; raises Refusal, SettingsError or psycopg2.Error."""
    server = Server(settings)
    database = server.database
    version, patch = settings.patch()
    checks.fault(settings.text("standin.fault"), server.read_only)
    checks.schema_patch(database.patches(), version, patch)
    checks.database_access(database.can_write(), server.read_only, settings.text("omero.db.user"))
    checks.data_directory(settings.text("omero.data.dir"), settings.read_only("repo"), database.uuid())
    states = [f"{part}={str(settings.read_only(part)).lower()}" for part in ("db", "repo")]
    logging.getLogger("ReadOnlyStatus").info("read-only status: %s", ", ".join(states))
    wanted = settings.flag("standin.demo") and not server.read_only
    if wanted and demo.import_demo(database, settings.text("standin.demo.group")):
        log.info("demo repository imported")
    server.refresh()
    if wanted and not settings.read_only("repo"):
        log.info("%s files of the demo repository written", pictures.complete(server.store, server.files))
    return server


class Blitz(Ice.Application):
    def run(self, arguments):
        self.shutdownOnInterrupt()
        communicator = self.communicator()
        defaults = read_properties(pathlib.Path("etc/omero.properties").read_text(encoding="utf-8"))
        properties = communicator.getProperties()
        configured = {k: v for p in ("omero.", "standin.") for k, v in properties.getPropertiesForPrefix(p).items()}
        try:
            server = prepare(Settings(defaults, configured))
        except (checks.Refusal, SettingsError) as error:
            log.critical("%s", error)
            return 1
        except psycopg2.Error as error:
            log.critical("database: %s", " ".join(str(error).split()))
            return 1
        except OSError as error:
            log.critical("omero.data.dir: %s", error)
            return 1
        omero.ObjectFactoryRegistrar.registerObjectFactory(communicator, None)
        for factory in list(omero.rtypes.ObjectFactories.values()):
            factory.register(communicator)
        adapter = communicator.createObjectAdapter("BlitzAdapter")
        adapter.add(Verifier(server), communicator.stringToIdentity("BlitzVerifier"))
        adapter.add(Manager(server), communicator.stringToIdentity("BlitzManager"))
        adapter.activate()
        log.info("OMERO.blitz %s now accepting connections", server.settings.text("omero.version"))
        communicator.waitForShutdown()
        log.info("stopped")
        return 0


if __name__ == "__main__":
    open_log("var/log/Blitz-0.log")
    sys.exit(Blitz().main(sys.argv))
