"""The session's entry to the services."""

import contextlib
import logging
import uuid

import Ice
import omero
import omero.api
import omero.cmd
import omero.grid

from standin.digests import accepts
from standin.services import admin, config, containers, images, query, resources, thumbnails
from standin.services.base import always
from standin.services.commands import Commands, Handle

log = logging.getLogger("services")
SHARED = {
    "Admin": admin.Admin,
    "Config": config.Config,
    "Container": containers.Container,
    "Metadata": containers.Metadata,
    "Pixels": containers.Pixels,
    "Query": query.Query,
    "Roi": containers.Roi,
    "Script": containers.Script,
    "Session": config.Sessions,
    "Share": containers.Share,
    "Types": config.Types,
    "Update": query.Update,
}
CREATED = {
    "RawPixelsStore": images.RawPixels,
    "RenderingEngine": images.Rendering,
    "SearchService": query.Search,
    "ThumbnailStore": thumbnails.Thumbnails,
}


class ServiceFactory(omero.api.ServiceFactory):
    setCallback = subscribe = always(None)
    closes = False

    def __init__(self, server, session, category, adapter):
        self.server, self.session, self.category, self.adapter = server, session, category, adapter
        self.proxies = {}

    def serve(self, name, cls, proxy):
        """The proxy of the servant under this name, made at its first use."""
        if not self.server.sessions.use(self.session.uuid):
            raise omero.RemovedSessionException("", "ome.conditions.RemovedSessionException", "session has expired")
        if name not in self.proxies:
            servant = cls(self.server, self.session)
            servant.done = lambda: self.proxies.pop(name, None)
            identity = Ice.Identity(f"{self.session.uuid}/{name}", self.category)
            self.proxies[name] = self.adapter.add(servant, identity)
        return proxy.uncheckedCast(self.proxies[name])

    def sharedResources(self, current=None):
        return self.serve("SharedResources", resources.Resources, omero.grid.SharedResourcesPrx)

    def submit_async(self, callback, request, current=None):
        name = f"Handle-{uuid.uuid4()}"
        handle = Handle(request, Commands(self.server, self.session).answer(request))
        handle.done = lambda: self.proxies.pop(name, None)
        self.proxies[name] = self.adapter.add(handle, Ice.Identity(f"{self.session.uuid}/{name}", self.category))
        callback.ice_response(omero.cmd.HandlePrx.uncheckedCast(self.proxies[name]))

    def setSecurityPassword(self, password, current=None):
        _, stored = self.server.directory.credentials(self.session.user_name)
        if not accepts(stored, password, self.session.user_id):
            raise omero.SecurityViolation("", "ome.conditions.SecurityViolation", "Bad credentials")

    def getSecurityContexts(self, current=None):
        groups = [x._parent for x in self.server.user(self.session.user_id)._groupExperimenterMapSeq]
        return [type(g)(g.id, False) for g in groups]

    def setSecurityContext(self, context, current=None):
        previous = next(g for g in self.getSecurityContexts() if self.session.group_id in (None, g.id.val))
        self.session.group_id = context.id.val
        return previous

    def keepAlive(self, proxy, current=None):
        return self.server.sessions.use(self.session.uuid) is not None

    def keepAllAlive(self, proxies, current=None):
        self.server.sessions.use(self.session.uuid)
        return 0

    def activeServices(self, current=None):
        return list(self.proxies)

    def closeOnDestroy(self, current=None):
        self.closes = True

    def detachOnDestroy(self, current=None):
        self.closes = False

    def destroy(self, current=None):
        """The client is gone; its session stays until it expires, or ends if this client, the last, asked for that."""
        self.session.references -= 1
        if self.closes and self.session.references < 1:
            self.server.sessions.close(self.session.uuid)
        for identity in [p.ice_getIdentity() for p in self.proxies.values()] + [current.id]:
            with contextlib.suppress(Ice.NotRegisteredException):
                self.adapter.remove(identity)


def shared(name, cls):
    return lambda self, current=None: self.serve("I" + name, cls, getattr(omero.api, f"I{name}Prx"))


def created(name, cls):
    proxy = getattr(omero.api, name.removesuffix("Service") + "Prx")
    return lambda self, current=None: self.serve(f"{name}-{uuid.uuid4()}", cls, proxy)


def missing(name):
    """An operation of the factory that the stand-in lacks: an error, where the generated class would answer nothing."""

    def raises(self, *arguments):
        log.warning("ServiceFactory.%s is not implemented", name)
        raise omero.InternalException("", "ome.conditions.InternalException", f"[STAND-IN] no ServiceFactory.{name}")

    return raises


for _name in [n for n in vars(omero.api.ServiceFactory) if n.startswith(("get", "create", "shared", "accept"))]:
    if _name not in vars(ServiceFactory):
        setattr(ServiceFactory, _name, missing(_name))
for _name, _cls in SHARED.items():
    setattr(ServiceFactory, f"get{_name}Service", shared(_name, _cls))
for _name, _cls in CREATED.items():
    setattr(ServiceFactory, f"create{_name}", created(_name, _cls))
