"""The model that HQL runs over: omero.model objects of one store."""

import omero.model as m
from omero.rtypes import unwrap

from standin.hql import HqlError

POLYMORPHIC = (m.Annotation, m.Shape, m.LightSource, m.Job)


class Objects:
    def __init__(self, store):
        self.store = store

    def extent(self, kind):
        if not self.is_entity(kind):
            raise HqlError(f"{kind} is not mapped")
        return self.store.extent(kind)

    @staticmethod
    def is_entity(name):
        found = getattr(m, name, None)
        return isinstance(found, type) and issubclass(found, m.IObject)

    @staticmethod
    def plain(value):
        return value.id.val if isinstance(value, m.IObject) else unwrap(value)

    @staticmethod
    def attribute(o, name):
        if o is None:
            return None
        if name == "class":
            return type(o).__name__[:-1]
        for key in ("_" + name, f"_{name}Seq", name):
            if key in vars(o):
                return vars(o)[key]
        if name == "well_index" and isinstance(o, m.WellSample):
            return o._well._wellSamplesSeq.index(o)  # a column that omero-iviewer names
        if isinstance(o, POLYMORPHIC):
            return None  # a property of another subclass
        raise HqlError(f"could not resolve property: {name} of: {type(o).__name__}")
