"""IQuery, IUpdate and Search."""

import omero
import omero.api
import omero.model as m
import omero.rtypes as rt
from omero.rtypes import rbool, rlong, rstring, unwrap

from standin import hql
from standin.services.base import Base, Stateful, always, service
from standin.ship import ship, shipped

ABILITIES = ("Annotate", "Delete", "Edit", "Link", "Chgrp", "Chown")
CREATABLE = ("Project", "Dataset", "Screen")


def wrapped(value, alias=None):
    """A projected value as an RType; an object under an alias *_details_permissions is its permissions, as in OMERO."""
    if isinstance(value, m.IObject) and (alias or "").endswith("_details_permissions"):
        value = value._details._permissions
    if isinstance(value, m.Permissions):
        can = {f"can{name}": rbool(bool(getattr(value, f"can{name}")())) for name in ABILITIES}
        return rt.rmap({"perm": rstring(str(value)), **can})
    if isinstance(value, m.IObject):
        return rt.robject(ship(value, {}))
    if value is None or isinstance(value, omero.RType):
        return value
    return rlong(value) if type(value) is int else rt.wrap(value)


@service
class Query(Base, omero.api.IQuery):
    def run(self, text, params):
        """(query, the rows that the parameters' filter lets pass)."""
        values = {k: unwrap(v) for k, v in (params and params.map or {}).items()}
        query, rows = hql.run(text, values, self.server.objects)
        page = params and params.theFilter
        first, count = (unwrap(page.offset) or 0, unwrap(page.limit)) if page else (0, None)
        return query, rows[first : None if count is None else first + count]

    def findAllByQuery(self, text, params, current=None):
        query, rows = self.run(text, params)
        collapse = any(query.fetched.values())  # a fetched collection would repeat its owner
        objects = {id(row[0]) if collapse else place: row[0] for place, row in enumerate(rows)}
        return [ship(o, query.fetched.get(query.result, {})) for o in objects.values()]

    def findByQuery(self, text, params, current=None):
        return next(iter(self.findAllByQuery(text, params)), None)

    def projection(self, text, params, current=None):
        query, rows = self.run(text, params)
        names = [alias for _, alias in query.items]
        rows = [[wrapped(v, n) for v, n in zip(row, names, strict=True)] for row in rows]
        if not query.map:
            return rows
        keys = [n or str(place) for place, n in enumerate(names)]
        return [[rt.rmap(dict(zip(keys, row, strict=True)))] for row in rows]

    def get(self, kind, number, current=None):
        return shipped(self.must(kind, number))

    def find(self, kind, number, current=None):
        return shipped(self.store.get(kind, number))

    def findAll(self, kind, page, current=None):
        return [ship(o, {}) for o in self.store.extent(kind)]


@service
class Update(Base, omero.api.IUpdate):
    """New projects, datasets and screens; nothing else."""

    def saveAndReturnObject(self, o, current=None):
        self.server.writable()
        kind = type(o).__name__.removesuffix("I")
        if kind not in CREATABLE or o.id is not None:
            raise omero.InternalException("", "", f"[STAND-IN] only a new {', '.join(CREATABLE)} can be saved")
        context = self.context()
        with self.server.database.transaction() as t:
            event = t.event(context.userId, context.groupId, context.sessionId)
            number = t.insert(
                kind.lower(),
                version=0,
                name=unwrap(o.name),
                description=unwrap(o.description),
                owner_id=context.userId,
                group_id=context.groupId,
                creation_id=event,
                update_id=event,
            )
        self.server.refresh()
        return shipped(self.must(kind, number))

    def saveObject(self, o, current=None):
        self.saveAndReturnObject(o)

    def refuse(self, *arguments):
        self.server.writable()
        raise omero.InternalException("", "", "[STAND-IN] this change is not among those it can make")

    saveArray = saveAndReturnArray = saveAndReturnIds = saveCollection = deleteObject = refuse


@service
class Search(Stateful, omero.api.Search):
    """By name: every word of the text must occur in it."""

    setBatchSize = setAllowLeadingWildcard = setCaseSensitive = onlyCreatedBetween = always(None)
    owner, kind, found = None, "Image", ()

    def onlyOwnedBy(self, details, current=None):
        self.owner = details and details.owner and details.owner.id.val

    def onlyType(self, kind, current=None):
        self.kind = kind

    def byLuceneQueryBuilder(self, fields, start, end, dates, text, current=None):
        self.byFullText(text)

    def byFullText(self, text, current=None):
        words = [w for w in text.lower().replace("*", "").split() if w not in ("and", "or")]
        self.found = [o for o in self.store.extent(self.kind) if self.matches(o, words)]

    def matches(self, o, words):
        name = (unwrap(getattr(o, "_name", None)) or "").lower()
        owner = o._details._owner
        return (self.owner is None or (owner and owner.id.val == self.owner)) and all(w in name for w in words)

    def hasNext(self, current=None):
        return bool(self.found)

    def results(self, current=None):
        found, self.found = self.found, []
        return [shipped(o) for o in found]
