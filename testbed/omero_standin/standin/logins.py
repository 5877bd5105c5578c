"""What Glacier2 asks: who may come in, and a session for who may."""

import logging
import uuid

import Glacier2
import Ice
import omero
import omero.constants

from standin.digests import accepts
from standin.directory import GUEST
from standin.services.factory import ServiceFactory

STATUS_CHECK = "####### STATUS CHECK ########"

log = logging.getLogger("logins")


class Verifier(Glacier2.PermissionsVerifier):
    """A user's name with the password, or an open session's uuid for both."""

    def __init__(self, server):
        self.server = server

    def checkPermissions(self, name, password, current=None):
        try:
            if self.server.sessions.use(name) or self.known(name, password):
                return True, ""
        except Exception as error:
            log.error("login of %s: no answer from the database: %s", name, " ".join(str(error).split()))
            return False, "[STAND-IN] no answer from the database"
        log.info("login of %s refused", name)
        return False, f"Password check failed for '{name}': []"

    def known(self, name, password):
        user_id, stored = self.server.directory.credentials(name)
        required = self.server.settings.flag("omero.security.password_required") and user_id != GUEST
        return user_id is not None and accepts(stored, password, user_id, required)


class Manager(Glacier2.SessionManager):
    def __init__(self, server):
        self.server = server

    def create(self, name, control, current=None):
        if name == STATUS_CHECK:
            raise omero.WrappedCreateSessionException(
                "[STAND-IN] status check", False, 0, "ome.conditions.ApiUsageException"
            )
        session = self.server.sessions.use(name) or self.begin(name, current.ctx.get(omero.constants.AGENT, ""))
        session.references += 1
        category = str(uuid.uuid4())
        if control is not None:
            control.categories().add([category])
        factory = ServiceFactory(self.server, session, category, current.adapter)
        identity = Ice.Identity(session.uuid, category)
        return Glacier2.SessionPrx.uncheckedCast(current.adapter.add(factory, identity))

    def begin(self, name, agent):
        try:
            user_id, _ = self.server.directory.credentials(name)
            return self.server.login(user_id, name, agent)
        except Exception as error:
            log.error("session of %s: %s", name, " ".join(str(error).split()))
            raise omero.WrappedCreateSessionException(
                "[STAND-IN] no session", False, 0, "ome.conditions.InternalException"
            ) from error
