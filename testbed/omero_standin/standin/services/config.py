"""IConfig, ISession and ITypes."""

import re
import time

import omero
import omero.api
import omero.model as m
from omero.rtypes import rlong, rstring, rtime

from standin.services.base import Base, always, service
from standin.ship import ship


@service
class Config(Base, omero.api.IConfig):
    getConfigDefaults = always({})

    def getVersion(self, current=None):
        return self.server.settings.version()

    def getConfigValue(self, key, current=None):
        return self.server.settings.public().get(key, "")

    def getConfigValues(self, pattern, current=None):
        return {k: v for k, v in self.server.settings.public().items() if re.search(pattern, k)}

    def getClientConfigValues(self, current=None):
        return self.getConfigValues(r"^omero\.client\.")

    getClientConfigDefaults = getClientConfigValues

    def getServerTime(self, current=None):
        return rtime(int(time.time() * 1000))

    def getDatabaseTime(self, current=None):
        rows = self.server.database.rows("select extract(epoch from now()) as now")
        return rtime(int(rows[0]["now"] * 1000))

    def getDatabaseUuid(self, current=None):
        return self.server.database.uuid()


def session_object(server, session):
    """The omero.model.Session of an open session."""
    found = m.SessionI(session.row_id, True)
    found.uuid, found.started = rstring(session.uuid), rtime(int(session.started * 1000))
    found.timeToIdle, found.timeToLive = rlong(server.settings.number("omero.sessions.timeout")), rlong(0)
    found.userAgent, found.owner = rstring(session.agent), m.ExperimenterI(session.user_id, False)
    found._details = m.DetailsI()
    found._details._permissions = m.PermissionsI("rw----")
    return found


@service
class Sessions(Base, omero.api.ISession):
    getMyOpenSessions = always([])

    def getSession(self, uuid, current=None):
        session = self.server.sessions.use(uuid)
        if session is None:
            raise omero.RemovedSessionException("", "ome.conditions.RemovedSessionException", f"no session {uuid}")
        return session_object(self.server, session)

    def closeSession(self, session, current=None):
        if not self.server.sessions.close(session.uuid.val):
            raise omero.RemovedSessionException("", "ome.conditions.RemovedSessionException", "session is closed")
        return -2

    def getReferenceCount(self, uuid, current=None):
        session = self.server.sessions.use(uuid)
        return session.references if session else -1


@service
class Types(Base, omero.api.ITypes):
    def allEnumerations(self, kind, current=None):
        return [ship(o, {}) for o in self.store.extent(kind.split(".")[-1])]
