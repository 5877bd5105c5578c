"""How a service answers: the asynchronous dispatch of OMERO's interfaces, the session, errors and the log."""

import logging

import Ice
import omero
import omero.model as m
import omero.sys
import psycopg2

from standin.directory import SYSTEM_GROUP, Taken, Unknown
from standin.files import MissingError
from standin.hql import HqlError
from standin.rendering import Renderer
from standin.server import ReadOnlyError

log = logging.getLogger("services")
# (exception, the exception that the client gets, its Java name); these are the client's fault and no warning
ANSWERS = (
    (ReadOnlyError, omero.SecurityViolation, "ome.conditions.SecurityViolation"),
    (Unknown, omero.ApiUsageException, "ome.conditions.ApiUsageException"),
    (psycopg2.IntegrityError, omero.ValidationException, "ome.conditions.ValidationException"),
    (Taken, omero.ValidationException, "ome.conditions.ValidationException"),
)


def always(value):
    """An operation that answers the same each time."""
    return lambda self, *arguments: value


def answer_to(error, what):
    """The exception for the client; says in the log what the server could not do."""
    for cls, answer, java in ANSWERS:
        if isinstance(error, cls):
            log.info("%s: %s", what, error)
            return answer("", java, str(error))
    if isinstance(error, (omero.ApiUsageException, omero.SecurityViolation, omero.SessionException)):
        log.info("%s: %s", what, error.message)
        return error
    if isinstance(error, psycopg2.Error):
        log.error("%s: database: %s", what, " ".join(str(error).split()))
        return omero.InternalException("", "ome.conditions.InternalException", "[STAND-IN] database: see the log")
    if isinstance(error, MissingError):
        log.error("%s: %s", what, error)
        return omero.ResourceError("", "ome.conditions.ResourceError", str(error))
    log.warning("%s: %s", what, getattr(error, "message", "") or repr(error))
    if isinstance(error, HqlError):
        return omero.QueryException("", "ome.conditions.QueryException", f"[STAND-IN] HQL: {error}")
    if isinstance(error, Ice.Exception):
        return error
    return omero.InternalException("", "ome.conditions.InternalException", f"[STAND-IN] {what}: {error!r}")


def operation(cls, name):
    """The asynchronous form of the operation: calls the plain method where there is one, else raises."""

    def dispatch(self, callback, *arguments):
        try:
            if not hasattr(cls, name):
                raise omero.InternalException(
                    "", "ome.conditions.InternalException", f"[STAND-IN] no {cls.__name__}.{name}"
                )
            self.touch()
            answer = getattr(self, name)(*arguments)
        except Exception as error:
            callback.ice_exception(answer_to(error, f"{cls.__name__}.{name}"))
            return
        try:
            callback.ice_response(answer)
        except RuntimeError:  # the operation has no result
            callback.ice_response()

    return dispatch


def service(cls):
    """OMERO's interfaces are declared ["amd"]: the runtime calls NAME_async, and the generated base class answers
    nothing, so that a client would hang for ever on an operation left out. Every one is routed here."""
    for name in {n for base in cls.__mro__[1:] for n in vars(base) if n.endswith("_async")}:
        setattr(cls, name, operation(cls, name.removesuffix("_async")))
    return cls


def event_context(server, session):
    """The session's omero.sys.EventContext, of the user's memberships as they are now."""
    maps = server.user(session.user_id)._groupExperimenterMapSeq
    groups = [x._parent for x in maps]
    current = next((g for g in groups if g.id.val == session.group_id), groups[0])
    context = omero.sys.EventContext()
    context.shareId, context.sessionId, context.sessionUuid = -1, session.row_id, session.uuid
    context.userId, context.userName = session.user_id, session.user_name
    context.isAdmin = any(g.id.val == SYSTEM_GROUP for g in groups)
    context.groupId, context.groupName = current.id.val, current._name.val
    context.groupPermissions = m.PermissionsI(current._details._permissions._perm1)
    context.eventId, context.eventType = -1, "User"
    context.memberOfGroups = [g.id.val for g in groups]
    context.leaderOfGroups = [x._parent.id.val for x in maps if x._owner.val]
    privileges = server.store.extent("AdminPrivilege") if context.isAdmin else []
    context.adminPrivileges = [p._value.val for p in privileges]
    return context


class Base:
    def __init__(self, server, session):
        self.server, self.session = server, session

    @property
    def store(self):
        return self.server.store

    def context(self):
        return event_context(self.server, self.session)

    def touch(self):
        """Each call keeps the session alive; a call in an expired session is refused."""
        if not self.server.sessions.use(self.session.uuid):
            raise omero.RemovedSessionException("", "ome.conditions.RemovedSessionException", "session has expired")

    def must(self, kind, number):
        """The object, or the client's error."""
        found = self.store.get(kind.split(".")[-1].removesuffix("I"), number)
        if found is None:
            raise omero.ApiUsageException("", "ome.conditions.ApiUsageException", f"no {kind}:{number}")
        return found


class Stateful(Base):
    """A service with a servant of its own for each creation; done() is called when it closes."""

    renderer = done = None
    activate = passivate = always(None)

    def getCurrentEventContext(self, current=None):
        return self.context()

    def setPixelsId(self, number, *rest):
        self.renderer = Renderer(self.must("Pixels", number), self.server.sources)
        return True

    def close(self, current=None):
        current.adapter.remove(current.id)
        self.done()
